//! The handle: construction, serving, looking at what is there.

use std::io;
use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::delivery::Delivery;
use super::faults::{Fault, Switch};
use super::ids::{PageId, PersonId};
use super::model::{Grant, Person};
use super::request_log::RecordedRequest;
use super::seed::Seed;
use super::sender::Transport;
use super::settings::Settings;
use super::state::State;
use super::token::LiveToken;
use super::{call, control};
use crate::haravan::Clock;

/// How long an answer of the app is waited for.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);

/// Cheap to clone; every clone is the same Facebook.
#[derive(Clone)]
pub struct Simulator(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    seed: Seed,
    transport: Transport,
}

impl Simulator {
    /// A simulator on the machine's clock.
    pub fn new(seed: Seed) -> Self {
        Self::with_clock(seed, Clock::system())
    }

    /// The same with a clock of your own.
    pub fn with_clock(seed: Seed, clock: Clock) -> Self {
        let state = State::new(&seed, clock);
        Self::of(seed, state)
    }

    /// A simulator whose grants, tokens, roles, subscriptions and deliveries outlive the process, in the journal at `path`,
    /// which is made when it is not there. App, pages and portfolios are read from the seed each time. One process at a
    /// time may use a journal.
    ///
    /// # Errors
    /// When the journal cannot be read or written, or is damaged. The text names the file.
    pub fn persistent(seed: Seed, clock: Clock, path: impl AsRef<Path>) -> io::Result<Self> {
        let mut state = State::new(&seed, clock);
        state.open(path.as_ref())?;
        Ok(Self::of(seed, state))
    }

    fn of(seed: Seed, state: State) -> Self {
        let transport = Transport::new(ANSWER_TIMEOUT);
        Self(Arc::new(Inner { state: Mutex::new(state), seed, transport }))
    }

    /// The dialog, Graph, pictures, and the control API below `/control`. Works below any path prefix.
    pub fn router(&self) -> Router {
        Router::new().nest("/control", control::router()).fallback(call::serve).with_state(self.clone())
    }

    /// Serves [`Self::router`] on a free port of 127.0.0.1 until the returned value is dropped.
    pub async fn serve(&self) -> io::Result<Server> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        self.state().served_url = Some(url.clone());
        let router = self.router();
        let task = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::warn!(%error, "the simulated Facebook stopped");
            }
        });
        Ok(Server { url, task })
    }

    /// Where browsers and apps reach [`Self::router`], with the path it is mounted below: the base of `paging.next` and of
    /// pictures. A slash at the end is dropped.
    pub fn set_public_url(&self, url: &str) {
        self.state().public_url = Some(url.trim_end_matches('/').to_owned());
    }

    /// Goes back to the seed, settings and faults included. Addresses of the app and random numbers go on.
    pub fn reset(&self) {
        let mut state = self.state();
        let mut fresh = State::new(&self.0.seed, state.clock.clone());
        *fresh.random = *state.random;
        fresh.app = state.app.clone();
        fresh.public_url = state.public_url.take();
        fresh.served_url = state.served_url.take();
        fresh.time_scale = state.time_scale;
        state.start_over(fresh);
    }

    /// How it behaves.
    pub fn settings(&self) -> Settings {
        self.state().settings.clone()
    }

    /// Changes how it behaves from here on.
    pub fn settings_mut(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.state().settings);
    }

    /// Switches a fault on.
    pub fn switch(&self, switch: Switch) {
        self.state().faults.add(switch);
    }

    /// Switches a fault on for the next time it applies.
    pub fn once(&self, fault: Fault) {
        self.switch(Switch::next(fault, 1));
    }

    /// Switches a fault on until [`Self::clear_faults`].
    pub fn always(&self, fault: Fault) {
        self.switch(Switch::standing(fault));
    }

    /// Switches every fault off.
    pub fn clear_faults(&self) {
        self.state().faults.clear();
    }

    /// The faults that are switched on.
    pub fn faults(&self) -> Vec<Switch> {
        self.state().faults.list().to_vec()
    }

    /// The latest 2 000 calls of Graph, oldest first, refused ones included.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.state().log.list()
    }

    /// Forgets the calls so far; numbers go on.
    pub fn forget_requests(&self) {
        self.state().log.clear();
    }

    /// Everything the app was or will be told, oldest first.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.state().deliveries.values().cloned().collect()
    }

    /// What the page tells the app; nothing when it is not subscribed.
    pub fn subscription(&self, page: PageId) -> Option<Vec<String>> {
        self.state().subscriptions.get(&page).map(|one| one.fields.clone())
    }

    /// Every token that works now.
    pub fn live_tokens(&self) -> Vec<LiveToken> {
        let state = self.state();
        let live = state.tokens.iter().filter(|(_, token)| state.ended(token).is_none());
        live.map(|(value, token)| LiveToken {
            value: value.clone(),
            person: token.person,
            page: token.page,
            expires_at: token.expires_at,
        })
        .collect()
    }

    /// What a person lets the app do; nothing when they have not, or no longer.
    pub fn grant(&self, person: PersonId) -> Option<Grant> {
        self.state().grants.get(&person).cloned()
    }

    /// A person with their roles as they are now.
    pub fn person(&self, person: PersonId) -> Option<Person> {
        self.state().people.get(&person).cloned()
    }

    pub(super) fn state(&self) -> Guard<'_> {
        Guard(self.0.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn transport(&self) -> &Transport {
        &self.0.transport
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
    /// `http://127.0.0.1:{port}`, without a slash at the end: base of both the dialog and Graph.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}
