//! The inbox: every received event, from its one put to its end (table *inbox*).
//!
//! An item is dedup record **and** outbox entry. Intake is one conditional put: the key is the entity and a digest of
//! topic and body, so a failed condition *is* a duplicate, and two versions of one entity are two items.
//!
//! ```text
//!         put (webhook, later: reconciliation, import)
//!             │
//! ┌──────► ready ──claim──► working ──finish──► done (expires)
//! │           ▲               │  │
//! │  wake, lease expired ─────┘  ├──reschedule──► waiting
//! └── wake, when due ────────────┼─────────────────┘
//!                                └──park──► parked ──retry (by hand)──► ready
//! ```
//!
//! Invariants, driven by a property test against a model:
//! - Only the holder of the claim's token can finish, reschedule or park; a late worker changes nothing.
//! - Every event is on one list of the index. Everything that is not done and not parked is on a *watch list* with the
//!   time at which upkeep looks at it: the stream makes things fast, the watch list makes them certain. What is done or
//!   parked is on a list of its tenant's, by the time it was received, for people to look through ([`listing`]).
//! - What pages send lies here too, and has no part in this: it is *kept* until it expires ([`pages`]).
//! - The list changes once on the happy way (put → claim → finish): the index costs one write unit when the item appears
//!   and two when it moves.

pub mod address;
mod hand;
pub mod history;
pub mod key;
pub mod listing;
pub mod pages;
pub mod usage;

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use jiff::Timestamp;

use self::history::Step;
pub use self::key::EventKey;
use super::StoreError;
use super::claims::ClaimToken;
use super::item::{Item, ItemExt, b, list, n, s};
use super::schema::inbox::{
    ATTEMPTS, BODY, CLAIM, CRM_CALLS, CRM_CODE, DETAIL, DIGEST, DUE, EXPIRY, HISTORY, KEY, LEASE, ORG, PARTS,
    REASON, RECEIVED, STATUS, TOPIC, TRACE, VERSION, WARNINGS, WATCH, WATCH_INDEX,
};
use crate::clock::millis;
use crate::haravan::webhook::{Entity, Topic};
use crate::id::{OrgId, TenantId};
use crate::reason::RETRY_CANNOT_HELP;
use crate::trace::TraceId;

/// How many watch lists the open events are spread over, so that no index partition is hot.
pub const WATCH_SHARDS: u8 = 16;

/// How long a fresh event may stay unclaimed before upkeep wakes it again.
pub const GRACE: Duration = Duration::from_secs(120);

/// How long a claimed event is its worker's own.
pub const LEASE_TIME: Duration = super::claims::LEASE_TIME;

/// How long a done event is kept: well past the 48 hours in which Haravan repeats (haravan.md §2.8).
pub const KEEP_DONE: Duration = Duration::from_secs(30 * 24 * 3600);

/// Steps of a history after which further waits are no longer noted, so that the item stays small.
const MOST_STEPS: i64 = 12;

/// A DynamoDB item may have 400 KB; a longer compressed body continues in items of its own.
const PART_BYTES: usize = 350_000;

fn open_shard(shard: u8) -> String {
    format!("open#{shard}")
}

/// Where an event stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// To be worked on.
    Ready,
    /// A worker has it.
    Working,
    /// To be tried again later.
    Waiting,
    /// Finished; nothing more will happen.
    Done,
    /// Set aside for a person.
    Parked,
    /// Stored for the CRM; nobody works on it yet ([`pages`]).
    Kept,
}

impl Status {
    /// Every status, each once.
    pub const ALL: [Self; 6] =
        [Self::Ready, Self::Working, Self::Waiting, Self::Done, Self::Parked, Self::Kept];

    /// The word as stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Working => "working",
            Self::Waiting => "waiting",
            Self::Done => "done",
            Self::Parked => "parked",
            Self::Kept => "kept",
        }
    }

    fn read(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }

    /// Where an item stands; `None` for the further parts of a large body.
    pub fn of(item: &Item) -> Option<Self> {
        Self::read(item.text(STATUS)?)
    }
}

/// An event to be stored.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// Its key.
    pub key: EventKey,
    /// Topic.
    pub topic: Topic,
    /// Shop.
    pub org: OrgId,
    /// Compressed body ([`crate::body::pack`]).
    pub body: Vec<u8>,
    /// The entity's version.
    pub updated_at: Option<Timestamp>,
    /// When it arrived.
    pub received_at: Timestamp,
    /// Set aside at once, for this reason, because nothing can be read in it.
    pub parked: Option<&'static str>,
    /// The trace of the delivery that brought it.
    pub trace: TraceId,
}

