//! Everything the simulator knows, under one lock.

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;
use jiff::Timestamp;

use super::delivery::Delivery;
use super::faults::Faults;
use super::ids::{BusinessId, PageId, PersonId};
use super::model::{Business, Code, Grant, Page, Person, Subscription};
use super::request_log::RequestLog;
use super::seed::{AppSeed, Seed};
use super::settings::Settings;
use super::token::Token;
use crate::haravan::Clock;
use crate::journal::{Journal, Kept, Table};

pub(super) struct State {
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
    pub(super) faults: Faults,
    /// Pages left out of `/me/accounts`.
    pub(super) hidden: BTreeSet<PageId>,
    /// Pages whose rows come without `access_token`.
    pub(super) without_token: BTreeSet<PageId>,
    /// Pages whose rows come without `tasks`.
    pub(super) without_tasks: BTreeSet<PageId>,
    pub(super) log: RequestLog,
    pub(super) public_url: Option<String>,
    pub(super) served_url: Option<String>,
    pub(super) time_scale: f64,
    pub(super) journal: Option<Journal>,
}

impl State {
    pub(super) fn new(seed: &Seed, clock: Clock) -> Self {
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
            log: RequestLog::default(),
            public_url: None,
            served_url: None,
            time_scale: 1.0,
            journal: None,
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Where browsers and apps reach the simulator, without a slash at the end.
    pub(super) fn base(&self) -> String {
        self.public_url.clone().or_else(|| self.served_url.clone()).unwrap_or_default()
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
