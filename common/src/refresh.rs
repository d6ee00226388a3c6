//! Access tokens that end, replaced in time: the one way a refresh token is ever sent (pages.md §2.12).
//!
//! A provider may give a new refresh token with every refresh and kill the old one: Zalo does (pages.md §2.5), Haravan may
//! (haravan.md §10.2). Then two workers who refresh at once, or one who dies between the provider's answer and our write,
//! cost the shop or page its connection. So:
//!
//! 1. **One at a time.** Callers of this process share one refresh per connection; processes meet at a lease on the connection,
//!    which is longer than all calls a refresh makes. Winning the lease *is* reading again: it names the token version.
//! 2. **A note before the call.** With the lease, `refresh_started_at` is written. It goes when the outcome is known, so
//!    a note that is found tells of a refresh that was cut off.
//! 3. **One write after.** Both tokens and their end go in under `version n → n + 1`. If that write fails it is repeated,
//!    the call never is; if it keeps failing, the sealed pair is kept and written before anything else is tried.
//! 4. **What refuses is decided once.** After `invalid_grant` the connection is read again: a newer version means somebody
//!    else's refresh went well. The same version, with a note from before or a try of our own whose answer was lost, means
//!    that the new pair was lost on its way: [`reason::REFRESH_LOST`]. Without one, [`reason::REFRESH_REFUSED`]. Either
//!    way the connection *shows* that it has to be connected again.
//! 5. **Transport errors decide nothing.** An answer that was lost is asked for once more with the same token (harmless:
//!    it works or it is spent already), and then again at upkeep's next look.
//!
//! A refresh that has begun is not cut off by its caller going away: it is a task of its own.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use futures::future::{BoxFuture, Shared};
use jiff::Timestamp;
use secrecy::SecretString;

use crate::channel::Providers;
use crate::clock::SharedClock;
use crate::clock::until;
use crate::haravan::token_endpoint::{App, GrantError, TokenEndpoint, Tokens};
use crate::id::TenantId;
use crate::seal::{KeyRing, Place, SealError};
use crate::store::claims::ClaimToken;
use crate::store::connections::{
    ConnectionRef, ConnectionStatus, Lease, PageKey, SealedTokens, Subject, TokenState, reason,
};
use crate::store::{Store, StoreError, schema};
use crate::telemetry::{Line, Metric};
use crate::tenant::{Directory, DirectoryError, connection_place};
use crate::zalo::error as zalo;

/// A token with less than this to live is refreshed (haravan.md §1.10, §10.1).
pub const REMAINING: Duration = Duration::from_secs(30 * 60);

/// A token that lives less than this is refreshed when half its life is over (pages.md §2.12, 8).
pub const SHORT_LIVED: Duration = Duration::from_secs(48 * 3600);

/// How often a failed write of a new pair is repeated, and how long the first pause is; it doubles.
const WRITES: u32 = 6;
const WRITE_PAUSE: Duration = Duration::from_millis(200);

/// How often somebody else's refresh is looked at, and how long between.
const LOOKS: u32 = 6;
const LOOK_PAUSE: Duration = Duration::from_millis(500);

