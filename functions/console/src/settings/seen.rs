//! What the newest orders bring that a map may have to name: members of staff, sales channels, payment gateways.

use std::collections::{BTreeMap, BTreeSet};

use common::body;
use common::haravan::order::Order;
use common::haravan::webhook::{Entity, unwrapped};
use common::id::{StaffId, TenantId};
use common::store::StoreError;
use common::store::inbox::Inbox;
use common::store::inbox::listing::Which;
use common::wire::lenient;

/// Events looked at.
const MOST: usize = 100;

/// What was seen.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    /// Members of staff, and an order each of them took.
    pub staff: BTreeMap<StaffId, Option<String>>,
    /// Sales channels.
    pub channels: BTreeSet<String>,
    /// Payment gateways, by their display names.
    pub gateways: BTreeSet<String>,
}

impl Seen {
    /// Looks at a tenant's newest orders.
    pub(crate) async fn of(inbox: &Inbox, tenant: &TenantId) -> Result<Self, StoreError> {
        let mut seen = Self::default();
        let listed = inbox.newest(tenant, Which::All, None, MOST).await?;
        for event in
            listed.events.iter().filter(|event| event.topic.entity() == Entity::Order && event.parts == 0)
        {
            let Ok(bytes) = body::unpack(&event.body) else { continue };
            let Some(order) = unwrapped(&bytes).and_then(|text| lenient::read::<Order>(&text)) else {
                continue;
            };
            seen.channels.extend(order.channel().map(str::to_owned));
            seen.gateways.extend(order.gateway.clone());
            seen.gateways
                .extend(order.transactions.iter().filter_map(|transaction| transaction.gateway.clone()));
            if let Some(staff) = order.user_id.filter(|id| *id > 0) {
                seen.staff.entry(StaffId(staff)).or_insert(order.name);
            }
        }
        Ok(seen)
    }
}
