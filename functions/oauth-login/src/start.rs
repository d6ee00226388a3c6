//! An admin comes from the console with a ticket and is sent to Haravan.

use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use common::attempt::Attempt;
use common::browser::{self, BrowserKey};
use common::connect::flow::{Flow, LIFETIME};
use common::connect::refusal::Refusal;
use common::connect::{Connecting, StartTicket};
use common::page::{Lang, redirect};
use common::store::connections::Subject;
use common::store::ephemeral::Kind;
use common::telemetry::Metric;

use crate::FUNCTION;

/// Takes the ticket and starts LOGIN in this browser.
pub(crate) async fn started(
    login: &Connecting,
    ticket: &str,
    headers: &HeaderMap,
    attempt: &mut Attempt,
) -> Result<Response, Refusal> {
    // A link with a ticket, put on a page of somebody else's, would connect the shop of whoever follows it. The console
    // is on our own site. Browsers that do not say where a visit comes from are believed.
    let site = headers.get("sec-fetch-site").and_then(|site| site.to_str().ok());
    if site == Some("cross-site") {
        return Err(Refusal::ForeignTicket);
    }
    let ticket = login.store.ephemeral.take::<StartTicket>(Kind::Start, ticket, login.now()).await?;
    let ticket = ticket.ok_or(Refusal::UnknownTicket)?;
    attempt.lang = Lang::read(&ticket.lang).unwrap_or_default();
    attempt.subject = ticket.org.map(Subject::Shop);
    let tenant = login.tenant(&ticket.tenant, attempt).await?;
    let browser = BrowserKey::new().map_err(Refusal::sealing)?;
    let flow = Flow::login(ticket, &tenant, &browser)?;
    let address = login.send_off(&tenant, &flow).await?;
    attempt.line(FUNCTION, "connect.started").count(Metric::ConnectStarted, 1).emit();
    let mut cookies = browser::SHOPS.make_room(headers, &tenant.public_url);
    cookies.extend(browser::SHOPS.keep(&browser, &tenant.public_url, LIFETIME));
    Ok(redirect(StatusCode::FOUND, address.as_str(), cookies))
}
