//! Imports of a chosen period of a shop's history (table *connections*, `import#{org}`; one per shop).
//!
//! ```text
//!  start ──► running ──finish──► done
//!               │
//!               ├──cancel──► cancelled
//!               └──fail────► failed
//! ```
//!
//! The item of the last import stays, to be looked at, until the next one takes its place. A *run* is a random token in
//! every write's condition, and the cursor moves only from where the worker saw it: a late worker of a cancelled or
//! repeated import changes nothing, and of two workers on one page the second stops. The cursor moves after the page is
//! stored, so a crash in between reads the page again, which is a page of duplicates.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use jiff::Timestamp;

use super::StoreError;
use super::claims::ClaimToken;
use super::connections::{IMPORT_PREFIX, Person, Subject, applied, watch_list};
use super::item::{Item, ItemExt, n, s};
use super::schema::connections::{DUE, KEY, REASON, SORT, STATUS, WATCH};
use super::schema::imports::{
    CUSTOMERS, ENDED_AT, FROM, ORDERS, RUN, SEEN, SINCE, SKIPPED, STAGE, STARTED_AT, STARTED_BY, STORED, TO,
    TOTAL,
};
use crate::haravan::webhook::Entity;
use crate::id::{OrgId, TenantId};

/// Where an import stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ImportStatus {
    /// Upkeep works on it.
    Running,
    /// Everything of the period was looked at.
    Done,
    /// An admin stopped it.
    Cancelled,
    /// It cannot go on; the reason says why.
    Failed,
}

impl ImportStatus {
    /// The word as stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
        }
    }

    fn read(word: &str) -> Option<Self> {
        [Self::Running, Self::Done, Self::Cancelled, Self::Failed]
            .into_iter()
            .find(|status| status.as_str() == word)
    }
}

/// Why an import failed: stable codes, stored and shown in words.
pub mod reason {
    /// The shop was disconnected.
    pub const DISCONNECTED: &str = "shop_disconnected";
    /// Haravan does not let us read this kind of record: the scope is missing.
    pub const FORBIDDEN: &str = "not_allowed";
    /// Haravan refuses the question.
    pub const REFUSED: &str = "haravan_refuses";
}

/// An import to be started.
#[derive(Debug, Clone)]
pub struct NewImport {
    /// The tenant.
    pub tenant: TenantId,
    /// The shop.
    pub org: OrgId,
    /// Start of the period: what was created then is in it.
    pub from: Timestamp,
    /// End of the period: what was created then is not.
    pub to: Timestamp,
    /// Whether orders are imported.
    pub orders: bool,
    /// Whether customers are imported.
    pub customers: bool,
    /// Who starts it.
    pub by: Option<Person>,
}

impl NewImport {
    fn stages(&self) -> impl Iterator<Item = Entity> {
        stages(self.orders, self.customers)
    }
}

/// Orders come first: a customer born from an order has the order's assignee in charge.
fn stages(orders: bool, customers: bool) -> impl Iterator<Item = Entity> {
    [(orders, Entity::Order), (customers, Entity::Customer)]
        .into_iter()
        .filter(|(wanted, _)| *wanted)
        .map(|(_, entity)| entity)
}

/// How many records an import has met.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Looked at.
    pub seen: i64,
    /// Stored as events; what becomes of these is in the inbox.
    pub stored: i64,
    /// Known before.
    pub skipped: i64,
}

/// An import of a period.
#[derive(Debug, Clone)]
pub struct Import {
    /// The tenant.
    pub tenant: TenantId,
    /// The shop.
    pub org: OrgId,
    /// Which import.
    pub run: String,
    /// Where it stands.
    pub status: ImportStatus,
    /// Why it failed, a code of [`reason`].
    pub reason: Option<String>,
    /// Start of the period.
    pub from: Timestamp,
    /// End of the period.
    pub to: Timestamp,
    /// Whether orders are imported.
    pub orders: bool,
    /// Whether customers are imported.
    pub customers: bool,
    /// What is being read.
    pub stage: Entity,
    /// The id up to which it has been read.
    pub since_id: i64,
    /// How many there are in all, about; `None` before Haravan was asked.
    pub total: Option<i64>,
    /// How many were met.
    pub counts: Counts,
    /// Who started it.
    pub started_by: Option<Person>,
    /// When.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

impl Import {
    /// What is read, in turn.
    pub fn stages(&self) -> impl Iterator<Item = Entity> {
        stages(self.orders, self.customers)
    }

