//! Stored customer events become CRM customers (getfly.md §3, §10).
//!
//! A customer that is not in the CRM yet is created, whichever topic brought it; one that is there stays as it is.

use aws_lambda_events::event::dynamodb::Event;
use aws_lambda_events::event::streams::DynamoDbEventResponse;
use common::haravan::customer::Customer;
use common::id::CustomerId;
use common::intake::buyer::Buyer;
use common::intake::delivery::{self, Apply, Outcome};
use common::intake::job::{Intake, Job};
use common::intake::resolve;
use common::intake::stop::Stop;
use common::reason;
use common::store::claims::Identity;
use common::wire::lenient;

/// Works a batch of stored customer events.
pub async fn handle(batch: Event, intake: &Intake) -> DynamoDbEventResponse {
    delivery::run(intake, &Customers, batch).await
}

/// Carries customers over.
pub struct Customers;

impl Apply for Customers {
    const FUNCTION: &'static str = "customer-intake";

    async fn apply(&self, job: &Job<'_>) -> Result<Outcome, Stop> {
        if !job.tenant.settings.customers {
            return Ok(Outcome::not_applied(reason::SWITCHED_OFF));
        }
        let customer: Customer = lenient::read(job.body).ok_or(Stop::park(reason::UNREADABLE))?;
        let id = CustomerId(customer.id.ok_or(Stop::park(reason::UNREADABLE))?);
        let identity = Identity::customer(&job.tenant.id, id);
        if let Some(code) = job.intake.store.claims.get(&identity).await?.code {
            return Ok(Outcome { reason: Some(known(job)), crm_code: Some(code), warnings: Vec::new() });
        }
        if !customer.is_someone() {
            // Its orders speak for themselves.
            return Ok(Outcome::not_applied(reason::NOBODY));
        }
        let buyer = Buyer::of_customer(&customer, id);
        job.reserve(1).await?;
        let mut resolved = resolve::account(job, &buyer, None).await?;
        resolved.warnings.extend(buyer.unreadable.iter().map(|code| (*code).to_owned()));
        let reason = (!resolved.created).then_some(reason::ALREADY_IN_CRM);
        Ok(Outcome { reason, crm_code: Some(resolved.code), warnings: resolved.warnings })
    }
}

/// Why nothing is done about a customer that is in the CRM.
fn known(job: &Job<'_>) -> &'static str {
    match job.event.topic {
        common::haravan::webhook::Topic::CustomerCreate => reason::ALREADY_IN_CRM,
        _ => reason::CHANGES_NOT_CARRIED,
    }
}
