//! Pages against a small model: two tenants with two admin accounts each, four pages of both providers, connects that
//! read, wait and write late, ends and their finishing in any order, refreshes that stop anywhere, and webhooks between.
//!
//! What must hold after every step: a page belongs to one tenant at most, and an event goes to no other; an account's
//! counter is the number of its live pages and never above the limit; what is live has a token and is looked after; a
//! refresh token is never spent unnoticed.

use std::collections::{BTreeMap, BTreeSet};

use common::id::TenantId;
use common::store::claims::ClaimToken;
use common::store::connections::page::{Belongs, Profile};
use common::store::connections::{
    ConnectionRef, ConnectionStatus, Connections, Lease, NewPage, PageConnect, PageConnection, PageKey,
    Person, SealedTokens, Subject, reason,
};
use futures::future::join_all;
use jiff::Timestamp;
use proptest::prelude::*;

use super::{Tables, after, start};

const TENANTS: [&str; 2] = ["hat-mam", "gom-nha-may"];
const ACCOUNTS: [&str; 2] = ["17", "23"];
const PAGES: usize = 4;
const LIMIT: u32 = 2;
const WORKERS: usize = 3;

/// Tenant and page.
type Place = (usize, usize);

#[derive(Debug, Clone, Copy)]
enum Move {
    /// Reads the connection; the write comes with [`Move::Commit`].
    Begin {
        worker: usize,
        place: Place,
        account: usize,
    },
    Commit(usize),
    End(Place),
    FinishEnd {
        place: Place,
        late: bool,
    },
    Lease {
        worker: usize,
        place: Place,
    },
    /// The provider answers with a new pair; the worker may die before it is written.
    Rotate {
        worker: usize,
        crash: bool,
    },
    Revoked(Place),
    Pass(u64),
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let place = || (0..TENANTS.len(), 0..PAGES);
    let worker = || 0..WORKERS;
    let one = prop_oneof![
        5 => (worker(), place(), 0..ACCOUNTS.len())
            .prop_map(|(worker, place, account)| Move::Begin { worker, place, account }),
        5 => worker().prop_map(Move::Commit),
        3 => place().prop_map(Move::End),
        3 => (place(), prop::bool::weighted(0.2)).prop_map(|(place, late)| Move::FinishEnd { place, late }),
        4 => (worker(), place()).prop_map(|(worker, place)| Move::Lease { worker, place }),
        4 => (worker(), prop::bool::weighted(0.2)).prop_map(|(worker, crash)| Move::Rotate { worker, crash }),
        1 => place().prop_map(Move::Revoked),
        1 => prop_oneof![Just(1_u64), Just(61)].prop_map(Move::Pass),
    ];
    proptest::collection::vec(one, 1..60)
}

struct Play<'t> {
    connections: &'t Connections,
    /// Makes the accounts and pages of a case its own.
    case: u32,
    now: Timestamp,
    pairs: u32,
    /// Refresh tokens that the provider takes.
    taken_by_provider: BTreeSet<u32>,
    connecting: BTreeMap<usize, (NewPage, Option<PageConnection>)>,
    refreshing: BTreeMap<usize, (ConnectionRef, i64, u32)>,
}

fn blob(kind: &str, pair: u32) -> Vec<u8> {
    format!("{kind}-{pair}").into_bytes()
}

fn refresh_of(tokens: Option<&SealedTokens>) -> Option<u32> {
    let blob = tokens?.refresh.as_ref()?;
    std::str::from_utf8(blob).unwrap().strip_prefix("refresh-").unwrap().parse().ok()
}

