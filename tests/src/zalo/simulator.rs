//! The handle: construction and serving.

use std::io;
use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::delivery::ANSWER_WITHIN;
use super::seed::Seed;
use super::state::State;
use super::{control, log, openapi, token, visit};
use crate::haravan::Clock;

/// Cheap to clone; every clone is the same Zalo.
#[derive(Clone)]
pub struct Simulator(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    seed: Seed,
    answer_within: Duration,
    client: OnceLock<Option<reqwest::Client>>,
}

impl std::fmt::Debug for Simulator {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("zalo::Simulator").finish_non_exhaustive()
    }
}

impl Simulator {
    /// A simulator on the machine's clock.
    pub fn new(seed: Seed) -> Self {
        Self::with_clock(seed, Clock::system())
    }

    /// The same with a clock of your own.
    pub fn with_clock(seed: Seed, clock: Clock) -> Self {
        Self::with(seed, clock, ANSWER_WITHIN)
    }

    /// The same with a clock and a time-out of webhook answers of your own.
    pub fn with(seed: Seed, clock: Clock, answer_within: Duration) -> Self {
        let state = State::new(&seed, clock);
        Self::around(state, seed, answer_within)
    }

    /// A simulator that outlives the process: read from the journal at `path`, which is made when it is not there, and
    /// written to it with every change. Log-ins, grants, codes, tokens, standings and deliveries go on where they stood;
    /// the seed's app, people and accounts count every time. Settings, faults and the request log do not survive. One
    /// process at a time may use a journal.
    ///
    /// # Errors
    /// When the journal cannot be read or written, or is damaged. The text names the file.
    pub fn persistent(seed: Seed, clock: Clock, path: impl AsRef<Path>) -> io::Result<Self> {
        let state = State::open(&seed, clock, path.as_ref())?;
        Ok(Self::around(state, seed, ANSWER_WITHIN))
    }

    fn around(state: State, seed: Seed, answer_within: Duration) -> Self {
        Self(Arc::new(Inner { state: Mutex::new(state), seed, answer_within, client: OnceLock::new() }))
    }

    /// Both hosts and the control API below `/control`; works below any path prefix.
    pub fn router(&self) -> Router {
        let hosts = Router::new()
            .route("/v4/oa/permission", get(visit::open).post(visit::go_on))
            .route("/v4/oa/permission/error", get(visit::error))
            .route("/v4/oa/access_token", post(token::exchange))
            .route("/v2.0/oa/getoa", get(openapi::getoa))
            .route_layer(from_fn_with_state(self.clone(), log::record));
        Router::new()
            .merge(hosts)
            .route("/oa/{oa}/{file}", get(openapi::picture))
            .nest("/control", control::router())
            .with_state(self.clone())
    }

    /// Serves [`Self::router`] on a free port of 127.0.0.1 until the returned value is dropped.
    ///
    /// # Errors
    /// When no port can be opened.
    pub async fn serve(&self) -> io::Result<Server> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        self.state().served_url = Some(url.clone());
        let router = self.router();
        let task = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::warn!(%error, "the simulated Zalo stopped");
            }
        });
        Ok(Server { url, task })
    }

    /// Where browsers and apps reach [`Self::router`], with the path it is mounted below: the base of picture addresses
    /// and the path of the log-in cookie. A slash at the end is dropped.
    pub fn set_public_url(&self, url: &str) {
        self.state().public_url = Some(url.trim_end_matches('/').to_owned());
    }

    /// Goes back to the seed; addresses and the speed of retries stay, and no code, token or message comes twice.
    pub fn reset(&self) {
        let mut state = self.state();
        let mut fresh = State::new(&self.0.seed, state.clock.clone());
        fresh.served_url = state.served_url.clone();
        fresh.public_url = state.public_url.clone();
        fresh.time_scale = state.time_scale;
        fresh.counters.invented = state.counters.invented;
        state.start_over(fresh);
    }

    pub(super) fn state(&self) -> Guard<'_> {
        Guard(self.0.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The client that sends events, built when first needed.
    pub(super) fn client(&self) -> Option<reqwest::Client> {
        let build = || {
            reqwest::Client::builder()
                .timeout(self.0.answer_within)
                .redirect(reqwest::redirect::Policy::none())
                .pool_max_idle_per_host(0)
                .no_proxy()
                .http1_only()
                .build()
                .ok()
        };
        self.0.client.get_or_init(build).clone()
    }
}

/// The state under its lock; what was changed is in the journal before the lock is released.
pub(super) struct Guard<'s>(MutexGuard<'s, State>);

impl Deref for Guard<'_> {
    type Target = State;

    fn deref(&self) -> &State {
        &self.0
    }
}

impl DerefMut for Guard<'_> {
    fn deref_mut(&mut self) -> &mut State {
        &mut self.0
    }
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        self.0.save();
    }
}

/// A simulator being served; dropping it stops it.
pub struct Server {
    url: String,
    task: JoinHandle<()>,
}

impl Server {
    /// `http://127.0.0.1:{port}`, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}
