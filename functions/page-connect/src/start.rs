//! An admin comes from the console with a ticket and is sent to the provider.

use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use common::browser::{self, BrowserKey};
use common::channel::NoProvider;
use common::facebook::dialog::dialog_url;
use common::form::Fields;
use common::page::{Lang, redirect};
use common::pages::ticket::{Act, PageTicket, is_from};
use common::seal::random_text;
use common::store::connections::{PageConnection, PageKey};
use common::store::ephemeral::Kind;
use common::store::tenants::TenantRecord;
use common::telemetry::Metric;
use common::zalo::app::permission_url;
use common::zalo::pkce::Pkce;
use url::Url;

use crate::flow::{Flow, LIFETIME};
use crate::provider::Provider;
use crate::refusal::{Refusal, Visit};
use crate::{Connecting, FUNCTION};

/// Takes the ticket and starts an attempt in this browser.
pub(crate) async fn started(
    connecting: &Connecting,
    fields: &Fields,
    headers: &HeaderMap,
    visit: &mut Visit,
) -> Result<Response, Refusal> {
    let ticket = fields.get("ticket")?.ok_or(Refusal::UnknownTicket)?;
    let taken = connecting.store.ephemeral.take::<PageTicket>(Kind::Page, ticket, connecting.now()).await?;
    let ticket = taken.ok_or(Refusal::UnknownTicket)?;
    visit.attempt.lang = Lang::read(&ticket.lang).unwrap_or_default();
    visit.admin = Some(ticket.admin.id.clone());
    let record = connecting.tenant(&ticket.tenant, visit).await?;
    if !is_from(headers, &record.public_url) {
        return Err(Refusal::ForeignTicket);
    }
    let Act::Connect(again) = ticket.act else { return Err(Refusal::OtherAct) };
    visit.again(again.as_ref());
    let provider = fields.get("provider")?.and_then(Provider::read).ok_or(Refusal::Unreadable)?;
    visit.provider = Some(provider);
    if again.as_ref().is_some_and(|page| page.provider() != provider.word()) {
        return Err(Refusal::Unreadable);
    }
    if provider == Provider::Zalo && fields.get("consent")?.is_none() {
        return Ok(back_with(visit, "consent"));
    }
    if needs_slot(connecting, &record, again.as_ref()).await?
        && !connecting.has_room(&record, &ticket.admin.id).await?
    {
        visit.line(FUNCTION, "page.limit_reached").with("at", "start").emit();
        return Ok(back_with(visit, "limit"));
    }
    let browser = BrowserKey::new().map_err(Refusal::sealing)?;
    let state = random_text().map_err(Refusal::sealing)?;
    let (address, verifier) = connecting.send_off(provider, &state).await?;
    let flow = Flow {
        tenant: ticket.tenant,
        admin: ticket.admin,
        lang: ticket.lang,
        provider,
        browser: browser.digest(),
        again,
        verifier,
    };
    connecting.store.ephemeral.put(Kind::PageFlow, &state, &flow, connecting.now() + LIFETIME).await?;
    visit.line(FUNCTION, "page.connect_started").count(Metric::PageConnectStarted, 1).emit();
    // From a console on another site come no cookies, and then there is no room to make: they go by themselves.
    let mut cookies = browser::PAGES.make_room(headers, connecting.pages_url.as_str());
    cookies.extend(browser::PAGES.keep(&browser, connecting.pages_url.as_str(), LIFETIME));
    Ok(redirect(StatusCode::FOUND, address.as_str(), cookies))
}

/// Back to the console's form, which says what is missing.
fn back_with(visit: &Visit, error: &str) -> Response {
    redirect(StatusCode::SEE_OTHER, &format!("{}?error={error}", visit.form()), None)
}

/// What is connected has its slot already.
async fn needs_slot(
    connecting: &Connecting,
    record: &TenantRecord,
    again: Option<&PageKey>,
) -> Result<bool, Refusal> {
    let Some(page) = again else { return Ok(true) };
    let stored = connecting.store.connections.page(&record.id, page).await?;
    Ok(!stored.is_some_and(|stored| PageConnection::is_live(&stored)))
}

impl Connecting {
    /// The address at the provider, and the sealed verifier that its answer will need.
    async fn send_off(&self, provider: Provider, state: &str) -> Result<(Url, Option<String>), Refusal> {
        let redirect_uri = self.address(provider.callback());
        let places = &self.providers.places;
        Ok(match provider {
            Provider::Facebook => {
                let graph = self.providers.facebook().await?;
                (dialog_url(&places.facebook_dialog, graph.app(), &redirect_uri, state), None)
            }
            Provider::Zalo => {
                let zalo = self.providers.zalo().await?;
                let pkce = Pkce::new().map_err(Refusal::sealing)?;
                let verifier = self.put_away("page_flow", state, "verifier", pkce.verifier()).await?;
                let (base, challenge) = (&places.zalo_oauth, pkce.challenge());
                (permission_url(base, &zalo.app, &redirect_uri, &challenge, state), Some(verifier))
            }
        })
    }
}

impl From<NoProvider> for Refusal {
    fn from(error: NoProvider) -> Self {
        match error {
            NoProvider::NotSetUp(_) => Self::NotSetUp,
            NoProvider::Secret(error) => Self::sealing(error),
        }
    }
}
