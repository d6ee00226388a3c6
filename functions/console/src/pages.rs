//! Pages of Facebook and Zalo: what is connected and how it stands, how many more may be, and the forms that start a
//! connect or a disconnect (pages.md §4).
//!
//! What happens at the providers is done by the functions of the pages, on the operator's own host. An admin comes there
//! with a form that carries a one-time ticket ([`common::pages::ticket`]) and is led back here; what is then told is what
//! the store says, not what the address says.

use common::page::Policy;
use common::store::connections::{PageConnection, PageKey};
use common::store::tenants::TenantRecord;

use crate::Console;
use crate::refusal::Trouble;
use crate::tenant::origin;

pub(crate) mod add;
pub(crate) mod allowance;
pub(crate) mod disconnect;
pub(crate) mod failure;
pub(crate) mod list;
pub(crate) mod report;
pub(crate) mod ticketed;

mod said;

/// Where the list is.
const HERE: &str = common::pages::ticket::CONSOLE;

/// The tenant's page that an address names.
pub(crate) async fn page_of(
    console: &Console,
    record: &TenantRecord,
    slug: &str,
) -> Result<Option<PageConnection>, Trouble> {
    match PageKey::of_slug(slug) {
        Some(page) => Ok(console.store.connections.page(&record.id, &page).await?),
        None => Ok(None),
    }
}

/// The policy of a page whose forms lead to the pages' functions and, redirected, to the providers.
fn policy(console: &Console, record: &TenantRecord) -> Policy {
    let mut policy = console.policy(record);
    policy.form_action.extend(console.pages_url.as_ref().and_then(|url| origin(url.as_str())));
    policy.form_action.extend(console.providers.iter().filter_map(|url| origin(url)));
    policy.form_action.sort();
    policy.form_action.dedup();
    policy.tells_origin = true;
    policy
}