    /// What is read after the present stage.
    pub fn next_stage(&self) -> Option<Entity> {
        self.stages().skip_while(|stage| *stage != self.stage).nth(1)
    }
}

/// What became of a start.
#[derive(Debug, Clone)]
pub enum Started {
    /// It runs.
    Begun,
    /// Another one runs.
    Running,
    /// There is nothing to read: no kind of record, or no time between start and end.
    Nothing,
}

/// The imports of the connections table.
#[derive(Clone)]
pub struct Imports {
    client: Client,
    table: String,
}

impl Imports {
    /// Opens the table.
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }

    /// Starts an import unless one runs.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]: it may run.
    pub async fn start(&self, new: &NewImport, now: Timestamp) -> Result<Started, StoreError> {
        let (Some(stage), true) = (new.stages().next(), new.from < new.to) else {
            return Ok(Started::Nothing);
        };
        let flag = aws_sdk_dynamodb::types::AttributeValue::Bool;
        let mut request = self
            .client
            .put_item()
            .table_name(&self.table)
            .item(KEY, s(new.tenant.as_str()))
            .item(SORT, s(sort_key(new.org)))
            .item(RUN, s(ClaimToken::random()?.as_str()))
            .item(STATUS, s(ImportStatus::Running.as_str()))
            .item(FROM, n(new.from.as_millisecond()))
            .item(TO, n(new.to.as_millisecond()))
            .item(ORDERS, flag(new.orders))
            .item(CUSTOMERS, flag(new.customers))
            .item(STAGE, s(stage.as_str()))
            .item(SINCE, n(0))
            .item(SEEN, n(0))
            .item(STORED, n(0))
            .item(SKIPPED, n(0))
            .item(STARTED_AT, n(now.as_millisecond()))
            .item(WATCH, watch_list(&new.tenant, &Subject::Shop(new.org)))
            .item(DUE, n(now.as_millisecond()))
            .condition_expression(format!("attribute_not_exists({KEY}) OR #status <> :running"))
            .expression_attribute_names("#status", STATUS)
            .expression_attribute_values(":running", s(ImportStatus::Running.as_str()));
        if let Some(by) = &new.by {
            let by = serde_dynamo::to_attribute_value(by).map_err(|_| StoreError::Corrupt(STARTED_BY))?;
            request = request.item(STARTED_BY, by);
        }
        match request.send().await {
            Ok(_) => Ok(Started::Begun),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(PutItemError::is_conditional_check_failed_exception) =>
            {
                Ok(Started::Running)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// A shop's last import, as last written.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] or [`StoreError::Corrupt`].
    pub async fn get(&self, tenant: &TenantId, org: OrgId) -> Result<Option<Import>, StoreError> {
        let request = self
            .client
            .get_item()
            .table_name(&self.table)
            .key(KEY, s(tenant.as_str()))
            .key(SORT, s(sort_key(org)));
        request.consistent_read(true).send().await?.item().map(read).transpose()
    }

    /// Notes how many records there are in all, about.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn note_total(&self, import: &Import, total: i64) -> Result<bool, StoreError> {
        let request = self
            .running(import)
            .update_expression("SET #total = :total")
            .expression_attribute_names("#total", TOTAL)
            .expression_attribute_values(":total", n(total));
        Ok(applied(request).await?.is_some())
    }

    /// Moves the cursor after what was read is stored. `false` when another worker was quicker, or the import no longer
    /// runs.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]: reading the page again is harmless.
    pub async fn advance(
        &self,
        import: &Import,
        stage: Entity,
        since_id: i64,
        counts: Counts,
    ) -> Result<bool, StoreError> {
        let request = self
            .running(import)
            .update_expression(format!(
                "SET {STAGE} = :stage, {SINCE} = :since, {SEEN} = :seen, #stored = :stored, {SKIPPED} = :skipped"
            ))
            // A reserved word.
            .expression_attribute_names("#stored", STORED)
            .expression_attribute_values(":stage", s(stage.as_str()))
            .expression_attribute_values(":since", n(since_id))
            .expression_attribute_values(":seen", n(counts.seen))
            .expression_attribute_values(":stored", n(counts.stored))
            .expression_attribute_values(":skipped", n(counts.skipped));
        Ok(applied(request).await?.is_some())
    }

    /// When upkeep goes on with it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn look_again(&self, import: &Import, due: Timestamp) -> Result<bool, StoreError> {
        let request = self
            .running(import)
            .update_expression(format!("SET {DUE} = :due"))
            .expression_attribute_values(":due", n(due.as_millisecond()));
        Ok(applied(request).await?.is_some())
    }

    /// Ends a running import: done, or failed for a reason.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn finish(
        &self,
        import: &Import,
        failed: Option<&'static str>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let status = if failed.is_some() { ImportStatus::Failed } else { ImportStatus::Done };
        let why = if failed.is_some() { ", #reason = :why" } else { "" };
        let mut request = self
            .running(import)
            .update_expression(format!("SET #status = :ended, {ENDED_AT} = :now{why} REMOVE {WATCH}, {DUE}"))
            .expression_attribute_values(":ended", s(status.as_str()))
            .expression_attribute_values(":now", n(now.as_millisecond()));
        if let Some(why) = failed {
            request = request
                .expression_attribute_names("#reason", REASON)
                .expression_attribute_values(":why", s(why));
        }
        Ok(applied(request).await?.is_some())
    }

