//! The tokens of a connection: who may refresh them, and how a new pair replaces an old one.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};
use jiff::Timestamp;

use super::{ConnectionRef, ConnectionStatus, Connections, REFRESH_LEASE, Subject, applied};
use crate::clock::millis;
use crate::id::TenantId;
use crate::store::StoreError;
use crate::store::claims::ClaimToken;
use crate::store::item::{Item, ItemExt, b, n, s};
use crate::store::schema::connections::{
    ACCESS_TOKEN, CONNECTED_AT, GENERATION, KEY, LEASE_OWNER, LEASE_UNTIL, REASON, REFRESH_STARTED,
    REFRESH_TOKEN, STATUS, SUSPECTED_AT, TOKEN_EXPIRY, TOKEN_ROTATED_AT, TOKEN_VERSION,
};

/// A token pair, sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedTokens {
    /// What calls carry.
    pub access: Vec<u8>,
    /// Refresh token, if the provider gave one.
    pub refresh: Option<Vec<u8>>,
    /// When the access token ends; `None` when it does not, or the provider did not say.
    pub expires_at: Option<Timestamp>,
}

/// What a refresh needs to know of a connection, whatever it connects.
#[derive(Debug, Clone)]
pub struct TokenState {
    /// Which connection, as it was read.
    pub of: ConnectionRef,
    /// Where it stands.
    pub status: ConnectionStatus,
    /// Why it is not connected, a code of [`super::reason`].
    pub reason: Option<String>,
    /// The tokens, until they are wiped.
    pub tokens: Option<SealedTokens>,
    /// Counts the token pairs.
    pub version: i64,
    /// When the present pair replaced another; `None` for the pair of the connect.
    pub rotated_at: Option<Timestamp>,
    /// When it was connected.
    pub connected_at: Option<Timestamp>,
    /// When the present refresh token was sent to the provider; set while the outcome is not stored.
    pub refresh_started: Option<Timestamp>,
}

impl TokenState {
    pub(super) fn read(item: &Item) -> Result<Self, StoreError> {
        Ok(Self {
            of: ConnectionRef::read(item)?,
            status: ConnectionStatus::of(item)?,
            reason: item.text(REASON).map(str::to_owned),
            tokens: SealedTokens::read(item)?,
            version: item.number(TOKEN_VERSION).unwrap_or_default(),
            rotated_at: item.instant(TOKEN_ROTATED_AT)?,
            connected_at: item.instant(CONNECTED_AT)?,
            refresh_started: item.instant(REFRESH_STARTED)?,
        })
    }
}

impl SealedTokens {
    pub(super) fn read(item: &Item) -> Result<Option<Self>, StoreError> {
        let Some(access) = item.bytes(ACCESS_TOKEN) else { return Ok(None) };
        Ok(Some(Self {
            access: access.to_vec(),
            refresh: item.bytes(REFRESH_TOKEN).map(<[u8]>::to_vec),
            expires_at: item.instant(TOKEN_EXPIRY)?,
        }))
    }
}

/// What became of asking for the right to refresh.
#[derive(Debug, Clone)]
pub enum Lease {
    /// It is ours. The tokens as they were before, and whether a refresh was cut off earlier.
    Won(Box<TokenState>),
    /// Somebody else is at it, has just done it, or the connection has ended. As it is now.
    Lost(Option<Box<TokenState>>),
}

impl Connections {
    /// The tokens of a connection, as last written.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] or [`StoreError::Corrupt`].
    pub async fn token_state(
        &self,
        tenant: &TenantId,
        subject: &Subject,
    ) -> Result<Option<TokenState>, StoreError> {
        self.item(tenant, subject).await?.as_ref().map(TokenState::read).transpose()
    }

