//! Who is responsible for an order: the CRM user whose e-mail is that of the Haravan user (the owner's rule).
//!
//! The tenant's staff map comes first ([`common::intake::assignee`]); then Haravan tells the e-mail, where the shop's plan
//! allows; then the CRM's users are searched.

use std::time::Duration;

use common::getfly::user::find_by_email;
use common::haravan::api::ApiError;
use common::id::StaffId;
use common::intake::assignee::{Wanted, wanted};
use common::intake::job::Job;
use common::intake::stop::Stop;
use common::reason;
use common::store::connections::Subject;

/// After so many tries the order goes over without its assignee rather than not at all.
const PATIENT_TRIES: i64 = 4;

/// The CRM login of the person responsible, and a warning when one was to be found and was not.
pub(crate) async fn find(
    job: &Job<'_>,
    staff: Option<StaffId>,
) -> Result<(Option<String>, Option<&'static str>), Stop> {
    let Some(staff) = staff else { return Ok((None, None)) };
    let email = match (wanted(&job.tenant.settings, staff), &job.shop.access_token) {
        (Wanted::Login(login), _) => return Ok((Some(login), None)),
        (Wanted::Email(email), _) => Some(email),
        (Wanted::AskHaravan, None) => return Ok((None, Some("staff_unknown"))),
        (Wanted::AskHaravan, Some(token)) => match job.staff_email(token, staff).await {
            Ok(email) => email,
            Err(ApiError::Transient { after }) if job.event.attempts < PATIENT_TRIES => {
                let after = after.map(|after| after.max(Duration::from_secs(1)));
                return Err(Stop::Later { reason: reason::HARAVAN_UNAVAILABLE, after, counts: true });
            }
            Err(ApiError::Unauthorized) => {
                // The app may be gone from the shop: upkeep finds out. The order does not wait for that.
                let (shops, now) = (&job.intake.store.connections, job.intake.clock.now());
                shops.suspect(&job.tenant.id, &Subject::Shop(job.event.org), now).await?;
                return Ok((None, Some("staff_unknown")));
            }
            Err(_) => return Ok((None, Some("staff_unknown"))),
        },
    };
    let Some(email) = email else { return Ok((None, Some("staff_without_email"))) };
    let users = job.users().await?;
    match find_by_email(&users, &email) {
        Some(user) => Ok((Some(user.user_name.clone()), None)),
        None => Ok((None, Some("no_crm_user_with_this_email"))),
    }
}
