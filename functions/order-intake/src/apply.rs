//! One order event (getfly.md §10).

use common::getfly::error::CrmError;
use common::getfly::order::NewOrder;
use common::haravan::order::Order;
use common::haravan::payment::Payment;
use common::id::{OrderId, StaffId};
use common::intake::buyer::Buyer;
use common::intake::delivery::{Apply, Outcome};
use common::intake::draft::{self, Draft};
use common::intake::job::Job;
use common::intake::resolve::{self, Resolved};
use common::intake::stop::Stop;
use common::reason;
use common::store::claims::{Identity, Record};
use common::text::fold;
use common::wire::lenient;

use crate::assignee;
use crate::products::{self, Missing};

/// At most this many repeats without refused fields.
const MAX_TRIES: usize = 10;

/// Carries orders over.
pub struct Orders;

impl Apply for Orders {
    const FUNCTION: &'static str = "order-intake";

    async fn apply(&self, job: &Job<'_>) -> Result<Outcome, Stop> {
        if !job.tenant.settings.orders {
            return Ok(Outcome::not_applied(reason::SWITCHED_OFF));
        }
        let order: Order = lenient::read(job.body).ok_or(Stop::park(reason::UNREADABLE))?;
        let id = OrderId(order.id.ok_or(Stop::park(reason::UNREADABLE))?);
        let identity = Identity::order(&job.tenant.id, id);

        let known = job.intake.store.claims.get(&identity).await?;
        if let Some(outcome) = decided(job, &order, &known) {
            return Ok(outcome);
        }
        let known = job.claim(&identity).await?;
        // Decided by another worker between the two looks.
        if let Some(outcome) = decided(job, &order, &known) {
            job.release(&identity).await;
            return Ok(outcome);
        }
        match carry_over(job, &order, id).await {
            Ok((outcome, record)) => {
                job.intake.store.claims.complete(&identity, job.token, &record).await?;
                Ok(outcome)
            }
            Err(stop) => {
                if !stop.may_still_write() {
                    job.release(&identity).await;
                }
                Err(stop)
            }
        }
    }
}

/// What was decided about this order before, if anything. That it had ended before it reached the CRM holds until a newer
/// body says otherwise.
fn decided(job: &Job<'_>, order: &Order, known: &Record) -> Option<Outcome> {
    let newest = known.version?;
    let older = job.event.version.is_some_and(|version| version < newest);
    let reason = match &known.code {
        Some(_) if job.event.version == Some(newest) => reason::ALREADY_IN_CRM,
        Some(_) if older => reason::SUPERSEDED,
        Some(_) => reason::CHANGES_NOT_CARRIED,
        None if job.event.version.is_some_and(|version| version > newest) => return None,
        None => ended(order).unwrap_or(reason::CANCELLED_BEFORE),
    };
    Some(Outcome { reason: Some(reason), crm_code: known.code.clone(), warnings: Vec::new() })
}

/// Why the order is no live one, if it is none.
fn ended(order: &Order) -> Option<&'static str> {
    if order.is_cancelled() {
        return Some(reason::CANCELLED_BEFORE);
    }
    (order.payment() == Payment::Void).then_some(reason::VOIDED_BEFORE)
}

/// Creates the order unless it is there. Gives what to remember of it.
async fn carry_over(job: &Job<'_>, order: &Order, id: OrderId) -> Result<(Outcome, Record), Stop> {
    let code = draft::order_code(id);
    let version = Some(job.event.version.unwrap_or_default());
    // The account, the order.
    job.reserve(2).await?;
    let buyer = Buyer::of_order(order, id);
    let (settings, domain) = (&job.tenant.settings, job.shop.domain.as_deref());
    let drafted = draft::order(order, id, &buyer, settings, domain, job.event.received_at);
    if let Some(there) = job.crm.order(&code).await? {
        // Perhaps made by an attempt whose answer was lost, before it could be compared.
        let told = drafted.map(|draft| draft.differences(&there)).unwrap_or_default();
        let warnings = told.into_iter().map(str::to_owned).collect();
        let outcome =
            Outcome { reason: Some(reason::ALREADY_IN_CRM), crm_code: Some(code.clone()), warnings };
        return Ok((outcome, Record { code: Some(code), version }));
    }
    if let Some(ended) = ended(order) {
        // A live order in the CRM would be packed and sent.
        // Only a later body can bring it back; of one that does not say how old it is, one later than its arrival.
        let version = Some(order.updated_at.unwrap_or(job.event.received_at).as_microsecond());
        return Ok((Outcome::not_applied(ended), Record { code: None, version }));
    }
    let (assignee, unassigned) = assignee::find(job, order.user_id.map(StaffId)).await?;
    let draft = drafted
        .map_err(|missing| Stop::Park { reason: missing.reason(), detail: Some(missing.said().stored()) })?;
    let Resolved { code: account, warnings: mut told, .. } =
        resolve::account(job, &buyer, assignee.as_deref()).await?;
    told.extend(unassigned.map(str::to_owned));
    told.extend(draft.warnings.iter().map(|code| (*code).to_owned()));
    let new = draft.order.for_account(account).assigned_to(assignee.clone());
    let (warnings, account) = create(job, new, &buyer, assignee.as_deref()).await?;
    told.extend(warnings);
    for warning in read_back(job, &draft, &code, &buyer, &account).await {
        warn(&mut told, &warning);
    }
    Ok((
        Outcome { reason: None, crm_code: Some(code.clone()), warnings: told },
        Record { code: Some(code), version },
    ))
}

