//! An admin comes from the console with a ticket and is led back there, where the receipt is shown.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use common::form::Fields;
use common::page::Lang;
use common::pages::end::disconnect;
use common::pages::ticket::{Act, CONSOLE, PageTicket, is_from};
use common::store::connections::{ConnectionStatus, PageConnection, PageKey, reason};
use common::store::ephemeral::Kind;

use crate::PageDisconnect;
use crate::refusal::{Attempt, Refusal};

/// Does it.
pub(crate) async fn submit(
    State(function): State<Arc<PageDisconnect>>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let mut attempt = Attempt { lang: Lang::of_request(&headers), ..Attempt::default() };
    let done = match Fields::posted(&headers, body).await {
        Ok(fields) => ended(&function, &fields, &headers, &mut attempt).await,
        Err(_) => Err(Refusal::Unreadable),
    };
    match done {
        Ok(page) => {
            let back = attempt.console.unwrap_or_default();
            Redirect::to(&format!("{back}?disconnected={}", page.slug())).into_response()
        }
        Err(refusal) => attempt.refuse(refusal),
    }
}

async fn ended(
    function: &PageDisconnect,
    fields: &Fields,
    headers: &HeaderMap,
    attempt: &mut Attempt,
) -> Result<PageKey, Refusal> {
    let pages = &function.pages;
    let ticket = fields.get("ticket").map_err(|_| Refusal::Unreadable)?.ok_or(Refusal::UnknownTicket)?;
    let taken = pages.store.ephemeral.take::<PageTicket>(Kind::Page, ticket, pages.clock.now()).await?;
    let ticket = taken.ok_or(Refusal::UnknownTicket)?;
    attempt.lang = Lang::read(&ticket.lang).unwrap_or_default();
    attempt.tenant = Some(ticket.tenant.clone());
    let tenant = pages.store.tenants.get(&ticket.tenant).await?.ok_or(Refusal::UnknownTicket)?;
    attempt.console = Some(format!("{}{CONSOLE}", tenant.public_url.trim_end_matches('/')));
    if !is_from(headers, &tenant.public_url) {
        return Err(Refusal::ForeignTicket);
    }
    let Act::Disconnect { page: key, generation } = ticket.act else { return Err(Refusal::OtherAct) };
    let page = pages.store.connections.page(&ticket.tenant, &key).await?.ok_or(Refusal::Changed)?;
    if page.generation == generation && page.is_live() {
        let receipt = disconnect(pages, &page, reason::BY_ADMIN, Some(&ticket.admin)).await?;
        // Somebody else was quicker: with the same, or with a connect.
        if !receipt.ended {
            let now = pages.store.connections.page(&ticket.tenant, &key).await?;
            return now.filter(|now| has_ended(now, generation)).map(|_| key).ok_or(Refusal::Changed);
        }
        return Ok(key);
    }
    // Asked for twice, as from two windows.
    if has_ended(&page, generation) { Ok(key) } else { Err(Refusal::Changed) }
}

/// Whether the connection of this generation has ended and was not made anew.
fn has_ended(page: &PageConnection, generation: i64) -> bool {
    page.status == ConnectionStatus::Disconnected && page.generation == generation.saturating_add(1)
}
