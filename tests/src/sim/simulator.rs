//! The handle: construction, serving, the lock, faults and the request log.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;

use super::clock::Clock;
use super::faults::{Faults, Switch};
use super::log::Log;
use super::records::{Changes, Parts};
use super::sender::Transport;
use super::server::{Addresses, Server};
use super::store::{Rows, Store};

/// The state of one simulated party.
pub trait Party: Sized + Send + 'static {
    /// What it starts with.
    type Seed: Send + Sync + 'static;

    /// Who is simulated, for log lines and the file.
    const NAME: &'static str;

    /// How long an answer of an app is waited for.
    const ANSWER_WITHIN: Duration = Duration::from_secs(20);

    /// The state at the start.
    fn new(seed: &Self::Seed, clock: Clock) -> Self;

    /// The state on which the rows of a file that is not empty are laid.
    fn resumed(seed: &Self::Seed, clock: Clock) -> Self {
        Self::new(seed, clock)
    }

    /// The state after a reset of this one. What it takes over of this one counts as changed.
    fn renewed(&mut self, seed: &Self::Seed) -> Self;

    /// What outlives the process.
    fn parts(&mut self) -> Parts<'_>;

    /// Puts in order what was read from a file.
    fn read_back(&mut self) {}

    /// Where it is reached.
    fn addresses(&mut self) -> &mut Addresses;

    /// Everything it serves.
    fn router(simulator: &Simulator<Self>) -> Router;
}

/// A party whose faults are switched on and off.
pub trait Faulty: Party {
    /// What can go wrong.
    type Fault: Clone + PartialEq + Send;

    /// What goes wrong now.
    fn faults(&mut self) -> &mut Faults<Self::Fault>;
}

/// A party that keeps a log of the requests it received.
pub trait Recorded: Party {
    /// What is kept of a request.
    type Request: Clone;

    /// The log.
    fn log(&mut self) -> &mut Log<Self::Request>;
}

/// Cheap to clone; every clone is the same simulator.
pub struct Simulator<S: Party>(Arc<Inner<S>>);

struct Inner<S: Party> {
    held: Mutex<Held<S>>,
    seed: S::Seed,
    transport: Transport,
}

struct Held<S> {
    state: S,
    store: Option<Store>,
}

impl<S: Party> Clone for Simulator<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S: Party> std::fmt::Debug for Simulator<S> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Simulator").field(&S::NAME).finish()
    }
}

impl<S: Party> Default for Simulator<S>
where
    S::Seed: Default,
{
    fn default() -> Self {
        Self::new(S::Seed::default())
    }
}

impl<S: Party> Simulator<S> {
    /// A simulator on the machine's clock.
    #[must_use]
    pub fn new(seed: S::Seed) -> Self {
        Self::with_clock(seed, Clock::system())
    }

    /// The same with a clock of your own.
    #[must_use]
    pub fn with_clock(seed: S::Seed, clock: impl Into<Clock>) -> Self {
        Self::with(seed, clock, S::ANSWER_WITHIN)
    }

    /// The same with a clock of your own that waits this long for an answer of an app.
    #[must_use]
    pub fn with(seed: S::Seed, clock: impl Into<Clock>, answer_within: Duration) -> Self {
        let held = Held { state: S::new(&seed, clock.into()), store: None };
        Self::around(held, seed, answer_within)
    }

    /// A simulator that outlives the process: read from the file at `path`, which is made when it is not there, and
    /// written to it with every change. Faults, settings and the request log do not survive. One process at a time may
    /// use a file.
    ///
    /// # Errors
    /// When the file cannot be read or written, is damaged or another simulator's. The text names the file.
    pub fn persistent(seed: S::Seed, clock: impl Into<Clock>, path: impl AsRef<Path>) -> io::Result<Self> {
        let (store, mut rows) = Store::open(path.as_ref(), S::NAME)?;
        let state = if rows.is_empty() {
            S::new(&seed, clock.into())
        } else {
            let mut state = S::resumed(&seed, clock.into());
            restore(&mut state, &mut rows).map_err(|error| store.not_understood(&error))?;
            state.read_back();
            state
        };
        let mut held = Held { state, store: Some(store) };
        held.save()?;
        Ok(Self::around(held, seed, S::ANSWER_WITHIN))
    }

    fn around(held: Held<S>, seed: S::Seed, answer_within: Duration) -> Self {
        Self(Arc::new(Inner { held: Mutex::new(held), seed, transport: Transport::new(answer_within) }))
    }

    /// Everything it serves; works below any path prefix.
    pub fn router(&self) -> Router {
        S::router(self)
    }

