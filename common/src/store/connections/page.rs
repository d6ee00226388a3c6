//! Pages: Facebook Fanpages, `facebook#{page}`, and Zalo Official Accounts, `zalo#{oa}`.
//!
//! **Slots.** How many pages an admin account may have is a counter, `slots#{account}`, that every connect of a page that
//! was not connected counts up in its transaction, and every end down: however many connect at once, the limit holds.
//! Connecting again what is connected takes no slot, and the page stays on the account it was on. A page that needs to be
//! reconnected keeps its slot.
//!
//! **Who gave the right.** Tokens of a Facebook page die with the right of the person who connected it. The items of
//! `person#facebook#{user}` find that person's pages, of all tenants. They are hints: the connection itself says whose it
//! is.

use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, Delete, Put, TransactWriteItem};
use jiff::Timestamp;

use super::lifecycle::watch_list;
use super::{
    ConnectionRef, ConnectionStatus, Connections, FACEBOOK_PREFIX, PageKey, Person, SealedTokens, Subject,
    TokenState, Transacted, ZALO_PREFIX, applied, person, person_value, updating,
};
use crate::id::TenantId;
use crate::store::StoreError;
use crate::store::item::{Item, ItemExt, b, list, n, s};
use crate::store::schema::connections::{
    ACCESS_TOKEN, ACCOUNT, CONNECTED_AT, CONNECTED_BY, DUE, ENDED_AT, ENDED_BY, GENERATION, GRANTED_BY,
    HISTORY, KEY, LEASE_OWNER, LEASE_UNTIL, PAGE_KIND, PAGE_NAME, PAGE_PICTURE, REASON, RECEIPT,
    REFRESH_STARTED, REFRESH_TOKEN, SCOPES, SORT, STATUS, SUSPECTED_AT, TOKEN_EXPIRY, TOKEN_ROTATED_AT,
    TOPICS, TOPICS_AT, USED, WARNINGS, WATCH,
};

/// A page connected to a tenant, or once connected.
#[derive(Debug, Clone)]
pub struct PageConnection {
    /// The tenant.
    pub tenant: TenantId,
    /// The page.
    pub page: PageKey,
    /// Where it stands.
    pub status: ConnectionStatus,
    /// Why it is not connected, a code of [`super::reason`].
    pub reason: Option<String>,
    /// Counts connects and ends of this page; writes of an older generation are void.
    pub generation: i64,
    /// What the provider says of it.
    pub profile: Profile,
    /// Its tokens, until they are wiped.
    pub tokens: Option<SealedTokens>,
    /// Counts the token pairs.
    pub token_version: i64,
    /// When the present pair replaced another; `None` for the pair of the connect.
    pub rotated_at: Option<Timestamp>,
    /// When the present refresh token was sent to the provider; set while the outcome is not stored.
    pub refresh_started: Option<Timestamp>,
    /// The admin account whose slot it takes.
    pub account: String,
    /// The admin of the CRM who connected it.
    pub connected_by: Option<Person>,
    /// The person at the provider who gave the right; Facebook alone says who.
    pub granted_by: Option<Person>,
    /// When it was connected last.
    pub connected_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Who ended it.
    pub ended_by: Option<Person>,
    /// The id of the end, as the admin and the log have it.
    pub receipt: Option<String>,
    /// What the provider said it sends; `None` when it was never asked.
    pub topics: Option<Vec<String>>,
    /// When the provider was asked.
    pub topics_at: Option<Timestamp>,
    /// What is not as it should be though it works, codes.
    pub warnings: Vec<String>,
    /// When something hinted at the right being gone; upkeep finds out.
    pub suspected_at: Option<Timestamp>,
    /// When upkeep looks at it next.
    pub due: Option<Timestamp>,
    /// Connects and ends, oldest first: `{unix ms}:{word}:{who}`.
    pub history: Vec<String>,
}

/// What the provider says of a page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// Address of its picture.
    pub picture: Option<String>,
    /// Its category, in the provider's words.
    pub kind: Option<String>,
}

/// A page to be connected.
#[derive(Debug, Clone)]
pub struct NewPage {
    /// The tenant.
    pub tenant: TenantId,
    /// The page.
    pub page: PageKey,
    /// What the provider says of it.
    pub profile: Profile,
    /// Its tokens.
    pub tokens: SealedTokens,
    /// Granted permissions.
    pub scopes: Vec<String>,
    /// The admin account whose slot it takes.
    pub account: String,
    /// The admin of the CRM who connects it.
    pub by: Person,
    /// The person at the provider who gave the right.
    pub granted_by: Option<Person>,
    /// What is not as it should be, codes.
    pub warnings: Vec<String>,
}

