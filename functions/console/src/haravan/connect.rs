//! `POST /console/haravan/connect`: from the page to Haravan's login, with a one-time ticket that says who starts it.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use common::connect::StartTicket;
use common::id::OrgId;
use common::store::ephemeral::Kind;
use common::store::tenants::TenantRecord;
use common::telemetry::Line;
use jiff::Timestamp;

use crate::refusal::Trouble;
use crate::session::{Submission, random_secret};
use crate::tenant::below;
use crate::{Console, FUNCTION};

/// How long a ticket may wait.
const TICKET: Duration = Duration::from_secs(2 * 60);

/// Leads to the login.
pub(crate) async fn submit(
    State(console): State<Arc<Console>>,
    Submission { visitor, form }: Submission,
) -> Result<Response, Trouble> {
    let record = &visitor.record;
    if record.client_id.is_none() || record.secret.is_none() {
        return Ok(Redirect::to("/console/haravan?done=app_first").into_response());
    }
    let ticket = StartTicket {
        tenant: record.id.clone(),
        admin_id: visitor.session.admin.id.clone(),
        admin_name: visitor.session.admin.name.clone(),
        org: form.text("org").parse::<OrgId>().ok(),
        lang: visitor.lang.code().to_owned(),
    };
    let (url, _) = start(&console, record, &ticket).await?;
    Ok(Redirect::to(&url).into_response())
}

/// The address at which the login starts, once, and until when.
pub(crate) async fn start(
    console: &Console,
    record: &TenantRecord,
    ticket: &StartTicket,
) -> Result<(String, Timestamp), Trouble> {
    let secret = random_secret()?;
    let expires = console.clock.now().saturating_add(TICKET).unwrap_or(Timestamp::MAX);
    console.store.ephemeral.put(Kind::Start, &secret, ticket, expires).await?;
    Line::new(FUNCTION, "haravan.connect_started").with("tenant", record.id.as_str()).emit();
    Ok((below(&record.public_url, &format!("api/haravan/login?ticket={secret}")), expires))
}
