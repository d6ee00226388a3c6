//! What happens to every connection: it ends, is looked after, and belongs to somebody.

use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, Delete, TransactWriteItem};
use jiff::Timestamp;

use super::{
    ConnectionRef, ConnectionStatus, Connections, PageKey, Subject, Transacted, WATCH_SHARDS, applied,
    claim_key, key, updating,
};
use crate::id::{OrgId, PageId, TenantId};
use crate::store::item::{Item, ItemExt, list, n, s};
use crate::store::schema::connections::{
    ACCESS_TOKEN, DUE, ENDED_AT, GENERATION, KEY, LEASE_OWNER, LEASE_UNTIL, OWNER, REASON, REFRESH_STARTED,
    REFRESH_TOKEN, SORT, STATUS, SUSPECTED_AT, TOKEN_EXPIRY, TOPICS, TOPICS_AT, WATCH, WATCH_INDEX,
};
use crate::store::{StoreError, walks};

/// Import items are on the same watch lists ([`crate::store::imports`]).
pub(in crate::store) const IMPORT_PREFIX: &str = "import#";

/// Notes of pages that nobody has connected are on them as well (`orphan.rs`).
pub(super) const ORPHAN_PREFIX: &str = "orphan#facebook#";

/// Something on a watch list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Due {
    /// A shop.
    Shop(TenantId, OrgId),
    /// A shop's import.
    Import(TenantId, OrgId),
    /// A page.
    Page(TenantId, PageKey),
    /// A Facebook page that sends events though nobody has connected it (`orphan.rs`).
    Orphan(PageId),
}

