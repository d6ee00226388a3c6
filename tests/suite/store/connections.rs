//! Connections against a small model: two tenants and two shops, connects and ends that stop between their steps,
//! refreshes that come late, never learn what Haravan did, or crash with the new pair in hand, and webhooks after the end.
//!
//! What the model knows beside the store is Haravan's side: which refresh tokens it still takes.

use std::collections::{BTreeMap, BTreeSet};

use common::id::{OrgId, TenantId};
use common::store::claims::ClaimToken;
use common::store::connections::{
    Connect, ConnectionRef, ConnectionStatus, Connections, Due, Lease, NewShop, REFRESH_LEASE, SealedTokens,
    ShopConnection, Subject, WATCH_SHARDS, reason,
};
use jiff::Timestamp;
use proptest::prelude::*;

use super::{Tables, after, start};

const TENANTS: [&str; 2] = ["hat-mam", "gom-nha-may"];
const SHOPS: usize = 2;
const WORKERS: usize = 3;

type Place = (usize, usize);

#[derive(Debug, Clone, Copy)]
enum Move {
    /// Haravan grants; the write happens, or the process dies before it.
    Connect {
        place: Place,
        crash: bool,
    },
    /// Of the generation that is there, or of one before.
    End {
        place: Place,
        late: bool,
    },
    FinishEnd {
        place: Place,
        late: bool,
    },
    Lease {
        worker: usize,
        place: Place,
    },
    /// Sends the refresh token; the answer may be lost.
    Send {
        worker: usize,
        lost: bool,
    },
    Store(usize),
    Crash(usize),
    LateWebhook(Place),
    NoteTopics(Place),
    Refused(Place),
    Upkeep,
    Pass(u64),
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let place = || (0..TENANTS.len(), 0..SHOPS);
    let worker = || 0..WORKERS;
    let one = prop_oneof![
        4 => (place(), prop::bool::weighted(0.2)).prop_map(|(place, crash)| Move::Connect { place, crash }),
        2 => (place(), prop::bool::weighted(0.2)).prop_map(|(place, late)| Move::End { place, late }),
        2 => (place(), prop::bool::weighted(0.2)).prop_map(|(place, late)| Move::FinishEnd { place, late }),
        5 => (worker(), place()).prop_map(|(worker, place)| Move::Lease { worker, place }),
        5 => (worker(), prop::bool::weighted(0.2)).prop_map(|(worker, lost)| Move::Send { worker, lost }),
        5 => worker().prop_map(Move::Store),
        1 => worker().prop_map(Move::Crash),
        1 => place().prop_map(Move::LateWebhook),
        1 => place().prop_map(Move::NoteTopics),
        1 => place().prop_map(Move::Refused),
        1 => Just(Move::Upkeep),
        2 => prop_oneof![Just(1_u64), Just(30), Just(61)].prop_map(Move::Pass),
    ];
    proptest::collection::vec(one, 1..50)
}

/// Who refreshes, and how far they are.
#[derive(Debug, Clone)]
struct Worker {
    shop: ConnectionRef,
    version: i64,
    owner: ClaimToken,
    step: Step,
}

#[derive(Debug, Clone, Copy)]
enum Step {
    /// Holds the right; whether Haravan may have seen the refresh token, now or in an earlier refresh.
    Leased { refresh: i64, seen: bool },
    /// Holds the new pair.
    Fresh(i64),
    /// Was refused.
    Refused,
}

struct Play<'t> {
    shops: &'t Connections,
    first_org: i64,
    now: Timestamp,
    /// Numbers the pairs.
    pairs: i64,
    /// The refresh tokens Haravan takes.
    taken_by_haravan: BTreeSet<i64>,
    /// Ends that were finished, and no connect since.
    finished: BTreeSet<Place>,
    workers: BTreeMap<usize, Worker>,
}

fn tokens(pair: i64) -> SealedTokens {
    let blob = |kind: &str| format!("{kind}-{pair}").into_bytes();
    SealedTokens { access: blob("access"), refresh: Some(blob("refresh")), expires_at: None }
}

fn refresh_of(shop: &ShopConnection) -> Option<i64> {
    refresh_in(shop.tokens.as_ref())
}

fn refresh_in(tokens: Option<&SealedTokens>) -> Option<i64> {
    let blob = tokens?.refresh.as_ref()?;
    std::str::from_utf8(blob).unwrap().strip_prefix("refresh-").unwrap().parse().ok()
}

