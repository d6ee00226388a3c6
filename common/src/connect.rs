//! What the admin pages hand over to the login, so that it knows who connects what.

use serde::{Deserialize, Serialize};

use crate::id::{OrgId, TenantId};

/// A one-time ticket ([`crate::store::ephemeral::Kind::Start`]) with which a login starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartTicket {
    /// Whose shop is to be connected.
    pub tenant: TenantId,
    /// The CRM's id of the admin who pressed the button.
    pub admin_id: String,
    /// Their name.
    pub admin_name: Option<String>,
    /// The shop to connect, when it is a known one.
    pub org: Option<OrgId>,
    /// The language of the pages, a tag of [`crate::page::Lang`].
    pub lang: String,
}