impl Play<'_> {
    fn tenant(&self, place: Place) -> TenantId {
        TENANTS[place.0].parse().unwrap()
    }

    fn page(&self, place: Place) -> PageKey {
        let id = format!("{}{}", self.case, place.1);
        if place.1.is_multiple_of(2) {
            PageKey::Facebook(id.parse().unwrap())
        } else {
            PageKey::Zalo(id.parse().unwrap())
        }
    }

    fn account(&self, account: usize) -> String {
        format!("{}-{}", ACCOUNTS[account], self.case)
    }

    async fn stored(&self, place: Place) -> Option<PageConnection> {
        self.connections.page(&self.tenant(place), &self.page(place)).await.unwrap()
    }

    fn granted(&mut self) -> u32 {
        self.pairs += 1;
        self.taken_by_provider.insert(self.pairs);
        self.pairs
    }

    fn new_page(&mut self, place: Place, account: usize) -> NewPage {
        let pair = self.granted();
        new_page(self.tenant(place), self.page(place), self.account(account), pair)
    }

    async fn play(&mut self, step: Move) {
        match step {
            Move::Begin { worker, place, account } => {
                let new = self.new_page(place, account);
                let before = self.stored(place).await;
                self.connecting.insert(worker, (new, before));
            }
            Move::Commit(worker) => self.commit(worker).await,
            Move::End(place) => self.end(place).await,
            Move::FinishEnd { place, late } => self.finish_end(place, late).await,
            Move::Lease { worker, place } => self.lease(worker, place).await,
            Move::Rotate { worker, crash } => self.rotate(worker, crash).await,
            Move::Revoked(place) => {
                if let Some(page) = self.stored(place).await {
                    let (this, version) = (page.this(), page.token_version);
                    let changed = self
                        .connections
                        .needs_reconnect(&this, version, reason::REVOKED, true)
                        .await
                        .unwrap();
                    assert_eq!(changed, page.is_live());
                }
            }
            Move::Pass(seconds) => self.now = after(self.now, seconds),
        }
        self.compare().await;
    }

    async fn commit(&mut self, worker: usize) {
        let Some((new, before)) = self.connecting.remove(&worker) else { return };
        let owner = self.connections.owner(&Subject::Page(new.page.clone())).await.unwrap();
        let now = self.connections.page(&new.tenant, &new.page).await.unwrap();
        let used = self.connections.slots_used(&new.tenant, &new.account).await.unwrap();
        let unchanged =
            now.as_ref().map(|page| page.generation) == before.as_ref().map(|page| page.generation);
        let takes_slot = !before.as_ref().is_some_and(PageConnection::is_live);
        let done = self.connections.connect_page(&new, before.as_ref(), LIMIT, self.now).await.unwrap();
        let expected = if owner.is_some_and(|owner| owner != new.tenant) {
            PageConnect::Elsewhere
        } else if !unchanged {
            PageConnect::Changed
        } else if takes_slot && used >= i64::from(LIMIT) {
            PageConnect::LimitReached
        } else {
            PageConnect::Done(before.as_ref().map_or(0, |page| page.generation) + 1)
        };
        assert_eq!(done, expected);
        let after = self.connections.page(&new.tenant, &new.page).await.unwrap();
        if matches!(done, PageConnect::Done(_)) {
            let after = after.unwrap();
            assert_eq!(after.tokens, Some(new.tokens));
            let account = before.filter(PageConnection::is_live).map_or(new.account, |before| before.account);
            assert_eq!(after.account, account, "a page that was connected stays on its account");
        } else {
            let seen = |page: Option<PageConnection>| page.map(|page| (page.generation, page.token_version));
            assert_eq!(seen(after), seen(now), "a connect that was refused changed something");
        }
    }

    async fn end(&mut self, place: Place) {
        let Some(page) = self.stored(place).await else { return };
        let by = Person { id: "17".to_owned(), name: None, email: None };
        let ended =
            self.connections.end_page(&page, reason::BY_ADMIN, Some(&by), "r-1", self.now).await.unwrap();
        assert_eq!(ended, page.is_live());
    }

    async fn finish_end(&mut self, place: Place, late: bool) {
        let Some(page) = self.stored(place).await else { return };
        let this = ConnectionRef { generation: page.generation - i64::from(late), ..page.this() };
        let finished = self.connections.finish_end(&this).await.unwrap();
        assert!(!finished || (!late && !page.is_live()));
        if finished {
            let page = self.stored(place).await.unwrap();
            assert!(page.tokens.is_none() && page.due.is_none(), "undead: {page:?}");
        }
    }

    async fn lease(&mut self, worker: usize, place: Place) {
        let Some(page) = self.stored(place).await.filter(|_| !self.refreshing.contains_key(&worker)) else {
            return;
        };
        let owner = ClaimToken::random().unwrap();
        let leased =
            self.connections.lease_refresh(&page.this(), page.token_version, &owner, self.now).await.unwrap();
        if let Lease::Won(held) = leased {
            assert_ne!(held.status, ConnectionStatus::Disconnected);
            let refresh = refresh_of(held.tokens.as_ref()).unwrap();
            self.refreshing.insert(worker, (held.of, held.version, refresh));
        }
    }

    async fn rotate(&mut self, worker: usize, crash: bool) {
        let Some((of, version, refresh)) = self.refreshing.remove(&worker) else { return };
        if !self.taken_by_provider.remove(&refresh) {
            self.connections.needs_reconnect(&of, version, reason::REFRESH_LOST, false).await.unwrap();
            return;
        }
        let pair = self.granted();
        if crash {
            return;
        }
        let stored = self.connections.rotate(&of, version, &tokens(pair), self.now).await.unwrap();
        let now = self.connections.token_state(&of.tenant, &of.subject).await.unwrap().unwrap();
        let newer = now.of.generation > of.generation || now.version > version;
        assert!(newer, "the newest pair was lost: {now:?}");
        assert!(!stored || refresh_of(now.tokens.as_ref()) == Some(pair));
    }

    /// A webhook that comes now belongs to the tenant whose connection lives, and to nobody else.
    async fn events_go_home(&self) {
        for page in 0..PAGES {
            let mut homes = BTreeSet::new();
            for tenant in 0..TENANTS.len() {
                if self.stored((tenant, page)).await.is_some_and(|found| found.is_live()) {
                    homes.insert(self.tenant((tenant, page)));
                }
            }
            assert!(homes.len() <= 1, "a page of two tenants: {homes:?}");
            let belongs = self.connections.belongs(&self.page((0, page))).await.unwrap();
            match homes.pop_first() {
                Some(home) => assert_eq!(belongs, Belongs::To(home)),
                None => {
                    assert!(!matches!(belongs, Belongs::To(_)), "an event for nobody's page: {belongs:?}")
                }
            }
        }
    }

    async fn compare(&self) {
        self.events_go_home().await;
        for (tenant, name) in TENANTS.iter().enumerate() {
            let mut live: BTreeMap<String, u32> = BTreeMap::new();
            for page in 0..PAGES {
                let Some(found) = self.stored((tenant, page)).await else { continue };
                if found.is_live() {
                    *live.entry(found.account.clone()).or_default() += 1;
                    assert!(found.due.is_some(), "nobody looks after {found:?}");
                    let owner = self.connections.owner(&Subject::Page(found.page.clone())).await.unwrap();
                    assert_eq!(owner, Some(found.tenant.clone()), "a page of two tenants: {found:?}");
                }
                let spent = refresh_of(found.tokens.as_ref())
                    .is_some_and(|refresh| !self.taken_by_provider.contains(&refresh));
                assert!(
                    !spent || found.status != ConnectionStatus::Connected || found.refresh_started.is_some(),
                    "a refresh token was spent and nobody knows: {found:?}"
                );
            }
            for account in 0..ACCOUNTS.len() {
                let account = self.account(account);
                let used = self.connections.slots_used(&name.parse().unwrap(), &account).await.unwrap();
                let live = live.get(&account).copied().unwrap_or_default();
                assert_eq!(used, i64::from(live), "slots of {account}");
                assert!(live <= LIMIT);
            }
        }
    }
}