impl Play<'_> {
    fn tenant(&self, place: Place) -> TenantId {
        TENANTS[place.0].parse().unwrap()
    }

    fn org(&self, place: Place) -> OrgId {
        OrgId(self.first_org + i64::try_from(place.1).unwrap())
    }

    async fn shop(&self, place: Place) -> Option<ShopConnection> {
        self.shops.shop(&self.tenant(place), self.org(place)).await.unwrap()
    }

    fn granted(&mut self) -> i64 {
        self.pairs += 1;
        self.taken_by_haravan.insert(self.pairs);
        self.pairs
    }

    async fn due(&self, at: Timestamp) -> BTreeSet<Place> {
        let mut due = BTreeSet::new();
        for shard in 0..WATCH_SHARDS {
            for found in self.shops.due(shard, at, 1000).await.unwrap() {
                let Due::Shop(tenant, org) = found else { continue };
                let shop = usize::try_from(org.0 - self.first_org).ok().filter(|shop| *shop < SHOPS);
                let tenant = TENANTS.iter().position(|known| *known == tenant.as_str()).unwrap();
                due.extend(shop.map(|shop| (tenant, shop)));
            }
        }
        due
    }

    async fn play(&mut self, step: Move) {
        match step {
            Move::Connect { place, crash } => self.connect(place, crash).await,
            Move::End { place, late } => self.end(place, late).await,
            Move::FinishEnd { place, late } => self.finish_end(place, late).await,
            Move::Lease { worker, place } => self.lease(worker, place).await,
            Move::Send { worker, lost } => self.send(worker, lost),
            Move::Store(worker) => self.store(worker).await,
            Move::Crash(worker) => drop(self.workers.remove(&worker)),
            Move::LateWebhook(place) => {
                let lives = self.lives(place).await;
                let (tenant, org) = (self.tenant(place), self.org(place));
                assert_eq!(self.shops.suspect(&tenant, &Subject::Shop(org), self.now).await.unwrap(), lives);
            }
            Move::NoteTopics(place) => {
                if let Some(shop) = self.shop(place).await {
                    let topics = ["orders/create".to_owned()];
                    assert!(self.shops.note_topics(&shop.this(), &topics, self.now).await.unwrap());
                }
            }
            Move::Refused(place) => {
                if let Some(shop) = self.shop(place).await {
                    let (this, version) = (shop.this(), shop.token_version);
                    let why = reason::TOKEN_REFUSED;
                    let changed = self.shops.needs_reconnect(&this, version, why, true).await.unwrap();
                    assert_eq!(changed, shop.status != ConnectionStatus::Disconnected);
                }
            }
            Move::Upkeep => self.upkeep().await,
            Move::Pass(seconds) => self.now = after(self.now, seconds),
        }
        self.compare().await;
    }

    async fn lives(&self, place: Place) -> bool {
        self.shop(place).await.is_some_and(|shop| shop.status != ConnectionStatus::Disconnected)
    }

    async fn connect(&mut self, place: Place, crash: bool) {
        let pair = self.granted();
        if crash {
            return;
        }
        let (before, owner) =
            (self.shop(place).await, self.shops.owner(&Subject::Shop(self.org(place))).await.unwrap());
        let new = NewShop {
            tenant: self.tenant(place),
            org: self.org(place),
            shop_domain: None,
            shop_name: None,
            tokens: tokens(pair),
            scopes: Vec::new(),
            by: None,
        };
        let done = self.shops.connect(&new, self.now).await.unwrap();
        let free = owner.is_none_or(|owner| owner == new.tenant);
        assert_eq!(done, if free { Connect::Done } else { Connect::Elsewhere });
        let now = self.shop(place).await;
        let (before, after) = (before.map(|shop| shop.generation), now.as_ref().map(|shop| shop.generation));
        if free {
            assert_eq!(after, Some(before.unwrap_or_default() + 1));
            assert_eq!(now.as_ref().and_then(refresh_of), Some(pair));
            self.finished.remove(&place);
        } else {
            assert_eq!(after, before, "a connect elsewhere changed something");
        }
    }

    async fn end(&mut self, place: Place, late: bool) {
        let Some(shop) = self.shop(place).await else { return };
        let this = ConnectionRef { generation: shop.generation - i64::from(late), ..shop.this() };
        let ended = self.shops.end(&this, reason::BY_ADMIN, self.now).await.unwrap();
        assert_eq!(ended, !late && shop.status != ConnectionStatus::Disconnected);
    }

    async fn finish_end(&mut self, place: Place, late: bool) {
        let Some(shop) = self.shop(place).await else { return };
        let this = ConnectionRef { generation: shop.generation - i64::from(late), ..shop.this() };
        let finished = self.shops.finish_end(&this).await.unwrap();
        if shop.status != ConnectionStatus::Disconnected || late {
            assert!(!finished);
        }
        if finished {
            self.finished.insert(place);
        }
    }

    async fn lease(&mut self, worker: usize, place: Place) {
        let Some(shop) = self.shop(place).await.filter(|_| !self.workers.contains_key(&worker)) else {
            return;
        };
        let owner = ClaimToken::random().unwrap();
        let (this, version) = (shop.this(), shop.token_version);
        match self.shops.lease_refresh(&this, version, &owner, self.now).await.unwrap() {
            Lease::Lost(now) => assert_eq!(now.map(|now| now.of.generation), Some(shop.generation)),
            Lease::Won(before) => {
                assert_ne!(before.status, ConnectionStatus::Disconnected);
                let step = Step::Leased {
                    refresh: refresh_in(before.tokens.as_ref()).unwrap(),
                    seen: before.refresh_started.is_some(),
                };
                self.workers.insert(worker, Worker { shop: this, version, owner, step });
            }
        }
    }

    fn send(&mut self, worker: usize, lost: bool) {
        let Some(Step::Leased { refresh, seen }) = self.workers.get(&worker).map(|worker| worker.step) else {
            return;
        };
        let step = if !self.taken_by_haravan.remove(&refresh) {
            // Who lost an answer before does not learn anything new.
            if lost { Step::Leased { refresh, seen } } else { Step::Refused }
        } else {
            let pair = self.granted();
            if lost { Step::Leased { refresh, seen: true } } else { Step::Fresh(pair) }
        };
        self.workers.entry(worker).and_modify(|worker| worker.step = step);
    }

    /// What a worker writes in the end.
    async fn store(&mut self, worker: usize) {
        let Some(Worker { shop, version, owner, step }) = self.workers.remove(&worker) else { return };
        match step {
            Step::Leased { seen, .. } => {
                self.shops.release_refresh(&shop, &owner, seen).await.unwrap();
            }
            Step::Refused => {
                let why = reason::REFRESH_REFUSED;
                self.shops.needs_reconnect(&shop, version, why, false).await.unwrap();
            }
            Step::Fresh(pair) => {
                let stored = self.shops.rotate(&shop, version, &tokens(pair), self.now).await.unwrap();
                let now = self.shops.token_state(&shop.tenant, &shop.subject).await.unwrap().unwrap();
                if stored {
                    let refresh = refresh_in(now.tokens.as_ref());
                    assert_eq!((now.status, refresh), (ConnectionStatus::Connected, Some(pair)));
                } else {
                    let newer = now.of.generation > shop.generation || now.version > version;
                    assert!(newer, "the newest pair was lost: {now:?}");
                }
            }
        }
    }

    /// Finishes the ends that were cut off, as upkeep finds them.
    async fn upkeep(&mut self) {
        for place in self.due(self.now).await {
            self.finish_end(place, false).await;
        }
    }

    async fn compare(&self) {
        for shop in 0..SHOPS {
            let mut holders = Vec::new();
            for tenant in 0..TENANTS.len() {
                let place = (tenant, shop);
                let Some(found) = self.shop(place).await else { continue };
                if found.status != ConnectionStatus::Disconnected || found.tokens.is_some() {
                    holders.push(self.tenant(place));
                    assert!(found.due.is_some(), "nobody looks after {found:?}");
                }
                if self.finished.contains(&place) {
                    assert!(found.tokens.is_none() && found.due.is_none(), "undead: {found:?}");
                }
                self.nothing_is_lost(&found);
            }
            assert!(holders.len() <= 1, "a shop of two tenants: {holders:?}");
            if let [holder] = holders.as_slice() {
                let owner = self.shops.owner(&Subject::Shop(self.org((0, shop)))).await.unwrap();
                assert_eq!(owner.as_ref(), Some(holder), "a shop's claim is not its holder's");
            }
        }
    }

    /// A refresh token that is stored works at Haravan, or its successor is on its way, or it is noted as spent.
    fn nothing_is_lost(&self, shop: &ShopConnection) {
        let Some(refresh) = refresh_of(shop).filter(|_| shop.status == ConnectionStatus::Connected) else {
            return;
        };
        let on_its_way = self.workers.values().any(|worker| {
            worker.shop == shop.this()
                && worker.version == shop.token_version
                && matches!(worker.step, Step::Fresh(_))
        });
        assert!(
            self.taken_by_haravan.contains(&refresh) || on_its_way || shop.refresh_started.is_some(),
            "a refresh token was spent and nobody knows: {shop:?}"
        );
    }

    /// Lets everything come to its end: all that was begun is stored, every shop is ended, and nothing stays behind.
    async fn finish(&mut self) {
        for worker in 0..WORKERS {
            self.store(worker).await;
        }
        self.now += REFRESH_LEASE;
        for tenant in 0..TENANTS.len() {
            for shop in 0..SHOPS {
                self.end((tenant, shop), false).await;
            }
        }
        self.upkeep().await;
        self.compare().await;
        assert_eq!(self.due(after(self.now, 1_000_000)).await, BTreeSet::new());
        for shop in 0..SHOPS {
            assert_eq!(self.shops.owner(&Subject::Shop(self.org((0, shop)))).await.unwrap(), None);
        }
    }
}

#[test]
fn no_schedule_of_crashes_and_late_writes_shares_a_shop_revives_a_dead_one_or_loses_a_token() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let tables = runtime.block_on(Tables::open());
    let org = std::cell::Cell::new(0_i64);
    let cases = if std::env::var_os("DYNAMODB_ENDPOINT").is_some() { 16 } else { 48 };
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(moves in moves())| {
        org.set(org.get() + 10);
        let mut play = Play {
            shops: &tables.store.connections,
            first_org: org.get(),
            now: start(),
            pairs: 0,
            taken_by_haravan: BTreeSet::new(),
            finished: BTreeSet::new(),
            workers: BTreeMap::new(),
        };
        runtime.block_on(async {
            for step in moves {
                play.play(step).await;
            }
            play.finish().await;
        });
    });
}
