//! Finding or creating the buyer's record in the CRM, once (getfly.md §3, §10).

use super::buyer::Buyer;
use super::job::Job;
use super::stop::Stop;
use crate::clock::vietnam_date;
use crate::getfly::account::{Account, NewAccount};
use crate::getfly::error::{CrmError, CrmText, UniqueField};
use crate::haravan::webhook::Entity;
use crate::reason;
use crate::store::claims::{Identity, Record};
use crate::text::fold;

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
    if let Some(id) = buyer.customer
        && let Some(code) = job.intake.store.claims.get(&Identity::customer(&job.tenant.id, id)).await?.code
    {
        return Ok(Resolved::existing(code));
    }
    claimed(job, buyer, manager, None).await
}

/// The buyer's record in place of `stale`, a code that the CRM no longer takes: a person renamed the record, merged it
/// into another or deleted it for good. `refusal` is what the CRM said.
///
/// The link to `stale` stays until the new one is written over it. A worker that dies in between leaves a link that the
/// CRM refuses again, and the next try comes here again. An order of the same customer that waited for the claim finds
/// the new link.
///
/// # Errors
/// [`Stop`]: [`reason::CRM_REFUSED`] when the record is there under that code, so that the code is not what is wrong;
/// else as [`account`].
pub async fn renewed(
    job: &Job<'_>,
    buyer: &Buyer,
    manager: Option<&str>,
    stale: &str,
    refusal: &CrmText,
) -> Result<Resolved, Stop> {
    if job.crm.account(stale).await?.is_some() {
        return Err(Stop::Park { reason: reason::CRM_REFUSED, detail: Some(refusal.for_the_admin()) });
    }
    Ok(claimed(job, buyer, manager, Some(stale)).await?.warned("customer_link_renewed"))
}

/// Corrects the link of a customer whose order the CRM booked under another code than `linked`, without a word. The
/// other record is remembered if the CRM gives it for the old code as well, or if it has the buyer's phone or e-mail;
/// otherwise the link is forgotten. If this fails, the customer's next order notices it again.
pub async fn corrected(job: &Job<'_>, buyer: &Buyer, linked: &str, booked: &str) {
    if let Err(stop) = correct(job, buyer, linked, booked).await {
        tracing::warn!(error = ?stop, "a customer's link was not corrected");
    }
}

async fn correct(job: &Job<'_>, buyer: &Buyer, linked: &str, booked: &str) -> Result<(), Stop> {
    let Some(id) = buyer.customer else { return Ok(()) };
    let is_heir = job.crm.account_given_for(linked).await?.is_some_and(|account| account.code == booked);
    let is_theirs = is_heir || job.crm.account(booked).await?.is_some_and(|account| is_of(&account, buyer));
    let identity = Identity::customer(&job.tenant.id, id);
    job.intake.store.claims.relink(&identity, linked, is_theirs.then_some(booked)).await?;
    Ok(())
}

/// Claims the buyer's identities, then finds or creates the record; codes that are `stale` count as unknown.
async fn claimed(
    job: &Job<'_>,
    buyer: &Buyer,
    manager: Option<&str>,
    stale: Option<&str>,
) -> Result<Resolved, Stop> {
    let tenant = &job.tenant.id;
    let claims = &job.intake.store.claims;
    let customer = buyer.customer.map(|id| Identity::customer(tenant, id));
    // Always in this order, so that two workers never hold what the other waits for.
    let mut identities: Vec<Identity> = customer.iter().cloned().collect();
    if stale.is_some() || job.tenant.settings.looks_for_duplicates() {
        identities.extend(buyer.phone.as_ref().map(|phone| Identity::phone(tenant, phone)));
        identities.extend(buyer.email.as_deref().map(|email| Identity::email(tenant, email)));
    }
    for (at, identity) in identities.iter().enumerate() {
        let held = identities.get(..at).unwrap_or_default();
        match job.claim(identity).await.map(|record| record.code.filter(|code| Some(code.as_str()) != stale))
        {
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
    match find_or_create(job, buyer, manager, stale).await {
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

async fn find_or_create(
    job: &Job<'_>,
    buyer: &Buyer,
    manager: Option<&str>,
    stale: Option<&str>,
) -> Result<Resolved, Stop> {
    if let Some(stale) = stale
        && let Some(heir) = heir(job, buyer, stale).await?
    {
        return Ok(heir);
    }
    // Of a record that was there we know that it may be there under another code, whatever the settings say.
    if (stale.is_some() || job.tenant.settings.looks_for_duplicates())
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

/// The record that the CRM gives when it is asked for a code it no longer takes: the same code in other letters, or the
/// record into which that one was merged. Another person's record is none.
async fn heir(job: &Job<'_>, buyer: &Buyer, stale: &str) -> Result<Option<Resolved>, CrmError> {
    let given = job.crm.account_given_for(stale).await?;
    let theirs = given.filter(|account| fold(&account.code) == fold(stale) || is_of(account, buyer));
    Ok(theirs.map(|account| Resolved::existing(account.code)))
}

/// Whether a record has the buyer's phone or e-mail.
fn is_of(account: &Account, buyer: &Buyer) -> bool {
    buyer.phone.as_ref().is_some_and(|phone| account.has_phone(phone))
        || buyer.email.as_deref().is_some_and(|email| account.has_email(email))
}

/// By phone, then by e-mail; phone wins. Of several the oldest. Where the CRM allows duplicates, a record that was made
/// for another Haravan customer comes last.
async fn search(job: &Job<'_>, buyer: &Buyer) -> Result<Option<Resolved>, CrmError> {
    let mut by_phone = match &buyer.phone {
        Some(phone) => job.crm.accounts_by_phone(phone).await?,
        None => Vec::new(),
    };
    let mut by_email = match &buyer.email {
        Some(email) => job.crm.accounts_by_email(email).await?,
        None => Vec::new(),
    };
    if !job.tenant.settings.looks_for_duplicates() {
        let is_of_another =
            |account: &Account| account.code.starts_with("HRV-") && account.code != buyer.code;
        by_phone.sort_by_key(is_of_another);
        by_email.sort_by_key(is_of_another);
    }
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
