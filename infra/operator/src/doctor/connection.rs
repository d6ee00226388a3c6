//! What holds for shops and pages alike: whose a connection is, whether upkeep looks after it, whether its end came to an
//! end.

use std::time::Duration;

use common::id::TenantId;
use common::store::connections::{ConnectionStatus, PageConnection, ShopConnection, Subject};
use common::words;
use jiff::Timestamp;

use super::{Finding, Patient};

/// Upkeep runs every minute; what is due for longer was not looked at.
const OVERDUE: Duration = Duration::from_secs(15 * 60);

/// An end is brought to its end within a day, whatever the provider says.
const ENDING: Duration = Duration::from_secs(25 * 3600);

pub(super) const UPKEEP: &str = "look whether upkeep runs: its schedule, its errors in the log, its role";

/// A connection as it is looked at.
pub(super) struct Seen<'a> {
    tenant: &'a TenantId,
    pub subject: Subject,
    pub status: ConnectionStatus,
    reason: Option<&'a str>,
    has_tokens: bool,
    ended_at: Option<Timestamp>,
    due: Option<Timestamp>,
    /// The tenant and the connection.
    pub about: String,
    /// What its admin does to connect it anew.
    pub connect: &'static str,
}

impl<'a> Seen<'a> {
    pub fn shop(shop: &'a ShopConnection) -> Self {
        Self {
            tenant: &shop.tenant,
            subject: Subject::Shop(shop.org),
            status: shop.status,
            reason: shop.reason.as_deref(),
            has_tokens: shop.tokens.is_some(),
            ended_at: shop.ended_at,
            due: shop.due,
            about: format!("{} {}", shop.tenant, Subject::Shop(shop.org).sort_key()),
            connect: "its admin presses Connect at /console/haravan",
        }
    }

    pub fn page(page: &'a PageConnection) -> Self {
        Self {
            tenant: &page.tenant,
            subject: Subject::Page(page.page.clone()),
            status: page.status,
            reason: page.reason.as_deref(),
            has_tokens: page.tokens.is_some(),
            ended_at: page.ended_at,
            due: page.due,
            about: format!("{} {}", page.tenant, page.page),
            connect: "its admin connects it again at /console/pages",
        }
    }

    /// What can be seen in the tables alone.
    pub async fn check(&self, patient: &Patient<'_>) -> Vec<Finding> {
        if self.status == ConnectionStatus::Disconnected {
            return self.unfinished(patient).into_iter().collect();
        }
        let mut found: Vec<Finding> = self.watched(patient).into_iter().collect();
        found.extend(self.owned(patient).await);
        if self.status == ConnectionStatus::NeedsReconnect {
            found.push(self.needs_reconnect());
        }
        found
    }

    fn unfinished(&self, patient: &Patient<'_>) -> Option<Finding> {
        let ended = self.ended_at?;
        (self.has_tokens && past(patient, ended) > ENDING).then(|| {
            let wrong = format!("it ended at {ended}, and its tokens are still there");
            Finding::new("connection.end_unfinished", &self.about, wrong, UPKEEP)
        })
    }

    fn needs_reconnect(&self) -> Finding {
        let why = self.reason.unwrap_or("unknown");
        let said = match self.subject {
            Subject::Shop(_) => words::of_shop_reason(why),
            Subject::Page(_) => words::of_page_reason(why),
        };
        let said = said.map_or(why, |(_, english)| english);
        Finding::new("connection.needs_reconnect", &self.about, said, self.connect)
    }

    fn watched(&self, patient: &Patient<'_>) -> Option<Finding> {
        match self.due {
            None => Some(Finding::new(
                "connection.not_watched",
                &self.about,
                "it is on no watch list: nobody looks after its tokens and webhooks",
                format!("{}, which puts it back", self.connect),
            )),
            Some(due) if past(patient, due) > OVERDUE => {
                let wrong = format!("upkeep was to look at it at {due}");
                Some(Finding::new("connection.overdue", &self.about, wrong, UPKEEP))
            }
            Some(_) => None,
        }
    }

    async fn owned(&self, patient: &Patient<'_>) -> Option<Finding> {
        let owner = patient.deployment.store.connections.owner(&self.subject).await.ok()?;
        (owner.as_ref() != Some(self.tenant)).then(|| {
            let wrong = match owner {
                Some(other) => format!("it belongs to the tenant {other}"),
                None => "it belongs to no tenant: another one could connect it".to_owned(),
            };
            let todo =
                "disconnect it here (`connections disconnect`), then have it connected again where it belongs";
            Finding::new("connection.owner", &self.about, wrong, todo)
        })
    }
}

fn past(patient: &Patient<'_>, at: Timestamp) -> Duration {
    Duration::try_from(patient.now.duration_since(at)).unwrap_or_default()
}
