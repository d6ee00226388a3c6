//! A person at Facebook takes back the right they gave, or asks to be forgotten (pages.md §1.15).
//!
//! Facebook names the person and no pages. Theirs are found by hints, which may be older than the connections: what
//! counts is who the connection says gave the right, and that it was given before the person spoke.

use jiff::Timestamp;

use super::Pages;
use crate::id::FbUserId;
use crate::refresh::give_up;
use crate::store::StoreError;
use crate::store::connections::{PageConnection, reason};

/// How often a connection that changes while it is worked on is read again.
const TRIES: u32 = 5;

/// Takes back the right a person gave before `at`: every live page of theirs, of all tenants, has to be connected again
/// and its tokens are wiped. Gives how many there were.
///
/// # Errors
/// [`StoreError`]: some may be done.
pub async fn revoke(pages: &Pages, who: &FbUserId, at: Timestamp) -> Result<usize, StoreError> {
    let connections = &pages.store.connections;
    let mut revoked = 0;
    for (tenant, key) in connections.pages_of_person(who.as_str()).await? {
        for _ in 0..TRIES {
            let Some(page) = connections.page(&tenant, &key).await? else { break };
            let has_token = page.tokens.is_some() || page.reason.as_deref() != Some(reason::REVOKED);
            if !page.is_live() || !is_of(&page, who) || is_newer(&page, at) || !has_token {
                break;
            }
            if give_up(&pages.store, &page.token_state(), reason::REVOKED, true).await? {
                revoked += 1;
                break;
            }
        }
    }
    Ok(revoked)
}

/// Erases what is held of a person who asked for it at `at`: that they gave the right to a page, and their name, from
/// live connections and ended ones. What they gave after they asked stays. Gives from how many pages.
///
/// # Errors
/// [`StoreError`]: some may be done.
pub async fn forget(pages: &Pages, who: &FbUserId, at: Timestamp) -> Result<usize, StoreError> {
    let connections = &pages.store.connections;
    let mut forgotten = 0;
    for (tenant, key) in connections.pages_of_person(who.as_str()).await? {
        for _ in 0..TRIES {
            let Some(page) = connections.page(&tenant, &key).await? else { break };
            if is_of(&page, who) && is_newer(&page, at) {
                break;
            }
            if connections.forget_person(&page, who.as_str()).await? {
                forgotten += usize::from(is_of(&page, who));
                break;
            }
        }
    }
    Ok(forgotten)
}

fn is_of(page: &PageConnection, who: &FbUserId) -> bool {
    page.granted_by.as_ref().is_some_and(|person| person.id == who.as_str())
}

/// Facebook speaks in whole seconds.
fn is_newer(page: &PageConnection, at: Timestamp) -> bool {
    page.connected_at.is_some_and(|connected| connected.as_second() > at.as_second())
}