fn tokens(pair: u32) -> SealedTokens {
    SealedTokens { access: blob("access", pair), refresh: Some(blob("refresh", pair)), expires_at: None }
}

fn new_page(tenant: TenantId, page: PageKey, account: String, pair: u32) -> NewPage {
    let granted_by = matches!(page, PageKey::Facebook(_)).then(|| Person {
        id: "10220".to_owned(),
        name: Some("Thu Hà".to_owned()),
        email: None,
    });
    NewPage {
        tenant,
        page,
        profile: Profile { name: "Hạt Mầm".to_owned(), picture: None, kind: None },
        tokens: tokens(pair),
        scopes: Vec::new(),
        account: account.clone(),
        by: Person { id: account, name: None, email: None },
        granted_by,
        warnings: Vec::new(),
    }
}

#[test]
fn no_schedule_of_connects_ends_and_refreshes_shares_a_page_leaks_a_slot_or_loses_a_token() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let tables = runtime.block_on(Tables::open());
    let case = std::cell::Cell::new(100_u32);
    let cases = if std::env::var_os("DYNAMODB_ENDPOINT").is_some() { 12 } else { 40 };
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(moves in moves())| {
        case.set(case.get() + 1);
        let mut play = Play {
            connections: &tables.store.connections,
            case: case.get(),
            now: start(),
            pairs: 0,
            taken_by_provider: BTreeSet::new(),
            connecting: BTreeMap::new(),
            refreshing: BTreeMap::new(),
        };
        runtime.block_on(async {
            for step in moves {
                play.play(step).await;
            }
        });
    });
}

