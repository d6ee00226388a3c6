//! Everything the simulator remembers, and what of it outlives the process.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use axum::Router;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::accounts::{self, Accounts};
use super::bucket::Bucket;
use super::delivery::Delivery;
use super::faults::Fault;
use super::generate::{Generator, Storefront};
use super::ids::{CustomerId, OrderId, OrgId, UserId};
use super::invent_order::invent_order;
use super::model::{Customer, Order};
use super::refusal::Refusal;
use super::seed::{AppSeed, OrgSeed, Seed};
use super::sender::ANSWER_TIMEOUT;
use super::simulator::Simulator;
use super::spec::{Buyer, OrderSpec};
use super::{control, rest, subscribe};
use crate::sim::{Addresses, Clock, Faults, Faulty, Parts, Party, Sends, Table};

/// A subscription of one shop for one app (haravan.md §2.3).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Subscription {
    /// the shop
    pub orgid: OrgId,
    /// the app
    pub client_id: String,
    /// one record per topic
    pub records: Vec<SubscriptionRecord>,
    /// attempts that failed since the last success
    pub consecutive_failures: u32,
    /// why it is gone; nothing while it is active
    pub deleted: Option<String>,
}

/// One subscribed topic.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SubscriptionRecord {
    /// 24 hexadecimal digits
    pub id: String,
    /// the topic
    pub event: String,
}

/// An access token.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Token {
    pub client_id: String,
    pub orgid: OrgId,
    pub scopes: Vec<String>,
    #[serde(default)]
    pub kind: TokenKind,
    /// Who signed in for it; nobody where it was given without a sign-in.
    #[serde(default)]
    pub sub: Option<UserId>,
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
}

/// Whose access token it is (haravan.md §1.10).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum TokenKind {
    /// The shop's: the app is installed.
    #[default]
    Install,
    /// A person's, from a login alone.
    User,
}

impl Token {
    /// A shop's token that does not expire.
    pub(super) fn installed(client_id: String, orgid: OrgId, scopes: Vec<String>) -> Self {
        Self { client_id, orgid, scopes, kind: TokenKind::Install, sub: None, expires_at: None }
    }

    /// Whether a scope was granted.
    pub(super) fn has(&self, scope: &str) -> bool {
        self.scopes.iter().any(|granted| granted == scope)
    }

    /// Whether the token may read what `com.read_{area}` opens; writing includes reading.
    pub(super) fn may_read(&self, area: &str) -> bool {
        let scopes = [format!("com.read_{area}"), format!("com.write_{area}")];
        self.scopes.iter().any(|scope| scopes.contains(scope))
    }
}

/// One shop's data.
pub(super) struct Shop {
    pub facts: OrgSeed,
    pub orders: Table<i64, Order>,
    pub customers: Table<i64, Customer>,
}

impl Shop {
    pub(super) fn storefront(&self) -> Storefront {
        let demo = Storefront::demo();
        let location = self.facts.locations.first();
        Storefront {
            orgid: self.facts.orgid,
            name: self.facts.orgname.clone(),
            subdomain: self.facts.orgsub.clone(),
            location_id: location.map_or(demo.location_id, |location| location.id),
            location_name: location.map_or(demo.location_name, |location| location.name.clone()),
        }
    }
}

/// Everything the simulator remembers, behind one lock that is never held while waiting.
pub struct State {
    pub(super) clock: Clock,
    pub(super) generator: Generator,
    pub(super) apps: Vec<AppSeed>,
    pub(super) shops: BTreeMap<OrgId, Shop>,
    pub(super) accounts: Accounts,
    pub(super) tokens: Table<String, Token>,
    pub(super) subscriptions: Table<(OrgId, String), Subscription>,
    /// By number, from 1 without gaps.
    pub(super) deliveries: Table<u64, Delivery>,
    pub(super) faults: Faults<Fault>,
    pub(super) buckets: HashMap<(OrgId, String), Bucket>,
    /// How much faster than the clock retries come due.
    pub(super) time_scale: f64,
}

impl Party for State {
    type Seed = Seed;

    const NAME: &'static str = "Haravan";
    const ANSWER_WITHIN: Duration = ANSWER_TIMEOUT;

    fn new(seed: &Seed, clock: Clock) -> Self {
        let generator = Generator::new(seed.random);
        Self::seeded(seed, clock, generator)
    }

    /// Of the seed, the shops' customers and orders and the start of the random numbers count only the first time, apps and
    /// the facts of shops every time.
    fn resumed(seed: &Seed, clock: Clock) -> Self {
        Self::unsold(seed, clock, Generator::new(seed.random))
    }

    /// Ids, phones and e-mails go on: what is created afterwards is new to any CRM.
    fn renewed(&mut self, seed: &Seed) -> Self {
        let mut generator = std::mem::replace(&mut self.generator, Generator::new(seed.random));
        generator.note_all();
        let mut fresh = Self::seeded(seed, self.clock.clone(), generator);
        fresh.time_scale = self.time_scale;
        fresh.accounts.keep_from(&self.accounts);
        fresh
    }