/// Whose a page is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Belongs {
    /// This tenant's, and connected.
    To(TenantId),
    /// A tenant's that is disconnecting it.
    Ended,
    /// Nobody's.
    Nobody,
}

/// What became of a connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageConnect {
    /// The page is this tenant's, with this generation.
    Done(i64),
    /// It is another tenant's; nothing was changed.
    Elsewhere,
    /// All of the account's slots are taken; nothing was changed.
    LimitReached,
    /// Somebody else has just changed the connection; nothing was changed.
    Changed,
}

impl PageConnection {
    /// This connection, as writes name it.
    pub fn this(&self) -> ConnectionRef {
        let subject = Subject::Page(self.page.clone());
        ConnectionRef { tenant: self.tenant.clone(), subject, generation: self.generation }
    }

    /// Whether it is connected, well or not: it takes a slot, and its events are stored.
    pub fn is_live(&self) -> bool {
        self.status != ConnectionStatus::Disconnected
    }

    /// Its tokens, for whoever refreshes them.
    pub fn token_state(&self) -> TokenState {
        TokenState {
            of: self.this(),
            status: self.status,
            reason: self.reason.clone(),
            tokens: self.tokens.clone(),
            version: self.token_version,
            rotated_at: self.rotated_at,
            connected_at: self.connected_at,
            refresh_started: self.refresh_started,
        }
    }
}

impl Connections {
    /// A tenant's pages, connected or not.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] or [`StoreError::Corrupt`].
    pub async fn pages(&self, tenant: &TenantId) -> Result<Vec<PageConnection>, StoreError> {
        let mut items = self.items(tenant, FACEBOOK_PREFIX).await?;
        items.extend(self.items(tenant, ZALO_PREFIX).await?);
        items.iter().map(read).collect()
    }

    /// One page, as last written.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] or [`StoreError::Corrupt`].
    pub async fn page(
        &self,
        tenant: &TenantId,
        page: &PageKey,
    ) -> Result<Option<PageConnection>, StoreError> {
        self.item(tenant, &Subject::Page(page.clone())).await?.as_ref().map(read).transpose()
    }

    /// Whose a page is that something was sent for: as its claim says, and only while the connection lives.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] or [`StoreError::Corrupt`].
    pub async fn belongs(&self, page: &PageKey) -> Result<Belongs, StoreError> {
        let Some(tenant) = self.owner(&Subject::Page(page.clone())).await? else {
            return Ok(Belongs::Nobody);
        };
        let connection = self.page(&tenant, page).await?;
        let live = connection.is_some_and(|connection| connection.is_live());
        Ok(if live { Belongs::To(tenant) } else { Belongs::Ended })
    }