/// What a refresh came to.
#[derive(Debug, Clone)]
pub enum Refreshed {
    /// The connection has newer tokens, ours or another worker's: as they are now.
    Fresh(Box<TokenState>),
    /// An admin has to connect again; the connection says so.
    NeedsReconnect(&'static str),
    /// Nothing is decided: try again later.
    Later,
    /// The connection has ended or was made anew.
    Gone,
}

/// When the connection's tokens should be refreshed; `None` for tokens that do not end or cannot be refreshed.
///
/// Connections are spread by up to a tenth of the token's life, so that those made together are not refreshed together.
pub fn due_at(state: &TokenState) -> Option<Timestamp> {
    let tokens = state.tokens.as_ref()?;
    let (ends, _) = (tokens.expires_at?, tokens.refresh.as_ref()?);
    let issued = state.rotated_at.or(state.connected_at).unwrap_or(ends);
    let lives = until(issued, ends);
    let spread = {
        let mut hash = DefaultHasher::new();
        (&state.of, state.version).hash(&mut hash);
        f64::from(u16::try_from(hash.finish() % 1000).unwrap_or_default()) / 1000.0
    };
    let before_end =
        if lives < SHORT_LIVED { lives.mul_f64(0.5 + 0.1 * spread) } else { REMAINING.mul_f64(1.0 + spread) };
    ends.checked_sub(before_end).ok()
}

/// Whether the access token has ended.
pub fn has_ended(state: &TokenState, now: Timestamp) -> bool {
    state.tokens.as_ref().and_then(|tokens| tokens.expires_at).is_some_and(|ends| ends <= now)
}

type Flight = Shared<BoxFuture<'static, Refreshed>>;

/// Refreshes tokens.
#[derive(Clone)]
pub struct Refresher(Arc<Inner>);

struct Inner {
    store: Store,
    directory: Arc<Directory>,
    haravan: TokenEndpoint,
    providers: Option<Arc<Providers>>,
    clock: SharedClock,
    flights: Mutex<HashMap<(TenantId, Subject), Flight>>,
    /// Pairs that the provider gave and the store did not take yet.
    unwritten: Mutex<HashMap<(TenantId, Subject), Unwritten>>,
}

#[derive(Clone)]
struct Unwritten {
    of: ConnectionRef,
    version: i64,
    tokens: SealedTokens,
}

impl Refresher {
    /// Puts the parts together. One per process, so that its callers share their refreshes.
    pub fn new(
        store: Store,
        directory: Arc<Directory>,
        haravan: TokenEndpoint,
        providers: Option<Arc<Providers>>,
        clock: SharedClock,
    ) -> Self {
        Self(Arc::new(Inner {
            store,
            directory,
            haravan,
            providers,
            clock,
            flights: Mutex::default(),
            unwritten: Mutex::default(),
        }))
    }

    /// Refreshes the tokens of a connection as it was read, unless they are newer by now. For upkeep, and for whoever
    /// met a 401: read the connection again first, then refresh once, then try once more.
    pub async fn refresh(&self, state: &TokenState) -> Refreshed {
        let key = (state.of.tenant.clone(), state.of.subject.clone());
        let flight = {
            let mut flights = self.0.flights.lock().unwrap_or_else(PoisonError::into_inner);
            match flights.get(&key) {
                Some(flight) => flight.clone(),
                None => {
                    let (inner, state, landed) = (Arc::clone(&self.0), state.clone(), key.clone());
                    let task = tokio::spawn(async move {
                        let outcome = inner.refresh(&state).await;
                        inner.flights.lock().unwrap_or_else(PoisonError::into_inner).remove(&landed);
                        outcome
                    });
                    let flight = task.map(|ended| ended.unwrap_or(Refreshed::Later)).boxed().shared();
                    flights.insert(key, flight.clone());
                    flight
                }
            }
        };
        flight.await
    }
}

/// What came of sending the refresh token.
enum Sent {
    Tokens(Tokens),
    Refused {
        cut_off: bool,
    },
    /// Nothing is known, or nothing was spent: `spent` when the provider may have seen the token.
    Nothing {
        spent: bool,
    },
    /// Client id or secret, or the request itself, are refused.
    Misconfigured(GrantError),
}

impl Inner {
    async fn refresh(&self, state: &TokenState) -> Refreshed {
        match self.try_refresh(state).await {
            Ok(refreshed) => refreshed,
            Err(error) => {
                tracing::warn!(%error, "a refresh stopped short and is tried again");
                Refreshed::Later
            }
        }
    }

