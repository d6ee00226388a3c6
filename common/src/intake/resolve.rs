//! Finding or creating the buyer's record in the CRM, once (getfly.md §3, §10).

use super::buyer::Buyer;
use super::job::Job;
use super::stop::{Stop, reason};
use crate::clock::vietnam_date;
use crate::getfly::account::{Account, NewAccount};
use crate::getfly::error::{CrmError, UniqueField};
use crate::haravan::webhook::Entity;
use crate::store::claims::{Identity, Record};

/// At most this many repeats without refused fields.
const MAX_TRIES: usize = 6;

/// The buyer's record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// The CRM's code.
    pub code: String,
    /// Whether it was made just now.
    pub created: bool,
    /// What a person should know, as codes.
    pub warnings: Vec<String>,
}

impl Resolved {
    fn existing(code: String) -> Self {
        Self { code, created: false, warnings: Vec::new() }
    }

    fn warned(mut self, warning: &str) -> Self {
        self.warnings.push(warning.to_owned());
        self
    }
}

/// The buyer's record, found or created; `manager` is put in charge of a created one.
///
/// # Errors
/// [`Stop`]; claims are released unless the CRM may still be at work on a request whose answer was lost.
pub async fn account(job: &Job<'_>, buyer: &Buyer, manager: Option<&str>) -> Result<Resolved, Stop> {
    let tenant = &job.tenant.id;
    let claims = &job.intake.store.claims;
    let customer = buyer.customer.map(|id| Identity::customer(tenant, id));
    if let Some(identity) = &customer
        && let Some(code) = claims.get(identity).await?.code
    {
        return Ok(Resolved::existing(code));
    }
    // Always in this order, so that two workers never hold what the other waits for.
    let mut identities: Vec<Identity> = customer.iter().cloned().collect();
    if job.tenant.settings.looks_for_duplicates() {
        identities.extend(buyer.phone.as_ref().map(|phone| Identity::phone(tenant, phone)));
        identities.extend(buyer.email.as_deref().map(|email| Identity::email(tenant, email)));
    }
    for (at, identity) in identities.iter().enumerate() {
        let held = identities.get(..at).unwrap_or_default();
        match job.claim(identity).await.map(|record| record.code) {
            Ok(Some(code)) => {
                release(job, held).await;
                // Winning the claim of somebody who had finished in between: give it back.
                claims.release(identity, job.token).await?;
                return Ok(Resolved::existing(code));
            }
            Ok(None) => {}
            Err(stop) => {
                release(job, held).await;
                return Err(stop);
            }
        }
    }
    match find_or_create(job, buyer, manager).await {
        Ok(resolved) => {
            for identity in &identities {
                let is_link = Some(identity) == customer.as_ref();
                // An order's event says nothing about which version of its customer was seen.
                let version = job.event.version.filter(|_| job.event.topic.entity() == Entity::Customer);
                let record = Record {
                    code: is_link.then(|| resolved.code.clone()),
                    version: version.filter(|_| is_link),
                };
                claims.complete(identity, job.token, &record).await?;
            }
            Ok(resolved)
        }
        Err(stop) => {
            if !stop.may_still_write() {
                release(job, &identities).await;
            }
            Err(stop)
        }
    }
}

/// Gives claims back.
async fn release(job: &Job<'_>, identities: &[Identity]) {
    for identity in identities {
        job.release(identity).await;
    }
}

async fn find_or_create(job: &Job<'_>, buyer: &Buyer, manager: Option<&str>) -> Result<Resolved, Stop> {
    if job.tenant.settings.looks_for_duplicates()
        && let Some(found) = search(job, buyer).await?
    {
        return Ok(found);
    }
    // An earlier attempt may have created it without our hearing the answer.
    if let Some(ours) = job.crm.account(&buyer.code).await? {
        return Ok(Resolved::existing(ours.code));
    }
    create(job, buyer, buyer.new_account(&job.tenant.settings, manager, vietnam_date(job.intake.clock.now())))
        .await
}