    /// Serves [`Self::router`] on a free port of 127.0.0.1 until the returned value is dropped.
    ///
    /// # Errors
    /// When no port can be opened.
    pub async fn serve(&self) -> io::Result<Server> {
        self.serve_on(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await
    }

    /// Serves [`Self::router`] on this address, for tests in which it comes back where it was.
    ///
    /// # Errors
    /// When the address cannot be opened.
    pub async fn serve_on(&self, address: SocketAddr) -> io::Result<Server> {
        let server = Server::start(TcpListener::bind(address).await?, self.router(), S::NAME).await?;
        self.state().addresses().served = Some(server.url().to_owned());
        Ok(server)
    }

    /// Where browsers and apps reach [`Self::router`], with the path it is mounted below. A slash at the end is dropped.
    pub fn set_public_url(&self, url: &str) {
        self.state().addresses().public = Some(url.trim_end_matches('/').to_owned());
    }

    /// Goes back to the seed. What is invented goes on: nothing comes twice.
    pub fn reset(&self) {
        let mut guard = self.state();
        let held = &mut *guard.0;
        held.state = held.state.renewed(&self.0.seed);
        if let Some(store) = &mut held.store
            && let Err(error) = store.restart(changes(&mut held.state))
        {
            tracing::error!(%error, "the simulated {} is reset in memory only", S::NAME);
        }
    }

    pub(crate) fn state(&self) -> Guard<'_, S> {
        Guard(self.0.held.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// From here on nothing can be written to the file.
    #[cfg(test)]
    pub(crate) fn refuse_writes(&self) {
        if let Some(store) = &self.state().0.store {
            store.refuse_writes(true);
        }
    }

    pub(crate) fn transport(&self) -> &Transport {
        &self.0.transport
    }
}

fn restore<S: Party>(state: &mut S, rows: &mut Rows) -> serde_json::Result<()> {
    state.parts().into_iter().try_for_each(|(kind, part)| part.restore(&kind, rows))
}

fn changes<S: Party>(state: &mut S) -> Changes {
    let mut changes = Changes::default();
    for (kind, part) in state.parts() {
        part.collect(&kind, &mut changes);
    }
    changes
}

impl<S: Party> Held<S> {
    fn save(&mut self) -> io::Result<()> {
        match &mut self.store {
            Some(store) => store.commit(changes(&mut self.state)),
            None => Ok(()),
        }
    }
}

impl<S: Faulty> Simulator<S> {
    /// Switches a fault on.
    pub fn switch(&self, switch: Switch<S::Fault>) {
        self.state().faults().add(switch);
    }

    /// Switches a fault on for the next time it applies.
    pub fn once(&self, fault: S::Fault) {
        self.switch(Switch::next(fault, 1));
    }

    /// Switches a fault on until [`Self::clear_faults`].
    pub fn always(&self, fault: S::Fault) {
        self.switch(Switch::standing(fault));
    }

    /// Switches every fault off; what is already queued keeps its own.
    pub fn clear_faults(&self) {
        self.state().faults().clear();
    }

    /// The faults that are switched on.
    pub fn faults(&self) -> Vec<Switch<S::Fault>> {
        self.state().faults().list().to_vec()
    }
}

impl<S: Recorded> Simulator<S> {
    /// The latest requests, oldest first, refused ones included.
    #[must_use]
    pub fn requests(&self) -> Vec<S::Request> {
        self.state().log().list()
    }

    /// Forgets the requests so far; numbers go on.
    pub fn forget_requests(&self) {
        self.state().log().clear();
    }
}

/// The state under its lock; what was changed is in the file before the lock is released.
pub(crate) struct Guard<'s, S: Party>(MutexGuard<'s, Held<S>>);

impl<S: Party> Guard<'_, S> {
    /// Writes what was changed; whether all of it is written now. What is not is tried again with the next change.
    pub(crate) fn save(&mut self) -> bool {
        let saved = self.0.save();
        if let Err(error) = &saved {
            tracing::error!(%error, "the simulated {} could not write what happened", S::NAME);
        }
        saved.is_ok()
    }
}

impl<S: Party> Deref for Guard<'_, S> {
    type Target = S;

    fn deref(&self) -> &S {
        &self.0.state
    }
}

impl<S: Party> DerefMut for Guard<'_, S> {
    fn deref_mut(&mut self) -> &mut S {
        &mut self.0.state
    }
}

impl<S: Party> Drop for Guard<'_, S> {
    fn drop(&mut self) {
        self.save();
    }
}