    async fn try_refresh(&self, state: &TokenState) -> Result<Refreshed, DirectoryError> {
        if let Some(kept) = self.kept(state) {
            return self.write(kept).await;
        }
        let owner = ClaimToken::random()?;
        let connections = &self.store.connections;
        let leased = connections.lease_refresh(&state.of, state.version, &owner, self.clock.now()).await?;
        let held = match leased {
            Lease::Won(held) => held,
            Lease::Lost(now) => return self.await_another(state, now).await,
        };
        // A note that was there already tells of a refresh that was cut off.
        let noted = held.refresh_started.is_some();
        let refresh = match self.opened(&held).await {
            Ok(Some(refresh)) => refresh,
            Ok(None) => {
                self.give_back(&state.of, &owner, noted).await;
                return Ok(Refreshed::Later);
            }
            Err(error) => {
                self.give_back(&state.of, &owner, noted).await;
                return Err(error);
            }
        };
        // A new pair that could not be sealed would be lost: the old one is not spent before a key to seal with is at hand.
        let ring = match self.directory.ring().await {
            Ok(ring) => ring,
            Err(error) => {
                self.give_back(&state.of, &owner, noted).await;
                return Err(error.into());
            }
        };
        match self.send(&state.of, &refresh, noted).await {
            Sent::Tokens(tokens) => {
                let tokens = self.sealed(&ring, &state.of, &tokens)?;
                self.write(Unwritten { of: state.of.clone(), version: state.version, tokens }).await
            }
            Sent::Refused { cut_off } => {
                let why = if cut_off { reason::REFRESH_LOST } else { reason::REFRESH_REFUSED };
                self.refused(&held, why).await
            }
            Sent::Nothing { spent } => {
                self.give_back(&state.of, &owner, spent).await;
                line("refresh.unanswered", &state.of).count(Metric::TokenNotRefreshed, 1).emit();
                Ok(Refreshed::Later)
            }
            Sent::Misconfigured(error) => {
                tracing::warn!(%error, "a refresh was refused for the app's id or secret");
                line("refresh.misconfigured", &state.of).count(Metric::TokenNotRefreshed, 1).emit();
                // While the access token lives this may still be corrected; after that the connection must not look well.
                if has_ended(&held, self.clock.now()) {
                    return self.refused(&held, reason::REFRESH_REFUSED).await;
                }
                self.give_back(&state.of, &owner, noted).await;
                Ok(Refreshed::Later)
            }
        }
    }

    /// Sends the refresh token, once more if the answer is lost (pages.md §2.12, 6).
    async fn send(&self, of: &ConnectionRef, refresh: &SecretString, noted: bool) -> Sent {
        let mut spent = noted;
        for _ in 0..2 {
            match self.call(of, refresh).await {
                Ok(tokens) => return Sent::Tokens(tokens),
                Err(GrantError::InvalidGrant) => return Sent::Refused { cut_off: spent },
                Err(GrantError::NotSent) => return Sent::Nothing { spent },
                Err(GrantError::Ambiguous) => spent = true,
                Err(error @ (GrantError::InvalidClient | GrantError::Refused(_))) => {
                    return Sent::Misconfigured(error);
                }
            }
        }
        Sent::Nothing { spent }
    }

    /// Somebody else is at it, or was: waits for them a little.
    async fn await_another(
        &self,
        state: &TokenState,
        mut now: Option<Box<TokenState>>,
    ) -> Result<Refreshed, DirectoryError> {
        for _ in 0..LOOKS {
            match decided_by_others(state, now) {
                Refreshed::Later => self.clock.sleep(LOOK_PAUSE).await,
                decided => return Ok(decided),
            }
            now = self.now(&state.of).await?;
        }
        Ok(decided_by_others(state, now))
    }

    async fn now(&self, of: &ConnectionRef) -> Result<Option<Box<TokenState>>, StoreError> {
        Ok(self.store.connections.token_state(&of.tenant, &of.subject).await?.map(Box::new))
    }

    async fn call(&self, of: &ConnectionRef, refresh: &SecretString) -> Result<Tokens, GrantError> {
        match &of.subject {
            Subject::Shop(_) => self.haravan.refresh(&self.haravan_app(&of.tenant).await?, refresh).await,
            Subject::Page(PageKey::Zalo(_)) => self.zalo(refresh).await,
            // A Fanpage's token does not end (pages.md §1.19).
            Subject::Page(PageKey::Facebook(_)) => Err(GrantError::NotSent),
        }
    }

