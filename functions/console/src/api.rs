//! The JSON API: what the pages can do, for CRMs that draw their own screens.
//!
//! Authorised by the tenant's API key; `X-Admin-Id` says for which of its admins the CRM calls. Errors are
//! `application/problem+json` (RFC 9457) and name the field they are about. `openapi.yaml` describes it all and is held
//! against [`operations`] by a test.

pub(crate) mod body;
pub(crate) mod caller;
pub(crate) mod problem;

mod crm;
mod events;
mod imports;
mod pages;
mod sessions;
mod settings;
mod shops;

use std::sync::Arc;

use axum::Router;
use axum::http::header;
use axum::routing::{MethodRouter, delete, get, post, put};

use crate::Console;

const DESCRIPTION: &str = include_str!("../openapi.yaml");

type Routes = MethodRouter<Arc<Console>>;

/// Every operation: method, path and what answers it.
fn table() -> Vec<(&'static str, &'static str, Routes)> {
    vec![
        ("post", "/api/sessions", post(sessions::open)),
        ("get", "/api/v1/openapi.yaml", get(description)),
        ("get", "/api/v1/haravan", get(shops::setup)),
        ("put", "/api/v1/haravan/app", put(shops::set_app)),
        ("post", "/api/v1/haravan/connect", post(shops::connect)),
        ("post", "/api/v1/haravan/shops/{org_id}/subscription", post(shops::subscribe)),
        ("delete", "/api/v1/haravan/shops/{org_id}", delete(shops::disconnect)),
        ("post", "/api/v1/haravan/shops/{org_id}/import", post(imports::start)),
        ("get", "/api/v1/haravan/shops/{org_id}/import", get(imports::read)),
        ("delete", "/api/v1/haravan/shops/{org_id}/import", delete(imports::stop)),
        ("get", "/api/v1/pages", get(pages::read)),
        ("post", "/api/v1/pages/connect", post(pages::connect)),
        ("post", "/api/v1/pages/{page_id}/disconnect", post(pages::end)),
        ("get", "/api/v1/events", get(events::list)),
        ("post", "/api/v1/events/retry", post(events::retry_all)),
        ("get", "/api/v1/events/{event_id}", get(events::one)),
        ("post", "/api/v1/events/{event_id}/retry", post(events::retry_one)),
        ("get", "/api/v1/settings", get(settings::read)),
        ("put", "/api/v1/settings", put(settings::write)),
        ("get", "/api/v1/crm/users", get(crm::users)),
        ("post", "/api/v1/crm/test", post(crm::test)),
        ("get", "/api/v1/preview", get(crm::preview)),
    ]
}

/// The method and path of every operation.
pub fn operations() -> Vec<(&'static str, &'static str)> {
    table().into_iter().map(|(method, path, _)| (method, path)).collect()
}

pub(crate) fn router() -> Router<Arc<Console>> {
    table().into_iter().fold(Router::new(), |router, (_, path, routes)| router.route(path, routes))
}

async fn description() -> ([(header::HeaderName, &'static str); 1], &'static str) {
    ([(header::CONTENT_TYPE, "application/yaml; charset=utf-8")], DESCRIPTION)
}