/// By phone, then by e-mail; phone wins. Of several the oldest.
async fn search(job: &Job<'_>, buyer: &Buyer) -> Result<Option<Resolved>, CrmError> {
    let by_phone = match &buyer.phone {
        Some(phone) => job.crm.accounts_by_phone(phone).await?,
        None => Vec::new(),
    };
    let by_email = match &buyer.email {
        Some(email) => job.crm.accounts_by_email(email).await?,
        None => Vec::new(),
    };
    Ok(pick(&by_phone, &by_email))
}

fn pick(by_phone: &[Account], by_email: &[Account]) -> Option<Resolved> {
    let chosen = by_phone.first().or(by_email.first())?;
    let several = if by_phone.is_empty() { by_email.len() } else { by_phone.len() } > 1;
    let mut resolved = Resolved::existing(chosen.code.clone());
    if several {
        resolved = resolved.warned("several_customers_match");
    }
    if !by_phone.is_empty()
        && !by_email.is_empty()
        && by_email.iter().all(|account| account.code != chosen.code)
    {
        resolved = resolved.warned("email_belongs_to_another_customer");
    }
    Some(resolved)
}

async fn create(job: &Job<'_>, buyer: &Buyer, mut account: NewAccount) -> Result<Resolved, Stop> {
    let mut warnings: Vec<String> = Vec::new();
    for _ in 0..MAX_TRIES {
        let (slim, left_out) = match job.crm.create_account(&account).await {
            Ok(code) => return Ok(Resolved { code, created: true, warnings }),
            Err(CrmError::Duplicate { field, text }) => {
                return match taken(job, buyer, field).await? {
                    Some(found) => Ok(found),
                    None => Err(Stop::Park {
                        reason: reason::CUSTOMER_DELETED,
                        detail: Some(text.for_the_admin()),
                    }),
                };
            }
            Err(CrmError::SourceConflict { text }) => {
                account.without(&["source".to_owned()]).ok_or_else(|| Stop::Park {
                    reason: reason::CRM_REFUSED,
                    detail: Some(text.for_the_admin()),
                })?
            }
            Err(CrmError::Refused { fields, text }) => account.without(&fields).ok_or_else(|| {
                Stop::Park { reason: reason::CRM_REFUSED, detail: Some(text.for_the_admin()) }
            })?,
            Err(error) => return Err(error.into()),
        };
        account = slim;
        warnings.extend(left_out.into_iter().map(|code| format!("customer_{code}")));
    }
    Err(Stop::park(reason::CRM_REFUSED))
}

/// The CRM says there is such a customer: find it, whatever the settings say, or bring a deleted one back by our code.
/// A deleted record of another code cannot be told by the API (getfly.md §3.4).
async fn taken(job: &Job<'_>, buyer: &Buyer, field: Option<UniqueField>) -> Result<Option<Resolved>, Stop> {
    if let Some(ours) = job.crm.account(&buyer.code).await? {
        return Ok(Some(Resolved::existing(ours.code)));
    }
    if field != Some(UniqueField::Code)
        && let Some(found) = search(job, buyer).await?
    {
        let known = job.tenant.settings.looks_for_duplicates();
        return Ok(Some(if known { found } else { found.warned("crm_forbids_duplicates_unlike_settings") }));
    }
    let restored = job.crm.restore_account(&buyer.code).await?;
    Ok(restored.then(|| Resolved::existing(buyer.code.clone()).warned("customer_restored_in_crm")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(id: i64, code: &str) -> Account {
        Account::read(&serde_json::json!({"id": id, "account_code": code})).unwrap()
    }

    #[test]
    fn phone_wins_over_email_with_a_warning() {
        let resolved = pick(&[account(2, "A")], &[account(1, "B")]).unwrap();
        assert_eq!(
            (resolved.code.as_str(), resolved.warnings),
            ("A", vec!["email_belongs_to_another_customer".to_owned()])
        );
    }

    #[test]
    fn one_record_found_both_ways_needs_no_warning() {
        assert_eq!(pick(&[account(2, "A")], &[account(2, "A")]), Some(Resolved::existing("A".into())));
        assert_eq!(pick(&[], &[]), None);
    }
}