    /// Only -14014 says that the refresh token is spent; what nobody has explained decides nothing (pages.md §2.8, §6).
    async fn zalo(&self, refresh: &SecretString) -> Result<Tokens, GrantError> {
        let providers = self.providers.as_ref().ok_or(GrantError::NotSent)?;
        let zalo = providers.zalo().await.map_err(|error| {
            tracing::warn!(%error, "a refresh has to wait for the app at Zalo");
            GrantError::NotSent
        })?;
        match zalo.oauth.refresh(refresh).await {
            Ok(tokens) => Ok(Tokens {
                access: tokens.access,
                refresh: Some(tokens.refresh),
                lives: Some(tokens.lives),
                id_token: None,
                scopes: Vec::new(),
            }),
            Err(zalo::GrantError::InvalidRefresh) => Err(GrantError::InvalidGrant),
            Err(zalo::GrantError::Config(_)) => Err(GrantError::InvalidClient),
            Err(zalo::GrantError::NotSent | zalo::GrantError::Limited) => Err(GrantError::NotSent),
            Err(zalo::GrantError::Unknown | zalo::GrantError::InvalidCode | zalo::GrantError::Refused(_)) => {
                Err(GrantError::Ambiguous)
            }
        }
    }

    async fn haravan_app(&self, tenant: &TenantId) -> Result<App, GrantError> {
        let tenant = self.directory.tenant(tenant).await.map_err(|error| {
            tracing::warn!(%error, "a refresh has to wait for its tenant");
            GrantError::NotSent
        })?;
        let app = tenant.and_then(|tenant| {
            let client_id = tenant.client_id.clone()?;
            let client_secret = tenant.secrets.first()?.secret.clone();
            Some(App { client_id, client_secret })
        });
        app.ok_or_else(|| {
            tracing::warn!("a refresh has to wait: the tenant has no client id or secret");
            GrantError::NotSent
        })
    }

    async fn opened(&self, held: &TokenState) -> Result<Option<SecretString>, DirectoryError> {
        let sealed = held.tokens.as_ref().and_then(|tokens| tokens.refresh.as_ref());
        let Some(sealed) = sealed else { return Ok(None) };
        let key = connection_place(&held.of.tenant, &held.of.subject);
        let place = Place { key: &key, field: schema::connections::REFRESH_TOKEN };
        Ok(Some(self.directory.unseal(place, sealed).await?))
    }

    fn sealed(&self, ring: &KeyRing, of: &ConnectionRef, tokens: &Tokens) -> Result<SealedTokens, SealError> {
        let key = connection_place(&of.tenant, &of.subject);
        let access = Place { key: &key, field: schema::connections::ACCESS_TOKEN };
        let refresh = Place { key: &key, field: schema::connections::REFRESH_TOKEN };
        let now = self.clock.now();
        Ok(SealedTokens {
            access: ring.seal(access, &tokens.access)?,
            refresh: tokens.refresh.as_ref().map(|token| ring.seal(refresh, token)).transpose()?,
            expires_at: tokens.lives.and_then(|lives| now.checked_add(lives).ok()),
        })
    }

    /// Stores a new pair, however often it takes; one that cannot be stored is kept for the next try.
    async fn write(&self, pair: Unwritten) -> Result<Refreshed, DirectoryError> {
        let key = (pair.of.tenant.clone(), pair.of.subject.clone());
        let mut pause = WRITE_PAUSE;
        for left in (0..WRITES).rev() {
            let connections = &self.store.connections;
            let written = connections.rotate(&pair.of, pair.version, &pair.tokens, self.clock.now()).await;
            match written {
                Ok(written) => {
                    self.unwritten.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
                    if written {
                        line("refresh.done", &pair.of).count(Metric::TokenRefreshed, 1).emit();
                    }
                    // A repeated write may be refused because the first one took effect unseen.
                    return Ok(match self.now(&pair.of).await? {
                        Some(now)
                            if now.of.generation == pair.of.generation && now.version > pair.version =>
                        {
                            Refreshed::Fresh(now)
                        }
                        _ => Refreshed::Gone,
                    });
                }
                Err(error) if left == 0 => {
                    tracing::error!(%error, "a new token pair is not stored yet");
                    self.unwritten.lock().unwrap_or_else(PoisonError::into_inner).insert(key, pair);
                    return Err(error.into());
                }
                Err(_) => self.clock.sleep(pause).await,
            }
            pause = pause.saturating_mul(2);
        }
        Ok(Refreshed::Later)
    }

    fn kept(&self, state: &TokenState) -> Option<Unwritten> {
        let unwritten = self.unwritten.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = unwritten.get(&(state.of.tenant.clone(), state.of.subject.clone()))?;
        (kept.of == state.of && kept.version == state.version).then(|| kept.clone())
    }