    fn parts(&mut self) -> Parts<'_> {
        let mut parts = self.generator.parts();
        for (org, shop) in &mut self.shops {
            parts.push((format!("customer of {org}").into(), &mut shop.customers));
            parts.push((format!("order of {org}").into(), &mut shop.orders));
        }
        parts.extend(self.accounts.parts());
        parts.push(("token".into(), &mut self.tokens));
        parts.push(("subscription".into(), &mut self.subscriptions));
        parts.push(("delivery".into(), &mut self.deliveries));
        parts
    }

    fn read_back(&mut self) {
        self.generator.read_back();
        self.ground();
    }

    fn addresses(&mut self) -> &mut Addresses {
        &mut self.accounts.addresses
    }

    /// The accounts server, the Admin REST API below `/com`, `/api/subscribe` and the control API below `/__sim`.
    fn router(simulator: &Simulator) -> Router {
        Router::new()
            .merge(accounts::router())
            .nest("/com", rest::router())
            .route("/api/subscribe", subscribe::routes())
            .nest("/__sim", control::router().merge(accounts::control_router()))
            .with_state(simulator.clone())
    }
}

impl Faulty for State {
    type Fault = Fault;

    fn faults(&mut self) -> &mut Faults<Fault> {
        &mut self.faults
    }
}

impl State {
    /// The apps, shops and tokens of the seed, nothing sold yet.
    pub(super) fn unsold(seed: &Seed, clock: Clock, generator: Generator) -> Self {
        let tokens = seed.tokens.iter().map(|token| {
            let (client_id, scopes) = (token.client_id.clone(), token.scopes.clone());
            (token.token.clone(), Token::installed(client_id, token.orgid, scopes))
        });
        let shops = seed.orgs.iter().map(|facts| {
            let facts = facts.clone();
            (facts.orgid, Shop { facts, orders: Table::default(), customers: Table::default() })
        });
        Self {
            clock,
            generator,
            apps: seed.apps.clone(),
            shops: shops.collect(),
            accounts: Accounts::new(seed),
            tokens: tokens.collect(),
            subscriptions: Table::default(),
            deliveries: Table::default(),
            faults: Faults::default(),
            buckets: HashMap::new(),
            time_scale: 1.0,
        }
    }

    /// The state at the start, with ids that go on from `generator`: an order after a reset is another order.
    pub(super) fn seeded(seed: &Seed, clock: Clock, generator: Generator) -> Self {
        let mut state = Self::unsold(seed, clock, generator);
        for facts in &seed.orgs {
            state.sell_what_was(facts);
        }
        state
    }

    /// Makes the customers and orders a shop has from before.
    fn sell_what_was(&mut self, facts: &OrgSeed) {
        let now = self.now();
        for spec in &facts.customers {
            let customer = self.generator.customer(now, spec);
            if let Some(shop) = self.shops.get_mut(&facts.orgid) {
                shop.customers.insert(customer.id, customer);
            }
        }
        for spec in &facts.orders {
            if let Err(refusal) = self.place(facts.orgid, spec) {
                tracing::warn!(orgid = %facts.orgid, %refusal, "an order of the seed was left out");
            }
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The access token behind these characters, if it is still alive.
    pub(super) fn live_token(&self, text: &str) -> Option<&Token> {
        let now = self.now();
        self.tokens.get(text).filter(|token| token.expires_at.is_none_or(|end| now < end))
    }

    /// The named shop, or the first one.
    pub(super) fn org(&self, wanted: Option<OrgId>) -> Result<OrgId, Refusal> {
        match wanted {
            Some(org) if self.shops.contains_key(&org) => Ok(org),
            Some(org) => Err(Refusal::UnknownOrg(org)),
            None => self.shops.keys().next().copied().ok_or(Refusal::NoShop),
        }
    }

    pub(super) fn shop(&self, org: OrgId) -> Result<&Shop, Refusal> {
        self.shops.get(&org).ok_or(Refusal::UnknownOrg(org))
    }

    pub(super) fn shop_mut(&mut self, org: OrgId) -> Result<&mut Shop, Refusal> {
        self.shops.get_mut(&org).ok_or(Refusal::UnknownOrg(org))
    }

    pub(super) fn app(&self, client_id: &str) -> Result<&AppSeed, Refusal> {
        self.apps
            .iter()
            .find(|app| app.client_id == client_id)
            .ok_or_else(|| Refusal::UnknownApp(client_id.to_owned()))
    }

    /// The named app, or the first one.
    pub(super) fn app_or_first(&self, wanted: Option<&str>) -> Result<&AppSeed, Refusal> {
        match wanted {
            Some(client_id) => self.app(client_id),
            None => self.apps.first().ok_or(Refusal::NoApp),
        }
    }

    /// The shop that has this order.
    pub(super) fn shop_of_order(&self, id: OrderId) -> Result<OrgId, Refusal> {
        let found = self.shops.iter().find(|(_, shop)| shop.orders.contains_key(&id.0));
        found.map(|(org, _)| *org).ok_or(Refusal::UnknownOrder(id))
    }

    /// The shop that has this customer.
    pub(super) fn shop_of_customer(&self, id: CustomerId) -> Result<OrgId, Refusal> {
        let found = self.shops.iter().find(|(_, shop)| shop.customers.contains_key(&id.0));
        found.map(|(org, _)| *org).ok_or(Refusal::UnknownCustomer(id))
    }

    /// Puts a new order, and the customer it creates or changes, into the shop.
    pub(super) fn place(&mut self, org: OrgId, spec: &OrderSpec) -> Result<Order, Refusal> {
        let now = self.now();
        let shop = self.shop(org)?;
        let storefront = shop.storefront();
        let known = match spec.buyer {
            Buyer::Known(id) => Some(shop.customers.get(&id.0).ok_or(Refusal::UnknownCustomer(id))?.clone()),
            _ => None,
        };
        let order = invent_order(&mut self.generator, &storefront, known, now, spec);
        let shop = self.shop_mut(org)?;
        if let Some(customer) = &order.customer {
            shop.customers.insert(customer.id, customer.clone());
        }
        shop.orders.insert(order.id, order.clone());
        Ok(order)
    }
}