impl Connections {
    /// Ends a shop's connection: counts up the generation and puts it on the watch list. The tokens are still there, for
    /// unsubscribing; [`Connections::finish_end`] wipes them. `false` when it had ended or changed before.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn end(
        &self,
        of: &ConnectionRef,
        why: &'static str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let written = self.transact(vec![updating(self.ending(of, why, now, ""))?]).await?;
        Ok(written == Transacted::Done)
    }

    /// The write of an end; `also` is further assignments.
    pub(super) fn ending(
        &self,
        of: &ConnectionRef,
        why: &'static str,
        now: Timestamp,
        also: &str,
    ) -> UpdateBuilder {
        self.part(key(&of.tenant, &of.subject))
            .update_expression(format!(
                "SET #status = :disconnected, #reason = :why, {ENDED_AT} = :now, {WATCH} = :list, {DUE} = :now{also}
                 REMOVE {LEASE_OWNER}, {LEASE_UNTIL} ADD {GENERATION} :one"
            ))
            .condition_expression(format!("{GENERATION} = :generation AND #status <> :disconnected"))
            .expression_attribute_names("#status", STATUS)
            .expression_attribute_names("#reason", REASON)
            .expression_attribute_values(":disconnected", s(ConnectionStatus::Disconnected.as_str()))
            .expression_attribute_values(":why", s(why))
            .expression_attribute_values(":now", n(now.as_millisecond()))
            .expression_attribute_values(":list", watch_list(&of.tenant, &of.subject))
            .expression_attribute_values(":generation", n(of.generation))
            .expression_attribute_values(":one", n(1))
    }

    /// Wipes the tokens of an ended connection, frees the shop or page for other tenants and takes it off the watch list.
    /// `of` names the generation that the end made. `false` when it was connected again since.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn finish_end(&self, of: &ConnectionRef) -> Result<bool, StoreError> {
        let walks = match of.subject {
            Subject::Shop(_) => format!(", {}", walks::attributes().join(", ")),
            Subject::Page(_) => String::new(),
        };
        let connection = self
            .part(key(&of.tenant, &of.subject))
            .update_expression(format!(
                "REMOVE {ACCESS_TOKEN}, {REFRESH_TOKEN}, {TOKEN_EXPIRY}, {REFRESH_STARTED}, {SUSPECTED_AT}, {WATCH}, {DUE}{walks}"
            ))
            .condition_expression(format!("{GENERATION} = :generation AND #status = :disconnected"))
            .expression_attribute_names("#status", STATUS)
            .expression_attribute_values(":disconnected", s(ConnectionStatus::Disconnected.as_str()))
            .expression_attribute_values(":generation", n(of.generation));
        let [(claim_key, claim), (claim_sort, owner)] = claim_key(&of.subject);
        let claim = Delete::builder()
            .table_name(&self.table)
            .key(claim_key, claim)
            .key(claim_sort, owner)
            .condition_expression("attribute_not_exists(#owner) OR #owner = :tenant")
            .expression_attribute_names("#owner", OWNER)
            .expression_attribute_values(":tenant", s(of.tenant.as_str()))
            .build()
            .map_err(|_| StoreError::Corrupt(KEY))?;
        let writes = vec![updating(connection)?, TransactWriteItem::builder().delete(claim).build()];
        Ok(self.transact(writes).await? == Transacted::Done)
    }

    /// The tenant a shop or page belongs to, if it belongs to one.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] or [`StoreError::Corrupt`].
    pub async fn owner(&self, subject: &Subject) -> Result<Option<TenantId>, StoreError> {
        let [(key_name, claim), (sort_name, owner)] = claim_key(subject);
        let request =
            self.client.get_item().table_name(&self.table).key(key_name, claim).key(sort_name, owner);
        let answer = request.consistent_read(true).send().await?;
        let owner = answer.item().and_then(|item| item.text(OWNER));
        owner.map(|owner| owner.parse().map_err(|_| StoreError::Corrupt(OWNER))).transpose()
    }

    /// Notes what the provider said it sends.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn note_topics(
        &self,
        of: &ConnectionRef,
        topics: &[String],
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let request = self
            .update(of)
            .update_expression(format!("SET {TOPICS} = :topics, {TOPICS_AT} = :now"))
            .condition_expression(format!("{GENERATION} = :generation"))
            .expression_attribute_values(":topics", list(topics))
            .expression_attribute_values(":now", n(now.as_millisecond()))
            .expression_attribute_values(":generation", n(of.generation));
        Ok(applied(request).await?.is_some())
    }

    /// When upkeep looks at the connection next. A suspicion noted after `seen` keeps its own, earlier time.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn look_again(
        &self,
        of: &ConnectionRef,
        seen: Option<Timestamp>,
        due: Timestamp,
    ) -> Result<bool, StoreError> {
        let (unsuspected, seen) = match seen {
            None => (format!("attribute_not_exists({SUSPECTED_AT})"), None),
            Some(seen) => (
                format!("(attribute_not_exists({SUSPECTED_AT}) OR {SUSPECTED_AT} = :seen)"),
                Some(n(seen.as_millisecond())),
            ),
        };
        let mut request = self
            .update(of)
            .update_expression(format!("SET {WATCH} = :list, {DUE} = :due REMOVE {SUSPECTED_AT}"))
            .condition_expression(format!("{GENERATION} = :generation AND {unsuspected}"))
            .expression_attribute_values(":list", watch_list(&of.tenant, &of.subject))
            .expression_attribute_values(":due", n(due.as_millisecond()))
            .expression_attribute_values(":generation", n(of.generation));
        if let Some(seen) = seen {
            request = request.expression_attribute_values(":seen", seen);
        }
        Ok(applied(request).await?.is_some())
    }

    /// Something hints at the app being gone from the shop or page: upkeep finds out at its next run. `false` for one that is
    /// not there or has ended.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn suspect(
        &self,
        tenant: &TenantId,
        subject: &Subject,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let of = ConnectionRef { tenant: tenant.clone(), subject: subject.clone(), generation: 0 };
        let request = self
            .update(&of)
            .update_expression(format!("SET {SUSPECTED_AT} = :now, {WATCH} = :list, {DUE} = :now"))
            .condition_expression(format!("attribute_exists({KEY}) AND #status <> :disconnected"))
            .expression_attribute_names("#status", STATUS)
            .expression_attribute_values(":disconnected", s(ConnectionStatus::Disconnected.as_str()))
            .expression_attribute_values(":now", n(now.as_millisecond()))
            .expression_attribute_values(":list", watch_list(tenant, subject));
        Ok(applied(request).await?.is_some())
    }

    /// What was noted of what the provider sends is not to be believed: upkeep asks again at its next look.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn doubt(&self, of: &ConnectionRef) -> Result<bool, StoreError> {
        let request = self
            .update(of)
            .update_expression(format!("REMOVE {TOPICS_AT}"))
            .condition_expression(format!("{GENERATION} = :generation"))
            .expression_attribute_values(":generation", n(of.generation));
        Ok(applied(request).await?.is_some())
    }

    /// What of one watch list is due, the longest due first.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn due(&self, shard: u8, now: Timestamp, limit: i32) -> Result<Vec<Due>, StoreError> {
        let answer = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(WATCH_INDEX)
            .key_condition_expression(format!("{WATCH} = :list AND {DUE} <= :now"))
            .expression_attribute_values(":list", s(shard_list(shard)))
            .expression_attribute_values(":now", n(now.as_millisecond()))
            .limit(limit)
            .send()
            .await?;
        // What cannot be read must not hold up the rest of the list.
        let readable = |item: &Item| match read_due(item) {
            Ok(due) => Some(due),
            Err(error) => {
                tracing::error!(%error, "an item of a watch list is passed over");
                None
            }
        };
        Ok(answer.items().iter().filter_map(readable).collect())
    }
}

/// The watch list of a connection, or of a shop's import.
pub(in crate::store) fn watch_list(tenant: &TenantId, subject: &Subject) -> AttributeValue {
    watch_list_of(&format!("{tenant}#{}", subject.sort_key()))
}

pub(super) fn watch_list_of(key: &str) -> AttributeValue {
    let hash = key
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |h, byte| (h ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    s(shard_list(u8::try_from((hash >> 32) % u64::from(WATCH_SHARDS)).unwrap_or_default()))
}

fn shard_list(shard: u8) -> String {
    format!("check#{shard}")
}

fn read_due(item: &Item) -> Result<Due, StoreError> {
    let key = item.must_text(KEY)?;
    if let Some(page) = key.strip_prefix(ORPHAN_PREFIX) {
        return Ok(Due::Orphan(page.parse().map_err(|_| StoreError::Corrupt(KEY))?));
    }
    let tenant = key.parse().map_err(|_| StoreError::Corrupt(KEY))?;
    let sort = item.must_text(SORT)?;
    if let Some(org) = sort.strip_prefix(IMPORT_PREFIX) {
        return Ok(Due::Import(tenant, org.parse().map_err(|_| StoreError::Corrupt(SORT))?));
    }
    Ok(match Subject::parse(sort).ok_or(StoreError::Corrupt(SORT))? {
        Subject::Shop(org) => Due::Shop(tenant, org),
        Subject::Page(page) => Due::Page(tenant, page),
    })
}