    /// How many slots an account uses.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn slots_used(&self, tenant: &TenantId, account: &str) -> Result<i64, StoreError> {
        let [(key, tenant), (sort, account)] = slots_key(tenant, account);
        let request = self.client.get_item().table_name(&self.table).key(key, tenant).key(sort, account);
        let answer = request.consistent_read(true).send().await?;
        Ok(answer.item().and_then(|item| item.number(USED)).unwrap_or_default())
    }

    /// Connects a page, or connects it again, as `before` says: claims the page, takes a slot if it was not connected,
    /// counts up generation and token version, and puts it on the watch list for `now`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]: it may have taken effect; the page then is as connected as it would be.
    pub async fn connect_page(
        &self,
        new: &NewPage,
        before: Option<&PageConnection>,
        limit: u32,
        now: Timestamp,
    ) -> Result<PageConnect, StoreError> {
        let subject = Subject::Page(new.page.clone());
        let live = before.filter(|before| before.is_live());
        if live.is_none() && limit == 0 {
            return Ok(PageConnect::LimitReached);
        }
        let account = live.map_or(&new.account, |before| &before.account);
        let mut set = vec![
            (STATUS, s(ConnectionStatus::Connected.as_str())),
            (ACCESS_TOKEN, b(new.tokens.access.clone())),
            (SCOPES, list(&new.scopes)),
            (WARNINGS, list(&new.warnings)),
            (PAGE_NAME, s(&new.profile.name)),
            (ACCOUNT, s(account)),
            (CONNECTED_AT, n(now.as_millisecond())),
            (WATCH, watch_list(&new.tenant, &subject)),
            (DUE, n(now.as_millisecond())),
            (
                HISTORY,
                list(&history(before, live.map_or("connected", |_| "reconnected"), Some(&new.by), now)),
            ),
        ];
        let mut remove = vec![
            REASON,
            ENDED_AT,
            ENDED_BY,
            RECEIPT,
            LEASE_OWNER,
            LEASE_UNTIL,
            REFRESH_STARTED,
            TOKEN_ROTATED_AT,
            SUSPECTED_AT,
            TOPICS,
            TOPICS_AT,
        ];
        for (name, value) in [
            (REFRESH_TOKEN, new.tokens.refresh.clone().map(b)),
            (TOKEN_EXPIRY, new.tokens.expires_at.map(|end| n(end.as_millisecond()))),
            (PAGE_PICTURE, new.profile.picture.as_ref().map(s)),
            (PAGE_KIND, new.profile.kind.as_ref().map(s)),
            (CONNECTED_BY, person_value(Some(&new.by), CONNECTED_BY)?),
            (GRANTED_BY, person_value(new.granted_by.as_ref(), GRANTED_BY)?),
        ] {
            match value {
                Some(value) => set.push((name, value)),
                None => remove.push(name),
            }
        }
        let mut connection = self.connecting(&new.tenant, &subject, set, &remove);
        connection = match before {
            None => connection.condition_expression(format!("attribute_not_exists({KEY})")),
            Some(before) => connection
                .condition_expression(format!("{GENERATION} = :before"))
                .expression_attribute_values(":before", n(before.generation)),
        };
        let mut writes = vec![updating(self.claiming(&new.tenant, &subject))?, updating(connection)?];
        if live.is_none() {
            let slot = self
                .part(slots_key(&new.tenant, account))
                .update_expression(format!("ADD {USED} :one"))
                .condition_expression(format!("attribute_not_exists({USED}) OR {USED} < :limit"))
                .expression_attribute_values(":one", n(1))
                .expression_attribute_values(":limit", n(i64::from(limit)));
            writes.push(updating(slot)?);
        }
        if let Some(person) = &new.granted_by {
            let hint = Put::builder()
                .table_name(&self.table)
                .item(KEY, s(person_key(&person.id)))
                .item(SORT, s(format!("{}#{}", new.tenant, new.page)))
                .build()
                .map_err(|_| StoreError::Corrupt(KEY))?;
            writes.push(TransactWriteItem::builder().put(hint).build());
        }
        let written = self.transact(writes).await?;
        Ok(if written == Transacted::Done {
            PageConnect::Done(before.map_or(0, |before| before.generation).saturating_add(1))
        } else if written.refused(0) {
            PageConnect::Elsewhere
        } else if written.refused(1) {
            PageConnect::Changed
        } else {
            PageConnect::LimitReached
        })
    }

    /// Ends a page's connection and frees its slot: counts up the generation and puts it on the watch list. The tokens are
    /// still there, for unsubscribing; [`Connections::finish_end`] wipes them. `false` when it had ended or changed before.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn end_page(
        &self,
        page: &PageConnection,
        why: &'static str,
        by: Option<&Person>,
        receipt: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let by_value = person_value(by, ENDED_BY)?.unwrap_or(AttributeValue::Null(true));
        let ending = self
            .ending(
                &page.this(),
                why,
                now,
                &format!(", {RECEIPT} = :receipt, {ENDED_BY} = :by, {HISTORY} = :history"),
            )
            .expression_attribute_values(":receipt", s(receipt))
            .expression_attribute_values(":by", by_value)
            .expression_attribute_values(":history", list(&history(Some(page), "disconnected", by, now)));
        let slot = self
            .part(slots_key(&page.tenant, &page.account))
            .update_expression(format!("ADD {USED} :less"))
            .expression_attribute_values(":less", n(-1));
        Ok(self.transact(vec![updating(ending)?, updating(slot)?]).await? == Transacted::Done)
    }

    /// Notes what the provider says of a page, and what is not as it should be.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn note_profile(
        &self,
        of: &ConnectionRef,
        profile: &Profile,
        warnings: &[String],
    ) -> Result<bool, StoreError> {
        let mut set = format!("SET {PAGE_NAME} = :name, {WARNINGS} = :warnings");
        let mut request = self.update(of);
        for (name, value, place) in
            [(PAGE_PICTURE, &profile.picture, ":picture"), (PAGE_KIND, &profile.kind, ":kind")]
        {
            if let Some(value) = value {
                set.push_str(&format!(", {name} = {place}"));
                request = request.expression_attribute_values(place, s(value));
            }
        }
        let request = request
            .update_expression(set)
            .condition_expression(format!("{GENERATION} = :generation"))
            .expression_attribute_values(":name", s(&profile.name))
            .expression_attribute_values(":warnings", list(warnings))
            .expression_attribute_values(":generation", n(of.generation));
        Ok(applied(request).await?.is_some())
    }

    /// The pages, of any tenant, that a person at Facebook gave us the right to; some may be somebody else's by now.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] or [`StoreError::Corrupt`].
    pub async fn pages_of_person(&self, person: &str) -> Result<Vec<(TenantId, PageKey)>, StoreError> {
        let mut pages = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression(format!("{KEY} = :person"))
            .expression_attribute_values(":person", s(person_key(person)))
            .into_paginator()
            .items()
            .send();
        let mut found = Vec::new();
        while let Some(item) = pages.next().await {
            let item = item?;
            let place = item.must_text(SORT)?.split_once('#').and_then(|(tenant, page)| {
                Some((tenant.parse().ok()?, PageKey::try_from(page.to_owned()).ok()?))
            });
            found.push(place.ok_or(StoreError::Corrupt(SORT))?);
        }
        Ok(found)
    }

    /// Forgets the person at Facebook who gave the right to a page, as far as it is this person, and that it was theirs.
    /// `false` when the connection has changed since it was read.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn forget_person(&self, page: &PageConnection, who: &str) -> Result<bool, StoreError> {
        let theirs = page.granted_by.as_ref().is_some_and(|person| person.id == who);
        let of = page.this();
        let place = super::key(&of.tenant, &of.subject);
        let unchanged = format!("{GENERATION} = :generation");
        let connection = if theirs {
            let write = self.part(place).update_expression(format!("REMOVE {GRANTED_BY}"));
            let write = write.condition_expression(unchanged);
            updating(write.expression_attribute_values(":generation", n(of.generation)))?
        } else {
            let [(key, tenant), (sort, subject)] = place;
            let check = ConditionCheck::builder()
                .table_name(&self.table)
                .key(key, tenant)
                .key(sort, subject)
                .condition_expression(unchanged)
                .expression_attribute_values(":generation", n(of.generation))
                .build()
                .map_err(|_| StoreError::Corrupt(KEY))?;
            TransactWriteItem::builder().condition_check(check).build()
        };
        let hint = Delete::builder()
            .table_name(&self.table)
            .key(KEY, s(person_key(who)))
            .key(SORT, s(format!("{}#{}", page.tenant, page.page)))
            .build()
            .map_err(|_| StoreError::Corrupt(KEY))?;
        let writes = vec![connection, TransactWriteItem::builder().delete(hint).build()];
        Ok(self.transact(writes).await? == Transacted::Done)
    }
}