#[tokio::test]
async fn ten_connects_at_once_never_pass_the_limit() {
    let tables = Tables::open().await;
    let (connections, tenant): (_, TenantId) = (&tables.store.connections, "hat-mam".parse().unwrap());
    let pages: Vec<_> = (0..10)
        .map(|page| PageKey::Facebook(format!("77{page}").parse().unwrap()))
        .map(|page| new_page(tenant.clone(), page, "17".to_owned(), 1))
        .collect();
    let mut left: Vec<&NewPage> = pages.iter().collect();
    let mut done = 0;
    // An engine may give up transactions that meet; whoever was not answered asks again.
    for _ in 0..20 {
        let answers = join_all(left.iter().map(|new| connections.connect_page(new, None, 3, start()))).await;
        let answers: Vec<_> = left.iter().zip(answers).collect();
        done += answers.iter().filter(|(_, answer)| matches!(answer, Ok(PageConnect::Done(_)))).count();
        left = answers.into_iter().filter(|(_, answer)| answer.is_err()).map(|(new, _)| *new).collect();
        if left.is_empty() {
            break;
        }
    }
    assert_eq!((done, left.len()), (3, 0));
    assert_eq!(connections.slots_used(&tenant, "17").await.unwrap(), 3);
    assert_eq!(connections.pages(&tenant).await.unwrap().len(), 3);
}

#[tokio::test]
async fn of_two_tenants_that_connect_one_page_at_once_one_has_it() {
    let tables = Tables::open().await;
    let page = PageKey::Zalo("4318657068771012646".parse().unwrap());
    let of = |tenant: &str| new_page(tenant.parse().unwrap(), page.clone(), "17".to_owned(), 1);
    let (a, b) = (of(TENANTS[0]), of(TENANTS[1]));
    let connect = |new| tables.store.connections.connect_page(new, None, 3, start());
    let (first, second) = tokio::join!(connect(&a), connect(&b));
    let (mut first, mut second) = (first.ok(), second.ok());
    if first.is_none() {
        first = connect(&a).await.ok();
    }
    if second.is_none() {
        second = connect(&b).await.ok();
    }
    let mut answers = [first.unwrap(), second.unwrap()];
    answers.sort_by_key(|answer| !matches!(answer, PageConnect::Done(_)));
    assert_eq!(answers, [PageConnect::Done(1), PageConnect::Elsewhere]);
}

#[tokio::test]
async fn the_pages_of_a_person_are_found_across_tenants() {
    let tables = Tables::open().await;
    for (tenant, page) in [(TENANTS[0], "9001"), (TENANTS[1], "9002")] {
        let page = PageKey::Facebook(page.parse().unwrap());
        let new = new_page(tenant.parse().unwrap(), page, "17".to_owned(), 1);
        let done = tables.store.connections.connect_page(&new, None, 3, start()).await.unwrap();
        assert_eq!(done, PageConnect::Done(1));
    }
    let found = tables.store.connections.pages_of_person("10220").await.unwrap();
    let found: Vec<_> = found.iter().map(|(tenant, page)| format!("{tenant} {page}")).collect();
    assert_eq!(found, ["gom-nha-may facebook#9002", "hat-mam facebook#9001"]);
    assert!(tables.store.connections.pages_of_person("1").await.unwrap().is_empty());
}