    /// Stops a shop's import; what it stored stays. `false` when none runs.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn cancel(&self, tenant: &TenantId, org: OrgId, now: Timestamp) -> Result<bool, StoreError> {
        let request = self
            .update(tenant, org)
            .update_expression(format!("SET #status = :ended, {ENDED_AT} = :now REMOVE {WATCH}, {DUE}"))
            .condition_expression("#status = :running")
            .expression_attribute_names("#status", STATUS)
            .expression_attribute_values(":running", s(ImportStatus::Running.as_str()))
            .expression_attribute_values(":ended", s(ImportStatus::Cancelled.as_str()))
            .expression_attribute_values(":now", n(now.as_millisecond()));
        Ok(applied(request).await?.is_some())
    }

    /// A write on behalf of an import as it was read: it still runs, and nobody has moved its cursor.
    fn running(&self, import: &Import) -> UpdateItemFluentBuilder {
        self.update(&import.tenant, import.org)
            .condition_expression(format!(
                "{RUN} = :run AND #status = :running AND {STAGE} = :at_stage AND {SINCE} = :at"
            ))
            .expression_attribute_names("#status", STATUS)
            .expression_attribute_values(":run", s(&import.run))
            .expression_attribute_values(":running", s(ImportStatus::Running.as_str()))
            .expression_attribute_values(":at_stage", s(import.stage.as_str()))
            .expression_attribute_values(":at", n(import.since_id))
    }

    fn update(&self, tenant: &TenantId, org: OrgId) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(&self.table)
            .key(KEY, s(tenant.as_str()))
            .key(SORT, s(sort_key(org)))
    }
}

fn sort_key(org: OrgId) -> String {
    format!("{IMPORT_PREFIX}{org}")
}

fn read(item: &Item) -> Result<Import, StoreError> {
    let must = |name: &'static str| item.instant(name)?.ok_or(StoreError::Corrupt(name));
    let flag =
        |name: &str| item.get(name).and_then(|value| value.as_bool().ok()).copied().unwrap_or_default();
    let org = item.must_text(SORT)?.strip_prefix(IMPORT_PREFIX).and_then(|org| org.parse().ok());
    let stage = item.must_text(STAGE)?;
    Ok(Import {
        tenant: item.must_text(KEY)?.parse().map_err(|_| StoreError::Corrupt(KEY))?,
        org: org.ok_or(StoreError::Corrupt(SORT))?,
        run: item.must_text(RUN)?.to_owned(),
        status: ImportStatus::read(item.must_text(STATUS)?).ok_or(StoreError::Corrupt(STATUS))?,
        reason: item.text(REASON).map(str::to_owned),
        from: must(FROM)?,
        to: must(TO)?,
        orders: flag(ORDERS),
        customers: flag(CUSTOMERS),
        stage: [Entity::Order, Entity::Customer]
            .into_iter()
            .find(|entity| entity.as_str() == stage)
            .ok_or(StoreError::Corrupt(STAGE))?,
        since_id: item.must_number(SINCE)?,
        total: item.number(TOTAL),
        counts: Counts {
            seen: item.must_number(SEEN)?,
            stored: item.must_number(STORED)?,
            skipped: item.must_number(SKIPPED)?,
        },
        started_by: match item.get(STARTED_BY) {
            None => None,
            Some(value) => Some(
                serde_dynamo::from_attribute_value(value.clone())
                    .map_err(|_| StoreError::Corrupt(STARTED_BY))?,
            ),
        },
        started_at: must(STARTED_AT)?,
        ended_at: item.instant(ENDED_AT)?,
    })
}
