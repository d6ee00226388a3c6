//! Everything the simulator knows, under one lock, and what of it outlives the process.

use std::collections::{BTreeMap, BTreeSet};

use axum::Router;
use fastrand::Rng;
use jiff::Timestamp;

use super::delivery::Delivery;
use super::faults::Fault;
use super::ids::{BusinessId, PageId, PersonId};
use super::model::{Business, Code, Grant, Page, Person, Subscription};
use super::request_log::RecordedRequest;
use super::seed::{AppSeed, Seed};
use super::settings::Settings;
use super::simulator::Simulator;
use super::token::Token;
use super::{call, control};
use crate::sim::{Addresses, Clock, Faults, Faulty, Kept, Log, Parts, Party, Recorded, Sends, Table};

/// Everything the simulated Facebook knows.
pub struct State {
    pub(super) clock: Clock,
    /// Where the random numbers stand.
    pub(super) random: Kept<u64>,
    pub(super) app: AppSeed,
    /// People in the order the dialog offers them.
    pub(super) order: Vec<PersonId>,
    pub(super) people: Table<PersonId, Person>,
    pub(super) pages: BTreeMap<PageId, Page>,
    pub(super) businesses: BTreeMap<BusinessId, Business>,
    pub(super) grants: Table<PersonId, Grant>,
    pub(super) codes: Table<String, Code>,
    pub(super) tokens: Table<String, Token>,
    /// Browsers that are logged in, by cookie.
    pub(super) sessions: Table<String, PersonId>,
    pub(super) subscriptions: Table<PageId, Subscription>,
    pub(super) deliveries: Table<u64, Delivery>,
    pub(super) settings: Settings,
    pub(super) faults: Faults<Fault>,
    /// Pages left out of `/me/accounts`.
    pub(super) hidden: BTreeSet<PageId>,
    /// Pages whose rows come without `access_token`.
    pub(super) without_token: BTreeSet<PageId>,
    /// Pages whose rows come without `tasks`.
    pub(super) without_tasks: BTreeSet<PageId>,
    pub(super) log: Log<RecordedRequest>,
    pub(super) addresses: Addresses,
    pub(super) time_scale: f64,
}

impl Party for State {
    type Seed = Seed;

    const NAME: &'static str = "Facebook";

    fn new(seed: &Seed, clock: Clock) -> Self {
        Self {
            clock,
            random: Kept::from(seed.random),
            app: seed.app.clone(),
            order: seed.people.iter().map(|person| person.id).collect(),
            people: seed.people.iter().map(|person| (person.id, person.clone())).collect(),
            pages: seed.pages.iter().map(|page| (page.id, page.clone())).collect(),
            businesses: seed.businesses.iter().map(|business| (business.id, business.clone())).collect(),
            grants: Table::default(),
            codes: Table::default(),
            tokens: Table::default(),
            sessions: Table::default(),
            subscriptions: Table::default(),
            deliveries: Table::default(),
            settings: Settings::default(),
            faults: Faults::default(),
            hidden: BTreeSet::new(),
            without_token: BTreeSet::new(),
            without_tasks: BTreeSet::new(),
            log: Log::default(),
            addresses: Addresses::default(),
            time_scale: 1.0,
        }
    }

    /// The app, addresses and random numbers stay.
    fn renewed(&mut self, seed: &Seed) -> Self {
        let mut fresh = Self::new(seed, self.clock.clone());
        *fresh.random = *self.random;
        fresh.app = self.app.clone();
        fresh.addresses = self.addresses.clone();
        fresh.time_scale = self.time_scale;
        fresh
    }

    fn parts(&mut self) -> Parts<'_> {
        vec![
            ("random".into(), &mut self.random),
            ("person".into(), &mut self.people),
            ("grant".into(), &mut self.grants),
            ("code".into(), &mut self.codes),
            ("token".into(), &mut self.tokens),
            ("session".into(), &mut self.sessions),
            ("subscription".into(), &mut self.subscriptions),
            ("delivery".into(), &mut self.deliveries),
        ]
    }

    fn read_back(&mut self) {
        self.ground();
    }

    fn addresses(&mut self) -> &mut Addresses {
        &mut self.addresses
    }

    /// The dialog, Graph, pictures, and the control API below `/control`.
    fn router(simulator: &Simulator) -> Router {
        Router::new().nest("/control", control::router()).fallback(call::serve).with_state(simulator.clone())
    }
}

impl Faulty for State {
    type Fault = Fault;

    fn faults(&mut self) -> &mut Faults<Fault> {
        &mut self.faults
    }
}

impl Recorded for State {
    type Request = RecordedRequest;

    fn log(&mut self) -> &mut Log<RecordedRequest> {
        &mut self.log
    }
}

impl State {
    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Where browsers and apps reach the simulator, without a slash at the end.
    pub(super) fn base(&self) -> String {
        self.addresses.base().unwrap_or_default().to_owned()
    }

    /// Random letters and digits.
    pub(super) fn letters(&mut self, count: usize) -> String {
        let mut rng = Rng::with_seed(*self.random);
        let text = std::iter::repeat_with(|| rng.alphanumeric()).take(count).collect();
        *self.random = rng.get_seed();
        text
    }

    /// `{app-id}|{app-secret}`.
    pub(super) fn app_token(&self) -> String {
        format!("{}|{}", self.app.id, self.app.secret)
    }
}
