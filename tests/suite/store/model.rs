//! The inbox and the claims against a small model: workers that crash between any two steps, come late, or never learn
//! what the CRM did.
//!
//! A worker goes: claim the event → claim the order → (known? settle) → look up in the CRM → create → record → settle.
//! The schedule decides who does its next step, when time passes, when upkeep runs, what is delivered again. A worker
//! whose event budget is over makes no more CRM calls (it is cut off), but its writes to the store may still arrive.

use std::collections::BTreeMap;

use common::haravan::webhook::Entity;
use common::id::OrderId;
use common::intake::delivery::EVENT_BUDGET;
use common::store::claims::{Claim, ClaimToken, Identity, Record};
use common::store::inbox::history::Ended;
use common::store::inbox::{EventKey, NewEvent, Put, Settlement, Status};
use jiff::Timestamp;
use proptest::prelude::*;

use super::{Tables, after, event, start, tenant};

#[derive(Debug, Clone, Copy)]
enum Move {
    Deliver(usize),
    Claim {
        worker: usize,
        event: usize,
    },
    Step(usize),
    /// The CRM commits, the worker hears nothing.
    StepWithLostAnswer(usize),
    GiveUp {
        worker: usize,
        park: bool,
    },
    Crash(usize),
    Pass {
        seconds: u64,
    },
    Upkeep,
    RetryByHand(usize),
}

const WORKERS: usize = 3;
const EVENTS: usize = 2;

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        2 => (0..EVENTS).prop_map(Move::Deliver),
        5 => (0..WORKERS, 0..EVENTS).prop_map(|(worker, event)| Move::Claim { worker, event }),
        9 => (0..WORKERS).prop_map(Move::Step),
        2 => (0..WORKERS).prop_map(Move::StepWithLostAnswer),
        2 => (0..WORKERS, any::<bool>()).prop_map(|(worker, park)| Move::GiveUp { worker, park }),
        2 => (0..WORKERS).prop_map(Move::Crash),
        3 => prop_oneof![Just(1_u64), Just(60), Just(101), Just(160)].prop_map(|seconds| Move::Pass { seconds }),
        3 => Just(Move::Upkeep),
        1 => (0..EVENTS).prop_map(Move::RetryByHand),
    ];
    proptest::collection::vec(one, 5..45)
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum At {
    ClaimOrder,
    LookUp,
    Create,
    Record,
    Settle,
}

#[derive(Debug, Clone)]
struct Worker {
    event: usize,
    token: ClaimToken,
    began: Timestamp,
    at: At,
    /// The CRM may have written without our hearing of it: claims are kept.
    unknown: bool,
}

/// What the store must say of an event, worked out from what was done alone.
#[derive(Debug, Clone, PartialEq)]
enum Model {
    Ready,
    Working(ClaimToken),
    Waiting,
    Done,
    Parked,
}

struct Play {
    tables: Tables,
    order: i64,
    now: Timestamp,
    events: Vec<NewEvent>,
    model: BTreeMap<usize, Model>,
    workers: Vec<Option<Worker>>,
    /// How many orders the CRM has made.
    crm: usize,
}

impl Play {
    async fn play(&mut self, step: Move) {
        match step {
            Move::Deliver(event) => self.deliver(event).await,
            Move::Claim { worker, event } => self.claim(worker, event).await,
            Move::Step(worker) => self.step(worker, false).await,
            Move::StepWithLostAnswer(worker) => self.step(worker, true).await,
            Move::GiveUp { worker, park } => self.give_up(worker, park).await,
            Move::Crash(worker) => self.workers[worker] = None,
            Move::Pass { seconds } => self.now = after(self.now, seconds),
            Move::Upkeep => self.upkeep().await,
            Move::RetryByHand(event) => {
                let was_parked = self.model.get(&event) == Some(&Model::Parked);
                let done = self.tables.store.inbox.retry(&self.events[event].key, self.now).await.unwrap();
                assert_eq!(done, was_parked);
                if done {
                    self.model.insert(event, Model::Ready);
                }
            }
        }
        self.compare().await;
    }

    async fn deliver(&mut self, event: usize) {
        let known = self.model.contains_key(&event);
        let put = self.tables.store.inbox.put(&self.events[event]).await.unwrap();
        assert_eq!(put, if known { Put::Duplicate } else { Put::Stored });
        self.model.entry(event).or_insert(Model::Ready);
    }

    async fn claim(&mut self, worker: usize, event: usize) {
        if self.workers[worker].is_some() {
            return;
        }
        let token = ClaimToken::random().unwrap();
        let ready = self.model.get(&event) == Some(&Model::Ready);
        let claimed = self.tables.store.inbox.claim(&self.events[event].key, &token, self.now).await.unwrap();
        assert_eq!(claimed.is_some(), ready);
        if ready {
            self.model.insert(event, Model::Working(token.clone()));
            self.workers[worker] =
                Some(Worker { event, token, began: self.now, at: At::ClaimOrder, unknown: false });
        }
    }

