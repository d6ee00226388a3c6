//! Everything the simulator remembers, and the rules of codes and pairs (pages.md §2.3–§2.5).

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use fastrand::Rng;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::delivery::{ANSWER_WITHIN, Delivery};
use super::faults::Fault;
use super::ids::{AdminId, OaId};
use super::log::RecordedRequest;
use super::records::{Code, LivePair, Standing, Token, TokenCounts, TokenKind};
use super::refusal::Refusal;
use super::seed::{AdminSeed, AppSeed, OaSeed, Seed};
use super::settings::Settings;
use super::sign::code_challenge;
use super::simulator::Simulator;
use super::{control, errors, log, openapi, token, visit};
use crate::sim::clock::later;
use crate::sim::{Addresses, Clock, Faults, Faulty, Kept, Log, Parts, Party, Recorded, Sends, Table};

const CODE_LIFETIME: Duration = Duration::from_secs(600);
/// 25 hours; `expires_in` says so.
pub(super) const ACCESS_LIFETIME: Duration = Duration::from_secs(90_000);
/// "3 months".
const REFRESH_LIFETIME: Duration = Duration::from_secs(90 * 24 * 3600);

/// What is counted and outlives the process.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Counters {
    /// Codes, tokens, sessions and messages invented so far.
    pub invented: u64,
    /// Refreshes answered −14014, whosever token it was.
    pub refused_refreshes: u64,
    /// The whole ladder of retries failed: no event is sent any more.
    pub webhook_disabled: bool,
}

/// Everything the simulated Zalo knows.
pub struct State {
    pub(super) clock: Clock,
    pub(super) random: u64,
    pub(super) settings: Settings,
    pub(super) app: AppSeed,
    pub(super) oas: BTreeMap<OaId, OaSeed>,
    pub(super) admins: Vec<AdminSeed>,
    pub(super) addresses: Addresses,
    pub(super) faults: Faults<Fault>,
    pub(super) log: Log<RecordedRequest>,
    /// The clock minute the calls are counted for, and the calls.
    pub(super) window: (i64, u32),
    /// How much faster than the clock retries come due.
    pub(super) time_scale: f64,
    pub(super) sessions: Table<String, AdminId>,
    pub(super) standings: Table<OaId, Standing>,
    pub(super) codes: Table<String, Code>,
    pub(super) pairs: Table<OaId, LivePair>,
    /// Pairs given so far, lost and dead ones included.
    pub(super) generations: Table<OaId, u64>,
    pub(super) counts: Table<OaId, TokenCounts>,
    /// Every token ever given.
    pub(super) tokens: Table<String, Token>,
    /// By number, from 1.
    pub(super) deliveries: Table<u64, Delivery>,
    pub(super) counters: Kept<Counters>,
}

impl Party for State {
    type Seed = Seed;

    const NAME: &'static str = "Zalo";
    const ANSWER_WITHIN: Duration = ANSWER_WITHIN;

    fn new(seed: &Seed, clock: Clock) -> Self {
        Self {
            clock,
            random: seed.random,
            settings: Settings::default(),
            app: seed.app.clone(),
            oas: seed.oas.iter().map(|oa| (oa.oa_id.clone(), oa.clone())).collect(),
            admins: seed.admins.clone(),
            addresses: Addresses::default(),
            faults: Faults::default(),
            log: Log::default(),
            window: (0, 0),
            time_scale: 1.0,
            sessions: Table::default(),
            standings: Table::default(),
            codes: Table::default(),
            pairs: Table::default(),
            generations: Table::default(),
            counts: Table::default(),
            tokens: Table::default(),
            deliveries: Table::default(),
            counters: Kept::default(),
        }
    }

    /// Addresses and the speed of retries stay, and no code, token or message comes twice.
    fn renewed(&mut self, seed: &Seed) -> Self {
        let mut fresh = Self::new(seed, self.clock.clone());
        fresh.addresses = self.addresses.clone();
        fresh.time_scale = self.time_scale;
        fresh.counters.invented = self.counters.invented;
        fresh
    }

