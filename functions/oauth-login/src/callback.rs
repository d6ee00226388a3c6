//! Haravan's answer to LOGIN; when all is well INSTALL starts at once.

use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use common::attempt::Attempt;
use common::browser;
use common::connect::Connecting;
use common::connect::callback::Callback;
use common::connect::flow::{LIFETIME, Step};
use common::connect::refusal::Refusal;
use common::form::Fields;
use common::page::redirect;

use crate::FUNCTION;

/// Checks the answer and sends the browser to Haravan once more. The person's token ends here, used for nothing.
pub(crate) async fn answered(
    login: &Connecting,
    fields: &Fields,
    headers: &HeaderMap,
    attempt: &mut Attempt,
) -> Result<Response, Refusal> {
    let proven = login.prove(Step::Login, Callback::read(fields)?, headers, attempt).await?;
    let flow = proven.flow.install(&proven.claims)?;
    let address = login.send_off(&proven.tenant, &flow).await?;
    attempt.line(FUNCTION, "connect.logged_in").emit();
    // The same key for another ten minutes.
    let cookie = browser::SHOPS.keep(&proven.browser, &proven.tenant.public_url, LIFETIME);
    Ok(redirect(StatusCode::SEE_OTHER, address.as_str(), cookie))
}