fn slots_key(tenant: &TenantId, account: &str) -> [(&'static str, AttributeValue); 2] {
    [(KEY, s(tenant.as_str())), (SORT, s(format!("slots#{account}")))]
}

fn person_key(person: &str) -> String {
    format!("person#facebook#{person}")
}

/// How many steps of its history a page keeps.
const REMEMBERED: usize = 50;

fn history(before: Option<&PageConnection>, word: &str, by: Option<&Person>, now: Timestamp) -> Vec<String> {
    let who = by.map_or("", |by| by.name.as_deref().unwrap_or(&by.id));
    let mut steps = before.map_or_else(Vec::new, |before| before.history.clone());
    steps.push(format!("{}:{word}:{who}", now.as_millisecond()));
    steps.split_off(steps.len().saturating_sub(REMEMBERED))
}

fn read(item: &Item) -> Result<PageConnection, StoreError> {
    let token = TokenState::read(item)?;
    let Subject::Page(page) = token.of.subject else { return Err(StoreError::Corrupt(SORT)) };
    let ended_by = match item.get(ENDED_BY) {
        Some(AttributeValue::Null(_)) => None,
        _ => person(item, ENDED_BY)?,
    };
    Ok(PageConnection {
        tenant: token.of.tenant,
        page,
        status: token.status,
        reason: token.reason,
        generation: token.of.generation,
        profile: Profile {
            name: item.must_text(PAGE_NAME)?.to_owned(),
            picture: item.text(PAGE_PICTURE).map(str::to_owned),
            kind: item.text(PAGE_KIND).map(str::to_owned),
        },
        tokens: token.tokens,
        token_version: token.version,
        rotated_at: token.rotated_at,
        refresh_started: token.refresh_started,
        account: item.must_text(ACCOUNT)?.to_owned(),
        connected_by: person(item, CONNECTED_BY)?,
        granted_by: person(item, GRANTED_BY)?,
        connected_at: token.connected_at,
        ended_at: item.instant(ENDED_AT)?,
        ended_by,
        receipt: item.text(RECEIPT).map(str::to_owned),
        topics: item.get(TOPICS).is_some().then(|| item.texts(TOPICS)),
        topics_at: item.instant(TOPICS_AT)?,
        warnings: item.texts(WARNINGS),
        suspected_at: item.instant(SUSPECTED_AT)?,
        due: item.instant(DUE)?,
        history: item.texts(HISTORY),
    })
}