    async fn step(&mut self, worker: usize, answer_lost: bool) {
        let Some(mut working) = self.workers[worker].take() else { return };
        let identity = Identity::order(&tenant(), OrderId(self.order));
        let claims = &self.tables.store.claims;
        let cut_off = self.now >= working.began + EVENT_BUDGET;
        working.at = match working.at {
            At::LookUp | At::Create if cut_off => return self.workers[worker] = None,
            At::ClaimOrder => match claims.claim(&identity, &working.token, self.now).await.unwrap() {
                Claim::Won(record) if record.code.is_some() => {
                    claims.release(&identity, &working.token).await.unwrap();
                    At::Settle
                }
                Claim::Won(_) => At::LookUp,
                Claim::Held { .. } => {
                    let waiting = Settlement::Later {
                        due: after(self.now, 5),
                        counts: false,
                        reason: "busy",
                        detail: None,
                    };
                    return self.settle(working, waiting, Model::Waiting).await;
                }
            },
            At::LookUp if self.crm > 0 => At::Record,
            At::LookUp => At::Create,
            At::Create => {
                self.crm += 1;
                if answer_lost {
                    working.unknown = true;
                    let waiting = Settlement::Later {
                        due: after(self.now, 5),
                        counts: true,
                        reason: "unknown",
                        detail: None,
                    };
                    return self.settle(working, waiting, Model::Waiting).await;
                }
                At::Record
            }
            At::Record => {
                let record = Record { code: Some("HRV-1".to_owned()), version: Some(1) };
                claims.complete(&identity, &working.token, &record).await.unwrap();
                At::Settle
            }
            At::Settle => {
                let done = Settlement::Done {
                    reason: None,
                    crm_code: Some("HRV-1".to_owned()),
                    warnings: Vec::new(),
                };
                return self.settle(working, done, Model::Done).await;
            }
        };
        self.workers[worker] = Some(working);
    }

    /// A known failure: give the claim back, then wait or park.
    async fn give_up(&mut self, worker: usize, park: bool) {
        let Some(working) = self.workers[worker].take() else { return };
        if working.at != At::ClaimOrder && !working.unknown {
            let identity = Identity::order(&tenant(), OrderId(self.order));
            self.tables.store.claims.release(&identity, &working.token).await.unwrap();
        }
        if park {
            self.settle(working, Settlement::Parked { reason: "refused", detail: None }, Model::Parked).await;
        } else {
            let waiting =
                Settlement::Later { due: after(self.now, 5), counts: true, reason: "failed", detail: None };
            self.settle(working, waiting, Model::Waiting).await;
        }
    }

    async fn settle(&mut self, working: Worker, settlement: Settlement, to: Model) {
        let key = &self.events[working.event].key;
        let ours = self.model[&working.event] == Model::Working(working.token.clone());
        let done =
            self.tables.store.inbox.settle(key, &working.token, &settlement, 1, self.now).await.unwrap();
        assert_eq!(done, ours, "only the claim's holder settles");
        if ours {
            self.model.insert(working.event, to);
        }
    }

    async fn upkeep(&mut self) {
        for (event, model) in self.model.clone() {
            let key = self.events[event].key.clone();
            if self.tables.store.inbox.wake(&key, self.now).await.unwrap().is_some() {
                assert!(!matches!(model, Model::Done | Model::Parked), "what is finished stays finished");
                self.model.insert(event, Model::Ready);
            }
        }
    }

    async fn compare(&self) {
        for (event, model) in &self.model {
            let stored = self
                .tables
                .store
                .inbox
                .get(&self.events[*event].key)
                .await
                .unwrap()
                .expect("nothing is lost");
            let expected = match model {
                Model::Ready => Status::Ready,
                Model::Working(_) => Status::Working,
                Model::Waiting => Status::Waiting,
                Model::Done => Status::Done,
                Model::Parked => Status::Parked,
            };
            assert_eq!(stored.status, expected);
        }
        assert!(self.crm <= 1, "the order is in the CRM {} times", self.crm);
    }

    /// Lets everything come to its end without further faults.
    async fn finish(&mut self) {
        self.workers = vec![None; WORKERS];
        for _ in 0..20 {
            self.now = after(self.now, 160);
            for event in self.model.keys().copied().collect::<Vec<_>>() {
                self.play(Move::RetryByHand(event)).await;
            }
            self.upkeep().await;
            for event in self.model.keys().copied().collect::<Vec<_>>() {
                self.claim(0, event).await;
                while self.workers[0].is_some() {
                    self.step(0, false).await;
                }
            }
        }
        self.compare().await;
        assert!(self.model.values().all(|model| *model == Model::Done), "{:?}", self.model);
        assert_eq!(self.crm, usize::from(!self.model.is_empty()));
        for event in self.model.keys() {
            let key = &self.events[*event].key;
            let about =
                self.tables.store.inbox.about(&tenant(), Entity::Order, &self.order.to_string()).await;
            let ended = about.unwrap().into_iter().find(|event| event.key == *key).unwrap().history;
            assert_eq!(ended.last().unwrap().ended, Ended::Done);
        }
    }
}

fn keys_differ(events: &[NewEvent]) -> bool {
    events.iter().map(|event| &event.key).collect::<std::collections::BTreeSet<&EventKey>>().len()
        == events.len()
}

#[test]
fn no_schedule_of_crashes_and_late_workers_loses_or_doubles_an_order() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let tables = runtime.block_on(Tables::open());
    let order = std::cell::Cell::new(0_i64);
    let tables = std::cell::RefCell::new(Some(tables));
    let cases = if std::env::var_os("DYNAMODB_ENDPOINT").is_some() { 24 } else { 96 };
    proptest!(ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }, |(moves in moves())| {
        order.set(order.get() + 1);
        let events: Vec<NewEvent> = (0..EVENTS).map(|version| event(order.get(), format!("{{\"v\":{version}}}").as_bytes(), start())).collect();
        assert!(keys_differ(&events));
        let mut play = Play {
            tables: tables.borrow_mut().take().unwrap(),
            order: order.get(),
            now: start(),
            events,
            model: BTreeMap::new(),
            workers: vec![None; WORKERS],
            crm: 0,
        };
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            runtime.block_on(async {
                for step in moves {
                    play.play(step).await;
                }
                play.finish().await;
            });
        }));
        tables.replace(Some(play.tables));
        if let Err(panic) = outcome {
            std::panic::resume_unwind(panic);
        }
    });
}
