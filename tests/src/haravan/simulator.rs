//! The handle: construction, serving, looking at what is there.

use std::io;
use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::clock::Clock;
use super::customer_body::customer_node;
use super::delivery::Delivery;
use super::faults::Fault;
use super::generate::Generator;
use super::ids::{CustomerId, OrderId, OrgId};
use super::order_body::order_node;
use super::refusal::Refusal;
use super::seed::{Plan, Seed};
use super::sender::Transport;
use super::state::{State, Subscription, Token};
use super::style::{BodyStyle, KeySet};
use super::switches::Switch;
use super::text::Node;
use super::{accounts, control, rest, subscribe};

/// How long an answer is waited for (haravan.md §2.8).
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// Cheap to clone; every clone is the same Haravan.
#[derive(Clone)]
pub struct Simulator(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    seed: Seed,
    transport: Transport,
}

impl Simulator {
    /// A simulator on the machine's clock that waits 5 s for an answer (haravan.md §2.8).
    pub fn new(seed: Seed) -> Self {
        Self::with(seed, Clock::system(), ANSWER_TIMEOUT)
    }

    /// The same with a clock of your own.
    pub fn with_clock(seed: Seed, clock: Clock) -> Self {
        Self::with(seed, clock, ANSWER_TIMEOUT)
    }

    /// The same with a clock and an answer time-out of your own.
    pub fn with(seed: Seed, clock: Clock, answer_timeout: Duration) -> Self {
        let state = Mutex::new(State::new(&seed, clock));
        Self(Arc::new(Inner { state, seed, transport: Transport::new(answer_timeout) }))
    }

    /// A simulator whose shops outlive the process: read from the journal at `path`, which is made when it is not
    /// there, and written to it with every change. Records, ids, tokens, subscriptions and deliveries go on where they
    /// stood; what was still to be delivered is. Of the seed, the shops' customers and orders and the start of the
    /// random numbers count only the first time, apps and the facts of shops every time. Faults do not survive. One
    /// process at a time may use a journal.
    ///
    /// # Errors
    /// When the journal cannot be read or written, or is damaged. The text names the file.
    pub fn persistent(seed: Seed, clock: Clock, path: impl AsRef<Path>) -> io::Result<Self> {
        let state = Mutex::new(State::open(&seed, clock, path.as_ref())?);
        Ok(Self(Arc::new(Inner { state, seed, transport: Transport::new(ANSWER_TIMEOUT) })))
    }

    /// The accounts server, the Admin REST API below `/com`, `/api/subscribe` and the control API below `/__sim`.
    pub fn router(&self) -> Router {
        Router::new()
            .merge(accounts::router())
            .nest("/com", rest::router())
            .route("/api/subscribe", subscribe::routes())
            .nest("/__sim", control::router().merge(accounts::control_router()))
            .with_state(self.clone())
    }

    /// Serves [`Self::router`] on a free port of 127.0.0.1 until the returned value is dropped. The address is the issuer
    /// from then on, unless [`Self::set_public_url`] has said another.
    pub async fn serve(&self) -> std::io::Result<Server> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        self.state().accounts.served_url = Some(url.clone());
        let router = self.router();
        let task = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::warn!(%error, "the simulated Haravan stopped");
            }
        });
        Ok(Server { url, task })
    }

    /// Where browsers and apps reach [`Self::router`], with the path it is mounted below: the issuer of id_tokens and the
    /// base of every address in discovery. A slash at the end is dropped.
    pub fn set_public_url(&self, url: &str) {
        self.state().accounts.public_url = Some(url.trim_end_matches('/').to_owned());
    }

    /// Goes back to the seed. Ids, phones and e-mails go on: what is created afterwards is new to any CRM.
    pub fn reset(&self) {
        let mut state = self.state();
        let fresh = Generator::new(self.0.seed.random);
        let generator = std::mem::replace(&mut state.generator, fresh);
        let (clock, time_scale) = (state.clock.clone(), state.time_scale);
        let mut fresh = State { time_scale, ..State::seeded(&self.0.seed, clock, generator) };
        fresh.accounts.keep_from(&state.accounts);
        state.start_over(fresh);
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

    /// Switches every fault off; what is already queued keeps its own.
    pub fn clear_faults(&self) {
        self.state().faults.clear();
    }

    /// The faults that are switched on.
    pub fn faults(&self) -> Vec<Switch> {
        self.state().faults.list().to_vec()
    }

    /// Every delivery so far, oldest first.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.state().deliveries.values().cloned().collect()
    }

    /// Every subscription so far, deleted ones included.
    pub fn subscriptions(&self) -> Vec<Subscription> {
        self.state().subscriptions.values().cloned().collect()
    }

    /// Whether deliveries go to this app for this shop.
    pub fn is_subscribed(&self, org: OrgId, client_id: &str) -> bool {
        let state = self.state();
        let found = state.subscriptions.get(&(org, client_id.to_owned()));
        found.is_some_and(|subscription| subscription.deleted.is_none())
    }

    /// An access token of 64 hexadecimal digits that does not expire, as an installation would give.
    pub fn grant_token(&self, org: OrgId, client_id: &str, scopes: &[&str]) -> Result<String, Refusal> {
        let mut state = self.state();
        state.org(Some(org))?;
        let client_id = state.app(client_id)?.client_id.clone();
        let token = state.generator.hex(64);
        let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        state.tokens.insert(token.clone(), Token::installed(client_id, org, scopes));
        Ok(token)
    }

    /// Makes a token dead: REST answers it 401.
    pub fn revoke_token(&self, token: &str) {
        self.state().tokens.remove(token);
    }

    /// The shop buys another plan: `users.json` works on Plus only (haravan.md §5.7).
    pub fn set_plan(&self, org: OrgId, plan: Plan) {
        if let Some(shop) = self.state().shops.get_mut(&org) {
            shop.facts.plan = plan;
        }
    }

    /// The order as REST gives it now.
    pub fn order(&self, id: OrderId) -> Option<serde_json::Value> {
        let state = self.state();
        let order = state.shops.values().find_map(|shop| shop.orders.get(&id.0))?;
        parsed(&order_node(order, KeySet::Rest))
    }

    /// The customer as REST gives it now.
    pub fn customer(&self, id: CustomerId) -> Option<serde_json::Value> {
        let state = self.state();
        let customer = state.shops.values().find_map(|shop| shop.customers.get(&id.0))?;
        parsed(&customer_node(customer, KeySet::Rest))
    }

    /// The ids of a shop's orders, oldest first.
    pub fn order_ids(&self, org: OrgId) -> Vec<OrderId> {
        let state = self.state();
        state.shops.get(&org).into_iter().flat_map(|shop| shop.orders.keys()).map(|id| OrderId(*id)).collect()
    }

    /// The ids of a shop's customers, oldest first.
    pub fn customer_ids(&self, org: OrgId) -> Vec<CustomerId> {
        let state = self.state();
        let customers = state.shops.get(&org).into_iter().flat_map(|shop| shop.customers.keys());
        customers.map(|id| CustomerId(*id)).collect()
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

fn parsed(node: &Node) -> Option<serde_json::Value> {
    serde_json::from_str(&node.text(&BodyStyle::rest())).ok()
}
