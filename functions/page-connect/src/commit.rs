//! Storing the connection, and leading back to the console.

use std::time::Duration;

use axum::http::StatusCode;
use axum::response::Response;
use common::id::TenantId;
use common::page::redirect;
use common::pages::limit::PageLimit;
use common::pages::ticket::CONSOLE;
use common::seal::{Place, SealError};
use common::store::connections::{NewPage, PageConnect, PageConnection, PageKey, SealedTokens, Subject};
use common::store::schema::connections::{ACCESS_TOKEN, REFRESH_TOKEN};
use common::store::tenants::TenantRecord;
use common::telemetry::Metric;
use common::tenant::connection_place;
use jiff::Timestamp;
use secrecy::SecretString;

use crate::refusal::{Refusal, Visit};
use crate::{Connecting, FUNCTION};

/// How often a connect is tried, and how long the first pause is; it doubles. Several connects of one account at once get in
/// each other's way at its counter.
const TRIES: u32 = 6;
const PAUSE: Duration = Duration::from_millis(40);

impl Connecting {
    /// A page's tokens, sealed for its connection.
    pub(crate) async fn sealed(
        &self,
        tenant: &TenantId,
        page: &PageKey,
        access: &SecretString,
        refresh: Option<&SecretString>,
        expires_at: Option<Timestamp>,
    ) -> Result<SealedTokens, Refusal> {
        let ring = self.directory.ring().await.map_err(Refusal::sealing)?;
        let key = connection_place(tenant, &Subject::Page(page.clone()));
        let seal = |field, token: &SecretString| -> Result<Vec<u8>, SealError> {
            ring.seal(Place { key: &key, field }, token)
        };
        let refresh = refresh.map(|token| seal(REFRESH_TOKEN, token)).transpose();
        Ok(SealedTokens {
            access: seal(ACCESS_TOKEN, access).map_err(Refusal::sealing)?,
            refresh: refresh.map_err(Refusal::sealing)?,
            expires_at,
        })
    }

    /// Claims the page, takes a slot if it needs one, and stores the connection, in one transaction: the connection's
    /// generation.
    pub(crate) async fn commit(
        &self,
        record: &TenantRecord,
        new: &NewPage,
        before: Option<&PageConnection>,
        visit: &Visit,
    ) -> Result<i64, Refusal> {
        let limit = PageLimit::of(record, self.now()).pages;
        match self.connect(new, before, limit).await? {
            PageConnect::Done(generation) => {
                let word = if was_live(before) { "page.reconnected" } else { "page.connected" };
                visit.line(FUNCTION, word).with("generation", generation).emit();
                Ok(generation)
            }
            PageConnect::Elsewhere => Err(Refusal::Elsewhere),
            PageConnect::LimitReached => Err(Refusal::LimitReached),
            PageConnect::Changed => Err(Refusal::Changed),
        }
    }

    /// A write whose answer was lost, and that says "changed" when it is repeated, is known by its sealed token.
    async fn connect(
        &self,
        new: &NewPage,
        before: Option<&PageConnection>,
        limit: u32,
    ) -> Result<PageConnect, Refusal> {
        let connections = &self.store.connections;
        let mut pause = PAUSE;
        for _ in 0..TRIES {
            let failed = match connections.connect_page(new, before, limit, self.now()).await {
                Ok(PageConnect::Changed) => None,
                Ok(decided) => return Ok(decided),
                Err(error) => Some(error),
            };
            let stored = connections.page(&new.tenant, &new.page).await.ok().flatten();
            let stored = stored.filter(|stored| stored.is_live());
            let ours = |stored: &&PageConnection| {
                stored.tokens.as_ref().is_some_and(|tokens| tokens.access == new.tokens.access)
            };
            if let Some(stored) = stored.as_ref().filter(ours) {
                return Ok(PageConnect::Done(stored.generation));
            }
            let Some(error) = failed else { return Ok(PageConnect::Changed) };
            tracing::warn!(%error, "a page is connected in another try");
            self.clock.sleep(pause + pause.mul_f64(fastrand::f64())).await;
            pause *= 2;
        }
        Err(Refusal::Unavailable("store_unavailable"))
    }

    /// Back to the console, which says that it worked.
    pub(crate) fn done(&self, new: &NewPage, before: Option<&PageConnection>, visit: &Visit) -> Response {
        visit
            .line(FUNCTION, "page.connect_done")
            .with("again", was_live(before))
            .with("warnings", new.warnings.clone())
            .count(Metric::PageConnected, 1)
            .emit();
        let console = visit.console(CONSOLE);
        let to = format!("{console}?connected={}", new.page.slug());
        redirect(StatusCode::SEE_OTHER, &to, visit.attempt.forget.clone())
    }
}

/// Whether the page was connected, well or not.
pub(crate) fn was_live(before: Option<&PageConnection>) -> bool {
    before.is_some_and(PageConnection::is_live)
}
