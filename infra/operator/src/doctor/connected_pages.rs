//! A tenant's pages at Facebook and Zalo: what the tables and what the providers say of them.

use std::collections::BTreeMap;

use common::channel::NoProvider;
use common::facebook::app::{Caller, PageToken};
use common::facebook::error::{Action, GraphError};
use common::facebook::subscription::missing_fields;
use common::id::{OaId, PageId};
use common::seal::Place;
use common::store::connections::{ConnectionStatus, PageConnection, PageKey, Subject};
use common::store::schema::connections::ACCESS_TOKEN;
use common::store::tenants::TenantRecord;
use common::tenant::connection_place;
use common::words;
use common::zalo::error::ApiError;
use secrecy::SecretString;

use super::connection::{Seen, UPKEEP};
use super::{Finding, Patient};

const APPS_SECRET: &str = "correct the app in the apps' secret; what is sealed with it then works again";

pub(super) async fn check(patient: &Patient<'_>, record: &TenantRecord) -> Vec<Finding> {
    let pages = match patient.deployment.store.connections.pages(&record.id).await {
        Ok(pages) => pages,
        Err(error) => {
            let todo = "put the attribute right in the table, or have the page connected again";
            return vec![Finding::new("connection.unreadable", record.id.as_str(), error.to_string(), todo)];
        }
    };
    let mut found = Vec::new();
    for page in &pages {
        let seen = Seen::page(page);
        found.extend(seen.check(patient).await);
        if page.status == ConnectionStatus::Connected {
            found.extend(warned(page, &seen));
            found.extend(provider(patient, page, &seen).await);
        }
    }
    found.extend(slots(patient, record, &pages).await);
    found
}

fn warned(page: &PageConnection, seen: &Seen<'_>) -> Vec<Finding> {
    let said = |code: &String| {
        let wrong = words::of_page_warning(code).map_or(code.as_str(), |(_, english)| english);
        Finding::new("page.warning", &seen.about, wrong, "tell its admin, who sees it at /console/pages")
    };
    page.warnings.iter().map(said).collect()
}

/// Every page that is not disconnected takes a slot of an account, and nothing else does.
async fn slots(patient: &Patient<'_>, record: &TenantRecord, pages: &[PageConnection]) -> Vec<Finding> {
    let mut taken: BTreeMap<&str, i64> = BTreeMap::new();
    for page in pages {
        let count = taken.entry(&page.account).or_default();
        *count = count.saturating_add(i64::from(page.is_live()));
    }
    let mut found = Vec::new();
    for (account, pages) in taken {
        let counted = patient.deployment.store.connections.slots_used(&record.id, account).await;
        if let Ok(counted) = counted
            && counted != pages
        {
            let wrong = format!("{counted} slots are counted as used, and {pages} pages are connected");
            let todo = format!(
                "set slots_used of the item {} · slots#{account} in the connections table to {pages}",
                record.id
            );
            found.push(Finding::new("page.slots", format!("{} account {account}", record.id), wrong, todo));
        }
    }
    found
}

async fn provider(patient: &Patient<'_>, page: &PageConnection, seen: &Seen<'_>) -> Option<Finding> {
    let tokens = match &page.tokens {
        Some(tokens) => tokens,
        None => {
            return Some(Finding::new("connection.no_token", &seen.about, "it has no token", seen.connect));
        }
    };
    let key = connection_place(&page.tenant, &Subject::Page(page.page.clone()));
    let token = patient.open(Place { key: &key, field: ACCESS_TOKEN }, &tokens.access)?;
    let asked = match &page.page {
        PageKey::Facebook(id) => facebook(patient, id, token, seen).await,
        PageKey::Zalo(id) => zalo(patient, id, &token, seen).await,
    };
    match asked {
        Ok(finding) => finding,
        // What is wrong with the secret itself is a finding of its own.
        Err(NoProvider::Secret(_)) => None,
        Err(error @ NoProvider::NotSetUp(_)) => {
            let todo =
                "put the app back into the apps' secret, or disconnect the page (`connections disconnect`)";
            Some(Finding::new("page.no_app", &seen.about, error.to_string(), todo))
        }
    }
}

fn refused(seen: &Seen<'_>, wrong: impl ToString) -> Option<Finding> {
    let todo = format!("upkeep finds out within a day; if it stays so, {}", seen.connect);
    Some(Finding::new("connection.token_refused", &seen.about, wrong.to_string(), todo))
}

async fn facebook(
    patient: &Patient<'_>,
    id: &PageId,
    token: SecretString,
    seen: &Seen<'_>,
) -> Result<Option<Finding>, NoProvider> {
    let graph = patient.deployment.pages.providers.facebook().await?;
    // In our app's name: a refusal is about the app.
    let info = match graph.debug_token(&token).await {
        Ok(info) => info,
        Err(error) => return Ok(Some(unasked("Facebook", &error, is_transient(&error)))),
    };
    if let Err(fault) = info.check(&graph.app().id, id) {
        return Ok(refused(seen, fault));
    }
    Ok(match graph.subscription(id, Caller::Page(&PageToken::new(token))).await {
        Ok(fields) => {
            let missing = missing_fields(&fields.unwrap_or_default());
            (!missing.is_empty()).then(|| {
                let wrong = format!("Facebook does not send {}", missing.join(", "));
                let todo = format!("upkeep subscribes it again within a day; if it stays so, {UPKEEP}");
                Finding::new("connection.topics", &seen.about, wrong, todo)
            })
        }
        Err(error) if matches!(error.action(), Action::Reconnect(_) | Action::NotVisible) => {
            refused(seen, error)
        }
        Err(error) => Some(unasked("Facebook", &error, is_transient(&error))),
    })
}

fn is_transient(error: &GraphError) -> bool {
    matches!(error.action(), Action::Retry { .. })
}

async fn zalo(
    patient: &Patient<'_>,
    id: &OaId,
    token: &SecretString,
    seen: &Seen<'_>,
) -> Result<Option<Finding>, NoProvider> {
    Ok(match patient.deployment.pages.providers.zalo().await?.openapi.getoa(token).await {
        Ok(oa) if oa.id != *id => refused(seen, "its token is for another account"),
        Ok(_) | Err(ApiError::Unverified | ApiError::PackageTooLow) => None,
        Err(error @ (ApiError::Token | ApiError::AppRemoved | ApiError::Scope | ApiError::Gone)) => {
            refused(seen, error)
        }
        Err(error @ (ApiError::Limited | ApiError::NoAnswer)) => Some(unasked("Zalo", &error, true)),
        Err(error) => Some(unasked("Zalo", &error, false)),
    })
}

/// The provider did not say how a page is.
fn unasked(provider: &str, error: &dyn std::error::Error, transient: bool) -> Finding {
    let wrong = error.to_string();
    match transient {
        true => {
            let todo =
                format!("wait for {provider}, or correct its address (FACEBOOK_GRAPH_URL, ZALO_OPENAPI_URL)");
            Finding::new("provider.unreachable", provider, wrong, todo)
        }
        false => Finding::new("pages.app_refused", provider, wrong, APPS_SECRET),
    }
}