    /// The provider refuses the refresh token (pages.md §2.12, 5).
    async fn refused(&self, state: &TokenState, why: &'static str) -> Result<Refreshed, DirectoryError> {
        let wipe = has_ended(state, self.clock.now());
        if give_up(&self.store, state, why, wipe).await? {
            return Ok(Refreshed::NeedsReconnect(why));
        }
        Ok(decided_by_others(state, self.now(&state.of).await?))
    }

    async fn give_back(&self, of: &ConnectionRef, owner: &ClaimToken, spent: bool) {
        if let Err(error) = self.store.connections.release_refresh(of, owner, spent).await {
            tracing::warn!(%error, "the right to refresh was not given back and ends by itself");
        }
    }
}

/// What the connection as it is now says about the one that was read.
fn decided_by_others(read: &TokenState, now: Option<Box<TokenState>>) -> Refreshed {
    let Some(now) = now else { return Refreshed::Gone };
    if now.of.generation != read.of.generation || now.status == ConnectionStatus::Disconnected {
        Refreshed::Gone
    } else if now.version > read.version {
        Refreshed::Fresh(now)
    } else if now.status == ConnectionStatus::NeedsReconnect {
        let why = reason::needs_reconnect(now.reason.as_deref());
        Refreshed::NeedsReconnect(why.unwrap_or(reason::TOKEN_REFUSED))
    } else {
        Refreshed::Later
    }
}

fn line(event: &'static str, of: &ConnectionRef) -> Line {
    Line::new("refresh", event).with("tenant", of.tenant.as_str()).with("connection", of.subject.sort_key())
}

/// Gives up a connection's tokens as they were read, for want of any that work; counted when it was connected until now.
/// `false` when there are newer ones or the connection has ended.
///
/// # Errors
/// [`StoreError`].
pub async fn give_up(
    store: &Store,
    state: &TokenState,
    why: &'static str,
    wipe: bool,
) -> Result<bool, StoreError> {
    let given_up = store.connections.needs_reconnect(&state.of, state.version, why, wipe).await?;
    if given_up && state.status == ConnectionStatus::Connected {
        let (event, metric) = match state.of.subject {
            Subject::Shop(_) => ("shop.needs_reconnect", Metric::ShopNeedsReconnect),
            Subject::Page(_) => ("page.needs_reconnect", Metric::PageNeedsReconnect),
        };
        line(event, &state.of).with("reason", why).count(metric, 1).emit();
    }
    Ok(given_up)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::OrgId;

    fn state(lives: Option<u64>, refresh: bool) -> TokenState {
        let connected: Timestamp = "2026-06-12T00:00:00Z".parse().unwrap();
        TokenState {
            of: ConnectionRef {
                tenant: "hat-mam".parse().unwrap(),
                subject: Subject::Shop(OrgId(7)),
                generation: 1,
            },
            status: ConnectionStatus::Connected,
            reason: None,
            tokens: Some(SealedTokens {
                access: vec![1],
                refresh: refresh.then(|| vec![2]),
                expires_at: lives.map(|hours| connected + Duration::from_secs(hours * 3600)),
            }),
            version: 1,
            rotated_at: None,
            connected_at: Some(connected),
            refresh_started: None,
        }
    }

    fn remaining(hours: u64) -> Duration {
        let state = state(Some(hours), true);
        until(due_at(&state).unwrap(), state.tokens.unwrap().expires_at.unwrap())
    }

    #[test]
    fn short_lived_tokens_are_refreshed_around_half_life_and_long_lived_ones_shortly_before_their_end() {
        for hours in [1, 16, 47] {
            let part = remaining(hours).as_secs_f64() / (hours as f64 * 3600.0);
            assert!((0.5..=0.6).contains(&part), "{hours} h: {part}");
        }
        for hours in [48, 87_600] {
            assert!((REMAINING..=REMAINING * 2).contains(&remaining(hours)), "{hours} h");
        }
    }

    #[test]
    fn tokens_that_do_not_end_or_cannot_be_refreshed_are_left_alone() {
        assert_eq!(due_at(&state(None, true)), None);
        assert_eq!(due_at(&state(Some(16), false)), None);
        assert_eq!(due_at(&TokenState { tokens: None, ..state(Some(16), true) }), None);
        assert!(!has_ended(&state(None, true), Timestamp::MAX));
    }
}