    fn parts(&mut self) -> Parts<'_> {
        vec![
            ("session".into(), &mut self.sessions),
            ("standing".into(), &mut self.standings),
            ("code".into(), &mut self.codes),
            ("pair".into(), &mut self.pairs),
            ("generation".into(), &mut self.generations),
            ("count".into(), &mut self.counts),
            ("token".into(), &mut self.tokens),
            ("delivery".into(), &mut self.deliveries),
            ("counters".into(), &mut self.counters),
        ]
    }

    fn read_back(&mut self) {
        self.ground();
    }

    fn addresses(&mut self) -> &mut Addresses {
        &mut self.addresses
    }

    /// Both hosts and the control API below `/control`.
    fn router(simulator: &Simulator) -> Router {
        let hosts = Router::new()
            .route("/v4/oa/permission", get(visit::open).post(visit::go_on))
            .route("/v4/oa/permission/error", get(visit::error))
            .route("/v4/oa/access_token", post(token::exchange))
            .route("/v2.0/oa/getoa", get(openapi::getoa))
            .route_layer(from_fn_with_state(simulator.clone(), log::record));
        Router::new()
            .merge(hosts)
            .route("/oa/{oa}/{file}", get(openapi::picture))
            .nest("/control", control::router())
            .with_state(simulator.clone())
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

    /// Where browsers and apps reach the router, without a slash at the end.
    pub(super) fn base(&self) -> &str {
        self.addresses.base().unwrap_or("https://zalo.example.test")
    }

    pub(super) fn oa(&self, oa: &OaId) -> Result<&OaSeed, Refusal> {
        self.oas.get(oa).ok_or_else(|| Refusal::UnknownOa(oa.clone()))
    }

    pub(super) fn admin(&self, admin: &AdminId) -> Result<&AdminSeed, Refusal> {
        let found = self.admins.iter().find(|one| one.admin_id == *admin);
        found.ok_or_else(|| Refusal::UnknownAdmin(admin.clone()))
    }

    pub(super) fn standing(&self, oa: &OaId) -> Standing {
        self.standings.get(oa).copied().unwrap_or_default()
    }

    /// The accounts a person may choose from.
    pub(super) fn offered_to(&self, admin: &AdminSeed) -> Vec<&OaSeed> {
        let theirs = admin.oas.iter().filter(|oa| !self.standing(oa).is_gone());
        theirs.filter_map(|oa| self.oas.get(oa)).collect()
    }

    /// The next number of an invented thing.
    pub(super) fn next_number(&mut self) -> u64 {
        self.counters.invented += 1;
        self.counters.invented
    }

    /// `{prefix}{number}` and random letters and digits up to `length`; never the same text twice.
    pub(super) fn invent(&mut self, prefix: &str, length: usize) -> String {
        let number = self.next_number();
        let mut rng = Rng::with_seed(self.random ^ number.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let mut text = format!("{prefix}{number:04}x");
        while text.len() < length {
            text.push(rng.alphanumeric());
        }
        text
    }

    pub(super) fn give_code(&mut self, oa: &OaId, challenge: Option<String>) -> String {
        let code = self.invent("ZSIMCODE", 64);
        let expires_at = later(self.now(), CODE_LIFETIME);
        let record = Code { oa: oa.clone(), challenge, expires_at, spent: false };
        self.codes.insert(code.clone(), record);
        code
    }

    /// Exchanges a code. A call with the right code and a wrong verifier spends it too: nothing is published, and that is
    /// the harder reading.
    pub(super) fn exchange(&mut self, code: &str, verifier: Option<&str>) -> Result<LivePair, i64> {
        let now = self.now();
        let known = self.codes.get_mut(&code.to_owned()).ok_or(errors::CODE)?;
        if known.spent || known.expires_at <= now {
            return Err(errors::CODE);
        }
        known.spent = true;
        let Code { oa, challenge, .. } = known.clone();
        if let Some(challenge) = challenge
            && verifier.is_none_or(|verifier| code_challenge(verifier) != challenge)
        {
            return Err(errors::VERIFIER);
        }
        if self.standing(&oa).is_gone() {
            return Err(errors::CODE);
        }
        if self.standing(&oa).is_cured_by_authorising() {
            self.standings.remove(&oa);
        }
        self.count(&oa, |counts| counts.exchanged += 1);
        Ok(self.give_pair(&oa))
    }

    /// Turns a refresh token into a new pair; both tokens of the old one are dead from here on.
    pub(super) fn refresh(&mut self, refresh_token: &str) -> Result<LivePair, i64> {
        let oa = self.owner_of(refresh_token, TokenKind::Refresh).cloned();
        let now = self.now();
        let live = oa.clone().filter(|oa| {
            let fits = |pair: &LivePair| pair.refresh_token == refresh_token && now < pair.refresh_expires_at;
            self.pairs.get(oa).is_some_and(fits) && !self.standing(oa).is_gone()
        });
        let Some(live) = live else {
            self.counters.refused_refreshes += 1;
            if let Some(oa) = oa {
                self.count(&oa, |counts| counts.refused += 1);
            }
            return Err(errors::REFRESH_TOKEN);
        };
        self.count(&live, |counts| counts.refreshed += 1);
        Ok(self.give_pair(&live))
    }

    /// The account whose token this is or was.
    pub(super) fn owner_of(&self, token: &str, kind: TokenKind) -> Option<&OaId> {
        self.tokens.get(token).filter(|known| known.kind == kind).map(|known| &known.oa)
    }

    /// Whether an account's events reach the app.
    pub(super) fn is_granted(&self, oa: &OaId) -> bool {
        self.pairs.contains_key(oa) && !self.standing(oa).is_gone()
    }

    fn give_pair(&mut self, oa: &OaId) -> LivePair {
        let length = self.settings.token_length;
        let now = self.now();
        let generation = self.generations.get(oa).copied().unwrap_or_default() + 1;
        let pair = LivePair {
            access_token: self.invent("ZSIMACCESS", length),
            access_expires_at: later(now, ACCESS_LIFETIME),
            refresh_token: self.invent("ZSIMREFRESH", length),
            refresh_expires_at: later(now, REFRESH_LIFETIME),
            generation,
        };
        let token = |kind| Token { oa: oa.clone(), kind };
        self.tokens.insert(pair.access_token.clone(), token(TokenKind::Access));
        self.tokens.insert(pair.refresh_token.clone(), token(TokenKind::Refresh));
        self.generations.insert(oa.clone(), generation);
        self.pairs.insert(oa.clone(), pair.clone());
        pair
    }

    fn count(&mut self, oa: &OaId, change: impl FnOnce(&mut TokenCounts)) {
        let mut counts = self.counts.get(oa).copied().unwrap_or_default();
        change(&mut counts);
        self.counts.insert(oa.clone(), counts);
    }
}
