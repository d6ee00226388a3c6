//! A tenant's shops: whose they are, whether upkeep looks after them, and what Haravan says.

use std::time::Duration;

use common::haravan::api::ApiError;
use common::haravan::subscription::{Subscription, missing};
use common::seal::Place;
use common::store::connections::{ConnectionStatus, ShopConnection, Subject};
use common::store::schema::connections::ACCESS_TOKEN;
use common::store::tenants::TenantRecord;
use common::tenant::connection_place;
use common::words;

use super::{Finding, Patient};

/// Upkeep runs every minute; what is due for longer was not looked at.
const OVERDUE: Duration = Duration::from_secs(15 * 60);

/// An end is brought to its end within a day, whatever Haravan says.
const ENDING: Duration = Duration::from_secs(25 * 3600);

const UPKEEP: &str = "look whether upkeep runs: its schedule, its errors in the log, its role";

pub(super) async fn check(patient: &Patient<'_>, record: &TenantRecord) -> Vec<Finding> {
    let shops = match patient.deployment.store.connections.shops(&record.id).await {
        Ok(shops) => shops,
        Err(error) => {
            let todo = "put the attribute right in the table, or have the shop connected again";
            return vec![Finding::new("connection.unreadable", record.id.as_str(), error.to_string(), todo)];
        }
    };
    let mut found = Vec::new();
    for shop in &shops {
        let about = format!("{} {}", shop.tenant, Subject::Shop(shop.org).sort_key());
        if shop.status == ConnectionStatus::Disconnected {
            found.extend(unfinished(patient, shop, &about));
            continue;
        }
        found.extend(watched(patient, shop, &about));
        found.extend(owned(patient, shop, &about).await);
        match shop.status {
            ConnectionStatus::NeedsReconnect => found.push(needs_reconnect(shop, &about)),
            _ => found.extend(haravan(patient, shop, &about).await),
        }
    }
    found
}

fn past(patient: &Patient<'_>, at: jiff::Timestamp) -> Duration {
    Duration::try_from(patient.now.duration_since(at)).unwrap_or_default()
}

fn unfinished(patient: &Patient<'_>, shop: &ShopConnection, about: &str) -> Option<Finding> {
    let ended = shop.ended_at?;
    (shop.tokens.is_some() && past(patient, ended) > ENDING).then(|| {
        let wrong = format!("it ended at {ended}, and its tokens are still there");
        Finding::new("connection.end_unfinished", about, wrong, UPKEEP)
    })
}

fn needs_reconnect(shop: &ShopConnection, about: &str) -> Finding {
    let why = shop.reason.as_deref().unwrap_or("unknown");
    let said = words::of_shop_reason(why).map_or(why, |(_, english)| english);
    Finding::new("connection.needs_reconnect", about, said, "its admin presses Connect at /console/haravan")
}

fn watched(patient: &Patient<'_>, shop: &ShopConnection, about: &str) -> Option<Finding> {
    match shop.due {
        None => Some(Finding::new(
            "connection.not_watched",
            about,
            "it is on no watch list: its tokens and webhooks are looked after by nobody",
            "its admin presses Connect at /console/haravan, which puts it back",
        )),
        Some(due) if past(patient, due) > OVERDUE => {
            let wrong = format!("upkeep was to look at it at {due}");
            Some(Finding::new("connection.overdue", about, wrong, UPKEEP))
        }
        Some(_) => None,
    }
}

async fn owned(patient: &Patient<'_>, shop: &ShopConnection, about: &str) -> Option<Finding> {
    let owner = patient.deployment.store.connections.owner(&Subject::Shop(shop.org)).await.ok()?;
    (owner.as_ref() != Some(&shop.tenant)).then(|| {
        let wrong = match owner {
            Some(other) => format!("the shop belongs to the tenant {other}"),
            None => "the shop belongs to no tenant: another one could connect it".to_owned(),
        };
        let todo =
            "disconnect it here (`connections disconnect`), then have it connected again where it belongs";
        Finding::new("connection.owner", about, wrong, todo)
    })
}

/// What Haravan says to the shop's token.
async fn haravan(patient: &Patient<'_>, shop: &ShopConnection, about: &str) -> Option<Finding> {
    let tokens = match &shop.tokens {
        Some(tokens) => tokens,
        None => {
            let todo = "its admin presses Connect at /console/haravan";
            return Some(Finding::new("connection.no_token", about, "it has no token", todo));
        }
    };
    let key = connection_place(&shop.tenant, &Subject::Shop(shop.org));
    let token = patient.open(Place { key: &key, field: ACCESS_TOKEN }, &tokens.access)?;
    let deployment = patient.deployment;
    let base = match deployment.reach.base_url(&deployment.haravan_webhook) {
        Ok(base) => base,
        Err(error) => {
            let wrong = format!("{}: {error}", deployment.haravan_webhook);
            return Some(Finding::new("haravan.address", about, wrong, "correct HARAVAN_WEBHOOK_URL"));
        }
    };
    match Subscription::new(deployment.http.clone(), base).topics(&token).await {
        Ok(topics) => {
            let missing = missing(&topics);
            (!missing.is_empty()).then(|| {
                let wrong = format!("Haravan does not send {}", missing.join(", "));
                let todo = "its admin presses Register webhook at /console/haravan; if it stays so, ticks the topics at Haravan";
                Finding::new("connection.topics", about, wrong, todo)
            })
        }
        Err(ApiError::Unauthorized) => Some(Finding::new(
            "connection.token_refused",
            about,
            "Haravan refuses its token",
            "upkeep refreshes it or asks for a reconnect within the hour; if it stays so, its admin presses Connect",
        )),
        Err(error) => {
            let wrong = format!("{}: {error}", deployment.haravan_webhook);
            let todo = "wait for Haravan, or correct HARAVAN_WEBHOOK_URL";
            Some(Finding::new("haravan.unreachable", about, wrong, todo))
        }
    }
}