/// What a put found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// It was new and is stored.
    Stored,
    /// It was there already.
    Duplicate,
}

/// An event as stored.
#[derive(Debug, Clone)]
pub struct Event {
    /// Its key.
    pub key: EventKey,
    /// Topic.
    pub topic: Topic,
    /// Shop.
    pub org: OrgId,
    /// Compressed body; see [`Inbox::whole_body`] when [`Event::parts`] is not zero.
    pub body: Vec<u8>,
    /// How many further items hold the rest of the body.
    pub parts: i64,
    /// The entity's version, unix microseconds.
    pub version: Option<i64>,
    /// When it arrived.
    pub received_at: Timestamp,
    /// Where it stands.
    pub status: Status,
    /// Attempts so far.
    pub attempts: i64,
    /// When upkeep looks at it next.
    pub due: Option<Timestamp>,
    /// Reason code of the last outcome.
    pub reason: Option<String>,
    /// The reason's detail.
    pub detail: Option<String>,
    /// The CRM's code of what it became.
    pub crm_code: Option<String>,
    /// Warnings, as codes.
    pub warnings: Vec<String>,
    /// What happened to it so far, the earliest first.
    pub history: Vec<Step>,
    /// The trace of the delivery that brought it; `None` for what was stored before there were any.
    pub trace: Option<TraceId>,
    /// Calls made to the CRM for it so far.
    pub crm_calls: i64,
}

impl Event {
    /// Reads an item.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] names the attribute.
    pub fn read(item: &Item) -> Result<Self, StoreError> {
        let instant =
            |millis: i64| Timestamp::from_millisecond(millis).map_err(|_| StoreError::Corrupt(RECEIVED));
        Ok(Self {
            key: EventKey {
                entity: item.must_text(KEY)?.to_owned(),
                digest: item.must_text(DIGEST)?.to_owned(),
            },
            topic: item.must_text(TOPIC)?.parse().map_err(|_| StoreError::Corrupt(TOPIC))?,
            org: OrgId(item.must_number(ORG)?),
            body: item.bytes(BODY).ok_or(StoreError::Corrupt(BODY))?.to_vec(),
            parts: item.number(PARTS).unwrap_or_default(),
            version: item.number(VERSION),
            received_at: instant(item.must_number(RECEIVED)?)?,
            status: Status::read(item.must_text(STATUS)?).ok_or(StoreError::Corrupt(STATUS))?,
            attempts: item.number(ATTEMPTS).unwrap_or_default(),
            due: item.number(DUE).map(instant).transpose()?,
            reason: item.text(REASON).map(str::to_owned),
            detail: item.text(DETAIL).map(str::to_owned),
            crm_code: item.text(CRM_CODE).map(str::to_owned),
            warnings: item.texts(WARNINGS),
            history: item.texts(HISTORY).iter().filter_map(|text| Step::read(text)).collect(),
            trace: item.bytes(TRACE).and_then(TraceId::read),
            crm_calls: item.number(CRM_CALLS).unwrap_or_default(),
        })
    }
}

/// How an event's work ended or paused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settlement {
    /// Nothing more will happen.
    Done {
        /// Why nothing was done, when nothing was.
        reason: Option<&'static str>,
        /// The CRM's code of what it became.
        crm_code: Option<String>,
        /// What a person should know.
        warnings: Vec<String>,
    },
    /// Try again.
    Later {
        /// When.
        due: Timestamp,
        /// Whether this try counts.
        counts: bool,
        /// Why.
        reason: &'static str,
        /// For the admin's eyes.
        detail: Option<String>,
    },
    /// Set aside for a person.
    Parked {
        /// Why.
        reason: &'static str,
        /// For the admin's eyes.
        detail: Option<String>,
    },
}

/// An event on a watch list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watched {
    /// Which.
    pub key: EventKey,
    /// Since when upkeep should look at it.
    pub due: Timestamp,
}

/// The inbox table.
#[derive(Clone)]
pub struct Inbox {
    client: Client,
    table: String,
}