/// Creates the order, leaving out what the CRM refuses and an order can do without. Gives warnings and the customer's
/// code.
async fn create(
    job: &Job<'_>,
    mut order: NewOrder,
    buyer: &Buyer,
    manager: Option<&str>,
) -> Result<(Vec<String>, String), Stop> {
    let mut warnings: Vec<String> = Vec::new();
    let (mut products, mut customer) = (Tried::Nothing, Tried::Nothing);
    for _ in 0..MAX_TRIES {
        let (fields, text) = match job.crm.create_order(&order).await {
            Ok(()) => return Ok((warnings, order.account.account_code)),
            // Somebody's order of this very code: ours, from an attempt whose answer was lost.
            Err(CrmError::Duplicate { .. }) if job.crm.order(&order.order_code).await?.is_some() => {
                return Ok((warnings, order.account.account_code));
            }
            Err(CrmError::SourceConflict { text }) => (vec!["source".to_owned()], text),
            Err(CrmError::Refused { fields, text }) => (fields, text),
            Err(error) => return Err(error.into()),
        };
        let is_about_products = fields.iter().any(|field| field.contains("product"));
        if is_about_products && products != Tried::Everything {
            let lines = &order.saved_order_details;
            let missing = match products {
                Tried::Nothing => Missing::of(lines, &fields, &text),
                // A CRM that names one product at a time would be asked as often as there are products.
                _ => Missing::any(lines),
            };
            products = products.next();
            if products::make(job, missing).await? > 0 {
                warn(&mut warnings, "products_created_in_crm");
            }
        } else if names_account(&fields) && customer != Tried::Everything {
            let stale = order.account.account_code.clone();
            let restored = customer == Tried::Nothing && job.crm.restore_account(&stale).await?;
            if restored {
                customer = Tried::Something;
                warn(&mut warnings, "customer_restored_in_crm");
            } else {
                customer = Tried::Everything;
                warnings.retain(|warning| warning != "customer_restored_in_crm");
                let found = resolve::renewed(job, buyer, manager, &stale, &text).await?;
                warnings.extend(found.warnings);
                order.account.account_code = found.code;
            }
        } else if let Some((slim, left_out)) = order.without(&fields) {
            order = slim;
            warnings.extend(left_out.into_iter().map(|code| format!("order_{code}")));
        } else {
            return Err(Stop::Park { reason: reason::CRM_REFUSED, detail: Some(text.for_the_admin()) });
        }
    }
    Err(Stop::park(reason::CRM_REFUSED))
}

/// How much was tried against one kind of refusal.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tried {
    Nothing,
    Something,
    Everything,
}

impl Tried {
    fn next(self) -> Self {
        if self == Self::Nothing { Self::Something } else { Self::Everything }
    }
}

fn warn(warnings: &mut Vec<String>, warning: &str) {
    if warnings.iter().all(|known| known != warning) {
        warnings.push(warning.to_owned());
    }
}

/// Whether the refusal is about which customer it is, and not about a detail of theirs.
fn names_account(fields: &[String]) -> bool {
    fields
        .iter()
        .any(|field| field == "account" || field.ends_with("account_code") || field.ends_with("account_id"))
}

/// Compares the CRM's order with ours. The order is there: whatever is off is a warning, never a second try.
async fn read_back(job: &Job<'_>, draft: &Draft, code: &str, buyer: &Buyer, account: &str) -> Vec<String> {
    let there = match job.crm.order(code).await {
        Ok(Some(there)) => there,
        Ok(None) | Err(_) => return vec!["not_read_back".to_owned()],
    };
    let mut told: Vec<String> = draft.differences(&there).into_iter().map(str::to_owned).collect();
    // A CRM that does not know the customer's code may take the order all the same.
    if let Some(booked) = there.account_code.filter(|booked| fold(booked) != fold(account)) {
        resolve::corrected(job, buyer, account, &booked).await;
        told.push("order_under_another_customer".to_owned());
    }
    told
}
