//! A tenant's shops: what the tables and what Haravan say of them.

use common::haravan::api::ApiError;
use common::haravan::subscription::{Subscription, missing};
use common::seal::Place;
use common::store::connections::{ConnectionStatus, ShopConnection, Subject};
use common::store::schema::connections::ACCESS_TOKEN;
use common::store::tenants::TenantRecord;
use common::tenant::connection_place;

use super::connection::Seen;
use super::{Finding, Patient};

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
        let seen = Seen::shop(shop);
        found.extend(seen.check(patient).await);
        if shop.status == ConnectionStatus::Connected {
            found.extend(haravan(patient, shop, &seen.about).await);
        }
    }
    found
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
