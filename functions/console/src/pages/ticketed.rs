//! One-time tickets with which an admin comes over to the pages' functions.

use common::pages::ticket::{Act, DISCONNECT, PageTicket, START, expiry};
use common::store::connections::Person;
use common::store::ephemeral::Kind;
use common::store::tenants::TenantRecord;
use common::{page::Lang, telemetry::Line};
use jiff::Timestamp;
use url::Url;

use crate::refusal::Trouble;
use crate::session::{Visitor, random_secret};
use crate::tenant::below;
use crate::{Console, FUNCTION};

/// Where a form leads, and what it carries.
pub(crate) struct Ticketed {
    /// The form's action.
    pub action: String,
    /// Its field `ticket`.
    pub ticket: String,
    /// Until when it works.
    pub expires_at: Timestamp,
}

/// Makes a ticket for an act.
pub(crate) async fn issue(
    console: &Console,
    pages_url: &Url,
    record: &TenantRecord,
    admin: Person,
    lang: Lang,
    act: Act,
) -> Result<Ticketed, Trouble> {
    let (path, what) = match act {
        Act::Connect(_) => (START, "connect"),
        Act::Disconnect { .. } => (DISCONNECT, "disconnect"),
    };
    let ticket = PageTicket { tenant: record.id.clone(), admin, lang: lang.code().to_owned(), act };
    let (secret, expires_at) = (random_secret()?, expiry(console.clock.now()));
    console.store.ephemeral.put(Kind::Page, &secret, &ticket, expires_at).await?;
    Line::new(FUNCTION, "pages.ticket_made").with("tenant", record.id.as_str()).with("act", what).emit();
    let action = below(pages_url.as_str(), path.trim_start_matches('/'));
    Ok(Ticketed { action, ticket: secret, expires_at })
}

/// The admin of a session, as connections name people.
pub(super) fn admin(visitor: &Visitor) -> Person {
    let admin = visitor.session.admin.clone();
    Person { id: admin.id, name: admin.name, email: admin.email }
}