    /// The provider refuses our tokens: an admin has to connect again. `wipe` when they are known to be dead.
    /// Names the token version that was refused; `false` when there is a newer one or the connection has ended.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn needs_reconnect(
        &self,
        of: &ConnectionRef,
        token_version: i64,
        why: &'static str,
        wipe: bool,
    ) -> Result<bool, StoreError> {
        let wiped = if wipe { format!(", {ACCESS_TOKEN}, {TOKEN_EXPIRY}") } else { String::new() };
        let request = self
            .update(of)
            .update_expression(format!(
                "SET #status = :needs, #reason = :why
                 REMOVE {LEASE_OWNER}, {LEASE_UNTIL}, {REFRESH_STARTED}, {REFRESH_TOKEN}, {SUSPECTED_AT}{wiped}"
            ))
            .condition_expression(format!(
                "{GENERATION} = :generation AND {TOKEN_VERSION} = :version AND #status <> :disconnected"
            ))
            .expression_attribute_names("#status", STATUS)
            .expression_attribute_names("#reason", REASON)
            .expression_attribute_values(":needs", s(ConnectionStatus::NeedsReconnect.as_str()))
            .expression_attribute_values(":disconnected", s(ConnectionStatus::Disconnected.as_str()))
            .expression_attribute_values(":why", s(why))
            .expression_attribute_values(":generation", n(of.generation))
            .expression_attribute_values(":version", n(token_version));
        Ok(applied(request).await?.is_some())
    }

    /// The provider takes our token after all, as one does that was refused for what the person has put right since.
    /// Names the token version that works; `false` when there is a newer one, none, or the connection has ended.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn works_again(&self, of: &ConnectionRef, token_version: i64) -> Result<bool, StoreError> {
        let request = self
            .update(of)
            .update_expression("SET #status = :connected REMOVE #reason")
            .condition_expression(format!(
                "{GENERATION} = :generation AND {TOKEN_VERSION} = :version AND #status = :needs
                 AND attribute_exists({ACCESS_TOKEN})"
            ))
            .expression_attribute_names("#status", STATUS)
            .expression_attribute_names("#reason", REASON)
            .expression_attribute_values(":connected", s(ConnectionStatus::Connected.as_str()))
            .expression_attribute_values(":needs", s(ConnectionStatus::NeedsReconnect.as_str()))
            .expression_attribute_values(":generation", n(of.generation))
            .expression_attribute_values(":version", n(token_version));
        Ok(applied(request).await?.is_some())
    }

    /// Asks for the right to send this connection's refresh token, for [`REFRESH_LEASE`]. Winning also notes that it is
    /// about to be sent.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]: the right may be taken, and ends by itself.
    pub async fn lease_refresh(
        &self,
        of: &ConnectionRef,
        token_version: i64,
        owner: &ClaimToken,
        now: Timestamp,
    ) -> Result<Lease, StoreError> {
        let request = self
            .update(of)
            .update_expression(format!(
                "SET {LEASE_OWNER} = :owner, {LEASE_UNTIL} = :until, {REFRESH_STARTED} = :now"
            ))
            .condition_expression(format!(
                "{GENERATION} = :generation AND {TOKEN_VERSION} = :version AND #status <> :disconnected
                 AND attribute_exists({REFRESH_TOKEN})
                 AND (attribute_not_exists({LEASE_UNTIL}) OR {LEASE_UNTIL} <= :now)"
            ))
            .expression_attribute_names("#status", STATUS)
            .expression_attribute_values(":disconnected", s(ConnectionStatus::Disconnected.as_str()))
            .expression_attribute_values(":owner", s(owner.as_str()))
            .expression_attribute_values(
                ":until",
                n(now.as_millisecond().saturating_add(millis(REFRESH_LEASE))),
            )
            .expression_attribute_values(":now", n(now.as_millisecond()))
            .expression_attribute_values(":generation", n(of.generation))
            .expression_attribute_values(":version", n(token_version))
            .return_values(ReturnValue::AllOld)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match request.send().await {
            Ok(answer) => {
                let before = answer.attributes().ok_or(StoreError::Corrupt(KEY))?;
                Ok(Lease::Won(Box::new(TokenState::read(before)?)))
            }
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
                    let now = failed.item().map(TokenState::read).transpose()?;
                    Ok(Lease::Lost(now.map(Box::new)))
                }
                _ => Err(error.into()),
            },
        }
    }

    /// Stores the pair that replaces the one of `token_version`. Whoever holds it, it is the newest there is: the lease is
    /// not asked for. `false` when the connection has ended or has a newer pair.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]: to be repeated, the call to the provider is not.
    pub async fn rotate(
        &self,
        of: &ConnectionRef,
        token_version: i64,
        tokens: &SealedTokens,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut set =
            format!("SET {ACCESS_TOKEN} = :access, #status = :connected, {TOKEN_ROTATED_AT} = :now");
        let mut remove = format!("REMOVE {LEASE_OWNER}, {LEASE_UNTIL}, {REFRESH_STARTED}, #reason");
        let mut request = self.update(of);
        for (name, value, place) in [
            (REFRESH_TOKEN, tokens.refresh.clone().map(b), ":refresh"),
            (TOKEN_EXPIRY, tokens.expires_at.map(|end| n(end.as_millisecond())), ":expiry"),
        ] {
            match value {
                Some(value) => {
                    set.push_str(&format!(", {name} = {place}"));
                    request = request.expression_attribute_values(place, value);
                }
                // A provider that gives no new refresh token means the old one to stay (haravan.md §1.10).
                None if name == REFRESH_TOKEN => {}
                None => remove.push_str(&format!(", {name}")),
            }
        }
        let request = request
            .update_expression(format!("{set} {remove} ADD {TOKEN_VERSION} :one"))
            .condition_expression(format!(
                "{GENERATION} = :generation AND {TOKEN_VERSION} = :version AND #status <> :disconnected"
            ))
            .expression_attribute_names("#status", STATUS)
            .expression_attribute_names("#reason", REASON)
            .expression_attribute_values(":access", b(tokens.access.clone()))
            .expression_attribute_values(":now", n(now.as_millisecond()))
            .expression_attribute_values(":connected", s(ConnectionStatus::Connected.as_str()))
            .expression_attribute_values(":disconnected", s(ConnectionStatus::Disconnected.as_str()))
            .expression_attribute_values(":generation", n(of.generation))
            .expression_attribute_values(":version", n(token_version))
            .expression_attribute_values(":one", n(1));
        Ok(applied(request).await?.is_some())
    }

    /// Gives the right to refresh back after a call that did not come through. `sent` when the provider may have seen
    /// the refresh token, in this call or in an earlier one that was cut off ([`TokenState::refresh_started`] of what
    /// [`Lease::Won`] gave): the note of it stays.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]: the right ends by itself.
    pub async fn release_refresh(
        &self,
        of: &ConnectionRef,
        owner: &ClaimToken,
        sent: bool,
    ) -> Result<bool, StoreError> {
        let note = if sent { String::new() } else { format!(", {REFRESH_STARTED}") };
        let request = self
            .update(of)
            .update_expression(format!("REMOVE {LEASE_OWNER}, {LEASE_UNTIL}{note}"))
            .condition_expression(format!("{LEASE_OWNER} = :owner"))
            .expression_attribute_values(":owner", s(owner.as_str()));
        Ok(applied(request).await?.is_some())
    }
}
