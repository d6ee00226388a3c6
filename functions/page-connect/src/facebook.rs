//! Facebook's answer (pages.md §1.3–1.6): who logged in, and what they granted.

use std::time::Duration;

use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use common::browser;
use common::facebook::app::UserToken;
use common::facebook::graph::Graph;
use common::facebook::person::{Me, Permissions};
use common::form::Fields;
use common::page::redirect;
use common::seal::random_text;
use common::store::connections::Person;
use common::store::ephemeral::Kind;
use secrecy::SecretString;

use crate::choice::{Choice, LIFETIME};
use crate::provider::Provider;
use crate::refusal::{Refusal, Visit};
use crate::{CHOOSE, Connecting};

/// Longest wait for all that is asked about the person.
const PERSON_BUDGET: Duration = Duration::from_secs(40);

/// Exchanges the code, keeps the person's token for the choice, and leads to it.
pub(crate) async fn answered(
    connecting: &Connecting,
    fields: &Fields,
    headers: &HeaderMap,
    visit: &mut Visit,
) -> Result<Response, Refusal> {
    let back = connecting.resume(Provider::Facebook, fields, headers, visit).await?;
    let graph = connecting.providers.facebook().await?;
    let redirect_uri = connecting.address(Provider::Facebook.callback());
    let asked = tokio::time::timeout(PERSON_BUDGET, connecting.ask(&graph, &back.code, &redirect_uri)).await;
    let Asked { long, me, granted } = asked.map_err(|_| Refusal::Silent)??;
    let missing = granted.missing();
    if !missing.is_empty() {
        return Err(Refusal::Permissions(missing));
    }
    let id = random_text().map_err(Refusal::sealing)?;
    let choice = Choice {
        tenant: back.flow.tenant,
        admin: back.flow.admin,
        lang: back.flow.lang,
        browser: back.browser.digest(),
        again: back.flow.again,
        person: Person { id: me.id.to_string(), name: me.name, email: None },
        scopes: granted.granted,
        token: connecting.put_away("page_choice", &id, "user_token", long.secret()).await?,
    };
    connecting.store.ephemeral.put(Kind::PageChoice, &id, &choice, connecting.now() + LIFETIME).await?;
    // Here all of them come along.
    let mut cookies = browser::PAGES.make_room(headers, connecting.pages_url.as_str());
    cookies.extend(browser::PAGES.keep(&back.browser, connecting.pages_url.as_str(), LIFETIME));
    Ok(redirect(StatusCode::SEE_OTHER, &connecting.address(&format!("{CHOOSE}/{id}")), cookies))
}

/// What Facebook said of a person.
struct Asked {
    long: UserToken,
    me: Me,
    granted: Permissions,
}

impl Connecting {
    async fn ask(&self, graph: &Graph, code: &SecretString, redirect_uri: &str) -> Result<Asked, Refusal> {
        let short = graph.exchange_code(code, redirect_uri).await?;
        // A page token made from the short one would die with it (pages.md §1.5).
        let long = graph.long_lived(&short.token).await?.token;
        let me = graph.me(&long).await?;
        self.doubt_pages_of(me.id.as_str()).await;
        let granted = graph.permissions(&long).await?;
        Ok(Asked { long, me, granted })
    }

    /// The log-in has just replaced what the person granted before: upkeep looks at all of their pages, of any tenant, at
    /// its next run. A failure costs no more than the wait for the daily look.
    async fn doubt_pages_of(&self, person: &str) {
        let connections = &self.store.connections;
        let pages = match connections.pages_of_person(person).await {
            Ok(pages) => pages,
            Err(error) => {
                tracing::warn!(%error, "the other pages of a person were not found");
                return;
            }
        };
        self.doubt(pages).await;
    }
}
