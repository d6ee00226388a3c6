//! One claimed event with all it needs: tenant, shop, body and the way to the CRM.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use quick_cache::sync::Cache;
use secrecy::SecretString;

use super::stop::Stop;
use crate::clock::{SharedClock, until};
use crate::getfly::client::Getfly;
use crate::getfly::user::User;
use crate::haravan::admin::Admin;
use crate::haravan::api::ApiError;
use crate::id::{StaffId, TenantId};
use crate::reason;
use crate::store::Store;
use crate::store::claims::{Claim, ClaimToken, Identity, Record};
use crate::store::inbox::Event;
use crate::store::pace::Slot;
use crate::tenant::{Directory, Shop, Tenant};
use crate::wire::egress::Reach;

/// How long a function waits for a write slot before it puts the event off: waiting is paid for.
const PATIENCE: Duration = Duration::from_secs(3);

/// How long to wait in place for another worker who is creating the same customer or order.
const WAIT_IN_PLACE: Duration = Duration::from_secs(2);
const WAIT_STEP: Duration = Duration::from_millis(200);

/// How long until an event looks again for a claim that another worker holds: seldom more than the rest of its lease.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// How long a tenant's CRM users and shop staff are believed (getfly.md §4).
const PEOPLE_FRESH: Duration = Duration::from_secs(300);

/// What intake works with.
pub struct Intake {
    /// The tables.
    pub store: Store,
    /// The tenants.
    pub directory: Directory,
    /// Calls to the CRM.
    pub http: reqwest::Client,
    /// Where the CRM may be.
    pub reach: Reach,
    /// Haravan's Admin REST.
    pub admin: Admin,
    /// Time.
    pub clock: SharedClock,
    users: Cache<TenantId, (Timestamp, Arc<Vec<User>>)>,
    staff: Cache<(TenantId, StaffId), (Timestamp, Option<String>)>,
}

impl Intake {
    /// Puts the parts together.
    pub fn new(
        store: Store,
        directory: Directory,
        http: reqwest::Client,
        reach: Reach,
        admin: Admin,
        clock: SharedClock,
    ) -> Self {
        Self { store, directory, http, reach, admin, clock, users: Cache::new(1024), staff: Cache::new(4096) }
    }
}

/// One claimed event at work.
pub struct Job<'a> {
    /// What intake works with.
    pub intake: &'a Intake,
    /// The event.
    pub event: &'a Event,
    /// Proof of the claim, for identity claims as well.
    pub token: &'a ClaimToken,
    /// Whose event it is.
    pub tenant: &'a Tenant,
    /// The shop it comes from.
    pub shop: &'a Shop,
    /// The body's JSON text, unwrapped.
    pub body: &'a str,
    /// The tenant's CRM.
    pub crm: Getfly,
    /// Whether the CRM's last answers were failures, learnt from the slot.
    pub failing: std::sync::atomic::AtomicBool,
}

impl Job<'_> {
    /// Waits for the tenant's turn to make `writes` CRM writes.
    ///
    /// # Errors
    /// [`Stop::Later`] when the turn is too far away or the CRM is being left alone.
    pub async fn reserve(&self, writes: u32) -> Result<(), Stop> {
        let rate = self.tenant.settings.writes_per_second.clamp(0.01, 1000.0);
        let cost = Duration::from_secs_f64(f64::from(writes) / rate);
        let now = self.intake.clock.now();
        match self.intake.store.pace.reserve(&self.tenant.id, cost, PATIENCE, now).await? {
            Slot::At { start, failing } => {
                self.failing.store(failing, std::sync::atomic::Ordering::Relaxed);
                let wait = until(now, start);
                if !wait.is_zero() {
                    self.intake.clock.sleep(wait).await;
                }
                Ok(())
            }
            Slot::Full { until: free } => {
                // Spread over the time a queue of this length needs, so that not all come back at once.
                let after = until(now, free).mul_f64(1.0 + fastrand::f64());
                Err(Stop::Later { reason: reason::PACED, after: Some(after), counts: false })
            }
            Slot::Open { until: probe } => {
                let after = until(now, probe) + Duration::from_secs_f64(fastrand::f64() * 5.0);
                Err(Stop::Later { reason: reason::BREAKER, after: Some(after), counts: false })
            }
        }
    }

    /// Claims an identity for this event, waiting a little for another worker. Gives what was known of it before.
    ///
    /// # Errors
    /// [`Stop::Later`] when the other worker takes longer.
    pub async fn claim(&self, identity: &Identity) -> Result<Record, Stop> {
        let clock = &self.intake.clock;
        let give_up = clock.now() + WAIT_IN_PLACE;
        loop {
            let now = clock.now();
            match self.intake.store.claims.claim(identity, self.token, now).await? {
                Claim::Won(record) => return Ok(record),
                // A claim that an earlier try of this event has kept does not end sooner by waiting in place.
                Claim::Held { same_event: false, .. } if now < give_up => clock.sleep(WAIT_STEP).await,
                Claim::Held { until: end, same_event } => {
                    let after = until(now, end).clamp(Duration::from_secs(1), LOOK_AGAIN);
                    let reason = if same_event { reason::MAKING_SURE } else { reason::BUSY };
                    return Err(Stop::Later { reason, after: Some(after), counts: false });
                }
            }
        }
    }

    /// Gives a claim back; one that cannot be given back ends with its lease.
    pub async fn release(&self, identity: &Identity) {
        if let Err(error) = self.intake.store.claims.release(identity, self.token).await {
            tracing::warn!(%error, "a claim was not released and ends with its lease");
        }
    }

    /// The CRM's active users, a few minutes old at most.
    ///
    /// # Errors
    /// [`Stop::Crm`].
    pub async fn users(&self) -> Result<Arc<Vec<User>>, Stop> {
        let now = self.intake.clock.now();
        if let Some((read_at, users)) = self.intake.users.get(&self.tenant.id)
            && until(read_at, now) < PEOPLE_FRESH
        {
            return Ok(users);
        }
        let users = Arc::new(self.crm.users().await?);
        self.intake.users.insert(self.tenant.id.clone(), (now, Arc::clone(&users)));
        Ok(users)
    }

    /// The e-mail of a member of the shop's staff, a few minutes old at most: Haravan's allowance is small.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn staff_email(
        &self,
        token: &SecretString,
        staff: StaffId,
    ) -> Result<Option<String>, ApiError> {
        let now = self.intake.clock.now();
        let key = (self.tenant.id.clone(), staff);
        if let Some((read_at, email)) = self.intake.staff.get(&key)
            && until(read_at, now) < PEOPLE_FRESH
        {
            return Ok(email);
        }
        let email = self.intake.admin.staff_email(token, staff).await?;
        self.intake.staff.insert(key, (now, email.clone()));
        Ok(email)
    }
}