impl Inbox {
    /// Opens the table.
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }

    /// Stores an event that is not there yet: one write, no read.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]: the event may have been stored; putting it again is safe.
    pub async fn put(&self, event: &NewEvent) -> Result<Put, StoreError> {
        let received = event.received_at.as_millisecond();
        let mut attributes =
            vec![(TOPIC, s(event.topic.as_str())), (ORG, n(event.org.0)), (TRACE, b(event.trace.as_bytes()))];
        attributes.extend(event.updated_at.map(|version| (VERSION, n(version.as_microsecond()))));
        match event.parked {
            None => attributes.extend([
                (STATUS, s(Status::Ready.as_str())),
                (WATCH, s(event.key.shard())),
                (DUE, n(received.saturating_add(millis(GRACE)))),
            ]),
            Some(reason) => attributes.extend([
                (STATUS, s(Status::Parked.as_str())),
                (WATCH, s(parked_list(&event.key.tenant()?))),
                (DUE, n(received)),
                (REASON, s(reason)),
            ]),
        }
        self.put_new(&event.key, &event.body, event.received_at, attributes).await
    }

    /// Stores an item with its compressed body, unless it is there.
    async fn put_new(
        &self,
        key: &EventKey,
        body: &[u8],
        received_at: Timestamp,
        attributes: Vec<(&'static str, AttributeValue)>,
    ) -> Result<Put, StoreError> {
        let (body, rest) = body.split_at(body.len().min(PART_BYTES));
        let parts: Vec<&[u8]> = rest.chunks(PART_BYTES).collect();
        for (number, part) in (1..).zip(&parts) {
            self.put_part(key, number, part, received_at).await?;
        }
        let mut request = self
            .client
            .put_item()
            .table_name(&self.table)
            .item(KEY, s(&key.entity))
            .item(DIGEST, s(&key.digest))
            .item(BODY, b(body))
            .item(RECEIVED, n(received_at.as_millisecond()))
            .condition_expression(format!("attribute_not_exists({KEY})"));
        if !parts.is_empty() {
            request = request.item(PARTS, n(i64::try_from(parts.len()).unwrap_or(i64::MAX)));
        }
        for (name, value) in attributes {
            request = request.item(name, value);
        }
        match request.send().await {
            Ok(_) => Ok(Put::Stored),
            Err(error)
                if matches!(
                    error.as_service_error(),
                    Some(PutItemError::ConditionalCheckFailedException(_))
                ) =>
            {
                Ok(Put::Duplicate)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Parts are written before the item that counts them, so an event is whole or absent; they expire by themselves.
    async fn put_part(
        &self,
        key: &EventKey,
        number: usize,
        part: &[u8],
        received_at: Timestamp,
    ) -> Result<(), StoreError> {
        let expiry = received_at.as_second().saturating_add(seconds(KEEP_DONE.saturating_mul(3)));
        self.client
            .put_item()
            .table_name(&self.table)
            .item(KEY, s(&key.entity))
            .item(DIGEST, s(format!("{}~{number}", key.digest)))
            .item(BODY, b(part))
            .item(EXPIRY, n(expiry))
            .send()
            .await?;
        Ok(())
    }

    /// The compressed body with the parts that did not fit into the event's own item.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], or [`StoreError::Corrupt`] when a part is gone.
    pub async fn whole_body(&self, event: &Event) -> Result<Vec<u8>, StoreError> {
        self.joined(&event.key, &event.body, event.parts).await
    }

    async fn joined(&self, key: &EventKey, first: &[u8], parts: i64) -> Result<Vec<u8>, StoreError> {
        let mut body = first.to_vec();
        for number in 1..=parts {
            let key = EventKey { digest: format!("{}~{number}", key.digest), ..key.clone() };
            let item = self.item(&key).await?.ok_or(StoreError::Corrupt(PARTS))?;
            body.extend_from_slice(item.bytes(BODY).ok_or(StoreError::Corrupt(BODY))?);
        }
        Ok(body)
    }

    /// Reads an event, consistently.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] or [`StoreError::Corrupt`].
    pub async fn get(&self, key: &EventKey) -> Result<Option<Event>, StoreError> {
        self.item(key).await?.as_ref().map(Event::read).transpose()
    }

    /// The highest version of an entity that was received, unix microseconds; of the events still kept.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn newest_version(&self, entity: &str) -> Result<Option<i64>, StoreError> {
        let mut pages = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression(format!("{KEY} = :entity"))
            .projection_expression(VERSION)
            .expression_attribute_values(":entity", s(entity))
            .into_paginator()
            .items()
            .send();
        let mut newest = None;
        while let Some(item) = pages.next().await {
            newest = newest.max(item?.number(VERSION));
        }
        Ok(newest)
    }

    async fn item(&self, key: &EventKey) -> Result<Option<Item>, StoreError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .key(KEY, s(&key.entity))
            .key(DIGEST, s(&key.digest))
            .consistent_read(true)
            .send()
            .await?;
        Ok(answer.item)
    }

    /// Takes a ready event for this worker. `None` when it is not ready: another worker has it, or it is done.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]: the claim may have been made; it ends with its lease.
    pub async fn claim(
        &self,
        key: &EventKey,
        token: &ClaimToken,
        now: Timestamp,
    ) -> Result<Option<Event>, StoreError> {
        let answer = self
            .update(key)
            .update_expression(format!("SET {STATUS} = :working, {CLAIM} = :token, {LEASE} = :lease"))
            .condition_expression(format!("{STATUS} = :ready OR {CLAIM} = :token"))
            .expression_attribute_values(":working", s(Status::Working.as_str()))
            .expression_attribute_values(":ready", s(Status::Ready.as_str()))
            .expression_attribute_values(":token", s(token.as_str()))
            .expression_attribute_values(":lease", n(now.as_millisecond().saturating_add(millis(LEASE_TIME))))
            .return_values(ReturnValue::AllNew)
            .send()
            .await;
        match answer {
            Ok(answer) => answer.attributes().map(Event::read).transpose(),
            Err(error) if is_condition(&error) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Ends or pauses this worker's claim, in which it called the CRM this often. `false` when the claim was no longer
    /// this worker's: nothing changed.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]: the event stays with its lease and is then tried again.
    pub async fn settle(
        &self,
        key: &EventKey,
        token: &ClaimToken,
        settlement: &Settlement,
        crm_calls: u32,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let added = |request| count(request, CRM_CALLS, crm_calls.into());
        let ours = format!("{CLAIM} = :token");
        if let Settlement::Later { .. } = settlement {
            // A wait that does not count may come again without end; the history has one.
            let short = format!("{ours} AND (attribute_not_exists({HISTORY}) OR size({HISTORY}) < :most)");
            let request = added(self.settling(key, settlement, now, true)?).condition_expression(short);
            let request = request
                .expression_attribute_values(":token", s(token.as_str()))
                .expression_attribute_values(":most", n(MOST_STEPS));
            if changed(request.send().await)? {
                return Ok(true);
            }
        }
        let noted = !matches!(settlement, Settlement::Later { .. });
        let request = added(self.settling(key, settlement, now, noted)?).condition_expression(ours);
        changed(request.expression_attribute_values(":token", s(token.as_str())).send().await)
    }

    /// The update of a settlement, without its condition.
    fn settling(
        &self,
        key: &EventKey,
        settlement: &Settlement,
        now: Timestamp,
        noted: bool,
    ) -> Result<Update, StoreError> {
        let request = self.update(key);
        let (mut set, mut gone, counts) = match settlement {
            Settlement::Done { reason, crm_code, warnings } => {
                let mut set = Assignments::new(Status::Done);
                set.put(EXPIRY, n(now.as_second().saturating_add(seconds(KEEP_DONE))));
                let tenant = key.tenant()?;
                set.put(
                    WATCH,
                    s(if warnings.is_empty() { done_list(&tenant) } else { warned_list(&tenant) }),
                );
                set.copy(DUE, RECEIVED);
                let mut gone = vec![DETAIL];
                set.put_or_remove(REASON, reason.map(s), &mut gone);
                set.put_or_remove(CRM_CODE, crm_code.as_deref().map(s), &mut gone);
                set.put_or_remove(WARNINGS, (!warnings.is_empty()).then(|| list(warnings)), &mut gone);
                (set, gone, false)
            }
            Settlement::Later { due, counts, reason, detail } => {
                let mut set = Assignments::new(Status::Waiting);
                set.put(WATCH, s(key.shard()));
                set.put(DUE, n(due.as_millisecond()));
                set.put(REASON, s(*reason));
                let mut gone = Vec::new();
                set.put_or_remove(DETAIL, detail.as_deref().map(s), &mut gone);
                (set, gone, *counts)
            }
            Settlement::Parked { reason, detail } => {
                let mut set = Assignments::new(Status::Parked);
                set.put(WATCH, s(parked_list(&key.tenant()?)));
                set.copy(DUE, RECEIVED);
                set.put(REASON, s(*reason));
                let mut gone = Vec::new();
                set.put_or_remove(DETAIL, detail.as_deref().map(s), &mut gone);
                (set, gone, true)
            }
        };
        gone.extend([CLAIM, LEASE]);
        if noted {
            set.append(HISTORY, Step::of(settlement, now).to_string());
        }
        let request = set.apply(request, &gone);
        Ok(count(request, ATTEMPTS, counts.into()))
    }

    /// The events of one watch list that upkeep should look at, the longest due first.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn due(&self, shard: u8, now: Timestamp, limit: i32) -> Result<Vec<Watched>, StoreError> {
        self.watched(open_shard(shard), now, None, limit).await
    }

    /// A tenant's parked events, the longest here first.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn parked(&self, tenant: &TenantId, limit: i32) -> Result<Vec<Watched>, StoreError> {
        self.parked_after(tenant, None, limit).await
    }

    /// Those of a tenant's parked events that come after `after`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn parked_after(
        &self,
        tenant: &TenantId,
        after: Option<&Watched>,
        limit: i32,
    ) -> Result<Vec<Watched>, StoreError> {
        self.watched(parked_list(tenant), Timestamp::MAX, after, limit).await
    }

    async fn watched(
        &self,
        list: String,
        until: Timestamp,
        after: Option<&Watched>,
        limit: i32,
    ) -> Result<Vec<Watched>, StoreError> {
        let start = after.map(|after| {
            Item::from([
                (WATCH.to_owned(), s(&list)),
                (DUE.to_owned(), n(after.due.as_millisecond())),
                (KEY.to_owned(), s(&after.key.entity)),
                (DIGEST.to_owned(), s(&after.key.digest)),
            ])
        });
        let answer = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(WATCH_INDEX)
            .key_condition_expression(format!("{WATCH} = :list AND {DUE} <= :until"))
            .expression_attribute_values(":list", s(list))
            .expression_attribute_values(":until", n(until.as_millisecond()))
            .set_exclusive_start_key(start)
            .limit(limit)
            .send()
            .await?;
        answer
            .items()
            .iter()
            .map(|item| {
                let key = EventKey {
                    entity: item.must_text(KEY)?.to_owned(),
                    digest: item.must_text(DIGEST)?.to_owned(),
                };
                let due = Timestamp::from_millisecond(item.must_number(DUE)?)
                    .map_err(|_| StoreError::Corrupt(DUE))?;
                Ok(Watched { key, due })
            })
            .collect()
    }

    /// Makes an event ready again if it is due: waiting past its time, working past its lease, or ready and unclaimed
    /// past its grace. The write itself is what the stream reacts to. `None` when it is none of these any more.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]: the next sweep sees it again.
    pub async fn wake(&self, key: &EventKey, now: Timestamp) -> Result<Option<Event>, StoreError> {
        let request = self
            .update(key)
            .update_expression(format!("SET {STATUS} = :ready, {WATCH} = :list, {DUE} = :due REMOVE {CLAIM}, {LEASE}"))
            .condition_expression(format!(
                "({STATUS} = :working AND {LEASE} < :now) OR (({STATUS} = :ready OR {STATUS} = :waiting) AND {DUE} <= :now)"
            ))
            .expression_attribute_values(":ready", s(Status::Ready.as_str()))
            .expression_attribute_values(":waiting", s(Status::Waiting.as_str()))
            .expression_attribute_values(":working", s(Status::Working.as_str()))
            .expression_attribute_values(":list", s(key.shard()))
            .expression_attribute_values(":now", n(now.as_millisecond()))
            .expression_attribute_values(":due", n(now.as_millisecond().saturating_add(millis(GRACE))));
        match request.return_values(ReturnValue::AllNew).send().await {
            Ok(answer) => answer.attributes().map(Event::read).transpose(),
            Err(error) if is_condition(&error) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes a parked event ready again, by hand, with its attempts forgotten. `false` when it is not parked.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn retry(&self, key: &EventKey, now: Timestamp) -> Result<bool, StoreError> {
        changed(self.retrying(key, now).send().await)
    }

    /// As [`Inbox::retry`], unless another try cannot help ([`RETRY_CANNOT_HELP`]): then `false` as well.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn retry_if_it_can_help(&self, key: &EventKey, now: Timestamp) -> Result<bool, StoreError> {
        let names: Vec<String> = (0..RETRY_CANNOT_HELP.len()).map(|at| format!(":useless{at}")).collect();
        let condition = format!("{STATUS} = :parked AND NOT {REASON} IN ({})", names.join(", "));
        let mut request = self.retrying(key, now).condition_expression(condition);
        for (name, reason) in names.into_iter().zip(RETRY_CANNOT_HELP) {
            request = request.expression_attribute_values(name, s(reason));
        }
        changed(request.send().await)
    }

    fn retrying(&self, key: &EventKey, now: Timestamp) -> Update {
        self.update(key)
            .update_expression(format!(
                "SET {STATUS} = :ready, {WATCH} = :list, {DUE} = :due,
                     {HISTORY} = list_append(if_not_exists({HISTORY}, :none), :step) REMOVE {ATTEMPTS}"
            ))
            .condition_expression(format!("{STATUS} = :parked"))
            .expression_attribute_values(":ready", s(Status::Ready.as_str()))
            .expression_attribute_values(":parked", s(Status::Parked.as_str()))
            .expression_attribute_values(":none", list(&[]))
            .expression_attribute_values(":step", list(&[Step::retried(now).to_string()]))
            .expression_attribute_values(":list", s(key.shard()))
            .expression_attribute_values(":due", n(now.as_millisecond().saturating_add(millis(GRACE))))
    }

    fn update(&self, key: &EventKey) -> Update {
        self.client.update_item().table_name(&self.table).key(KEY, s(&key.entity)).key(DIGEST, s(&key.digest))
    }
}

type Update = aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;

/// The `SET` part of an update, values bound by position.
struct Assignments {
    parts: Vec<String>,
    values: Vec<AttributeValue>,
}

impl Assignments {
    fn new(status: Status) -> Self {
        let mut set = Self { parts: Vec::new(), values: Vec::new() };
        set.put(STATUS, s(status.as_str()));
        set
    }

    fn bind(&mut self, value: AttributeValue) -> String {
        self.values.push(value);
        format!(":v{}", self.values.len())
    }

    fn put(&mut self, name: &'static str, value: AttributeValue) {
        let value = self.bind(value);
        self.parts.push(format!("{name} = {value}"));
    }

    fn copy(&mut self, name: &'static str, from: &'static str) {
        self.parts.push(format!("{name} = {from}"));
    }

    fn append(&mut self, name: &'static str, text: String) {
        let (none, one) = (self.bind(list(&[])), self.bind(list(&[text])));
        self.parts.push(format!("{name} = list_append(if_not_exists({name}, {none}), {one})"));
    }

    fn put_or_remove(
        &mut self,
        name: &'static str,
        value: Option<AttributeValue>,
        gone: &mut Vec<&'static str>,
    ) {
        match value {
            Some(value) => self.put(name, value),
            None => gone.push(name),
        }
    }

    fn apply(self, request: Update, gone: &[&str]) -> Update {
        let expression = format!("SET {} REMOVE {}", self.parts.join(", "), gone.join(", "));
        (1..).zip(self.values).fold(request.update_expression(expression), |request, (at, value)| {
            request.expression_attribute_values(format!(":v{at}"), value)
        })
    }
}

/// Adds to a counter; adding nothing changes nothing.
fn count(request: Update, counter: &'static str, by: i64) -> Update {
    if by == 0 {
        return request;
    }
    let so_far = request.get_update_expression().clone().unwrap_or_default();
    let and = if so_far.contains(" ADD ") { "," } else { " ADD" };
    let request = request.update_expression(format!("{so_far}{and} {counter} :{counter}"));
    request.expression_attribute_values(format!(":{counter}"), n(by))
}

fn parked_list(tenant: &TenantId) -> String {
    format!("parked#{tenant}")
}

fn done_list(tenant: &TenantId) -> String {
    format!("done#{tenant}")
}

/// What is done and has something to tell lies on a list of its own, so that it is found without reading the rest.
fn warned_list(tenant: &TenantId) -> String {
    format!("warned#{tenant}")
}

fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}

fn is_condition<R>(error: &aws_sdk_dynamodb::error::SdkError<UpdateItemError, R>) -> bool {
    matches!(error.as_service_error(), Some(UpdateItemError::ConditionalCheckFailedException(_)))
}

fn changed<T, R>(
    answer: Result<T, aws_sdk_dynamodb::error::SdkError<UpdateItemError, R>>,
) -> Result<bool, StoreError> {
    match answer {
        Ok(_) => Ok(true),
        Err(error) if is_condition(&error) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// The entity an event key belongs to, for those who have only the key.
pub fn entity_of(key: &EventKey) -> Option<Entity> {
    match key.entity.split('#').nth(1)? {
        "order" => Some(Entity::Order),
        "customer" => Some(Entity::Customer),
        _ => None,
    }
}
