//! One look at a live page: does its provider still take our token, and does it still send (pages.md §1.12, §1.17, §2.8)?
//!
//! Upkeep looks once a day, at half the life of a token that ends, and when something hinted at trouble.
//!
//! - **What refuses is believed by its code**, and the connection then says `needs_reconnect` and why. Tokens that are
//!   dead for good are wiped; those that work again once a person has put something right are kept, and the next look
//!   finds out.
//! - **What does not answer decides nothing**, and neither does a refusal of our own app or of our request.
//! - **What is not as it should be though it works** is a warning on the connection.
//!
//! Who is told: the admin sees state, reason and warnings on the console's pages, which read the connection. The operator
//! has a line and a metric for each change: `page.needs_reconnect` ([`crate::refresh::give_up`]), `page.recovered`,
//! `page.resubscribed`, and `page.verified` for every look that found a page well.

mod facebook;
mod zalo;

use std::time::Duration;

use super::{Pages, Trouble, line};
use crate::refresh::give_up;
use crate::store::StoreError;
use crate::store::connections::page::Profile;
use crate::store::connections::{PageConnection, PageKey, reason};
use crate::telemetry::Metric;

/// What a look at a page brought.
#[derive(Debug)]
pub enum Verified {
    /// It is well. The connection as it is now.
    Well(Box<PageConnection>),
    /// It has to be connected again, and says so.
    Lost(&'static str),
    /// Nothing is decided: look again after this long, or as the caller thinks.
    Later(Option<Duration>),
    /// The connection has ended or was made anew.
    Gone,
}

/// Looks at a live page.
///
/// # Errors
/// [`Trouble`]: nothing is decided.
pub async fn verify(pages: &Pages, page: PageConnection) -> Result<Verified, Trouble> {
    let verified = match page.page.clone() {
        PageKey::Facebook(id) => Box::pin(facebook::verify(pages, page, &id)).await?,
        PageKey::Zalo(id) => Box::pin(zalo::verify(pages, page, &id)).await?,
    };
    if let Verified::Well(page) = &verified {
        line("page.verified", page).count(Metric::PageVerified, 1).emit();
    }
    Ok(verified)
}

/// Why a page that was given up before has to be connected again.
fn known_reason(page: &PageConnection) -> &'static str {
    reason::needs_reconnect(page.reason.as_deref()).unwrap_or(reason::TOKEN_REFUSED)
}

/// The page's token is given up; `wipe` when it is dead for good.
async fn lost(
    pages: &Pages,
    page: &PageConnection,
    why: &'static str,
    wipe: bool,
) -> Result<Verified, StoreError> {
    let given_up = give_up(&pages.store, &page.token_state(), why, wipe).await?;
    Ok(if given_up { Verified::Lost(why) } else { Verified::Gone })
}

/// Notes what the provider says of a page; of the warnings, those in `about` are now exactly `found`. `false` when the
/// connection has changed.
async fn note(
    pages: &Pages,
    page: &mut PageConnection,
    profile: Profile,
    about: &[&str],
    found: &[&str],
) -> Result<bool, StoreError> {
    let others = page.warnings.iter().filter(|code| !about.contains(&code.as_str())).cloned();
    let warnings: Vec<String> = others.chain(found.iter().map(|code| (*code).to_owned())).collect();
    if warnings == page.warnings && profile == page.profile {
        return Ok(true);
    }
    let noted = pages.store.connections.note_profile(&page.this(), &profile, &warnings).await?;
    (page.profile, page.warnings) = (profile, warnings);
    Ok(noted)
}
