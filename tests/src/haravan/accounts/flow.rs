//! What comes next for a person who was sent to authorize: one more question, the answer, or an end here.

use super::errors::PageError;
use super::records::Session;
use super::request::AuthorizeRequest;
use crate::haravan::faults::Fault;
use crate::haravan::ids::OrgId;
use crate::haravan::refusal::Refusal;
use crate::haravan::state::State;

/// The next step.
#[derive(Debug)]
pub(super) enum Step {
    /// Who are you?
    SignIn,
    /// Which of these shops?
    ChooseShop(Vec<OrgId>),
    /// May the app have these scopes for this shop?
    Consent(OrgId),
    /// The app gets a code for this shop.
    Grant(OrgId),
    /// The app is called back with `access_denied`.
    Deny,
    /// The person reads why not.
    Stop(PageError),
}

/// The next step; `accepted` is what the person said to the consent, if they were asked already.
pub(super) fn next(
    state: &mut State,
    request: &AuthorizeRequest,
    session: Option<&Session>,
    accepted: Option<bool>,
) -> Step {
    let found = session.and_then(|session| Some((session, state.accounts.person(session.sub)?)));
    let Some((session, person)) = found else { return Step::SignIn };
    let shops: Vec<_> = person.memberships.iter().map(|place| place.orgid).collect();
    let stranger = |org: OrgId| {
        let reason = format!("{} không thuộc cửa hàng {org}.", person.email);
        Step::Stop(PageError::new("access_denied", reason))
    };
    let org = match (request.orgid.or(session.orgid), shops.as_slice()) {
        (Some(org), _) if shops.contains(&org) => org,
        (Some(org), _) => return stranger(org),
        (None, [only]) => *only,
        (None, []) => {
            let reason = format!("{} không thuộc cửa hàng nào.", person.email);
            return Step::Stop(PageError::new("access_denied", reason));
        }
        (None, _) => return Step::ChooseShop(shops),
    };
    if request.needs_owner() && !person.is_admin(org) {
        if state.faults.take_one(&Fault::AuthorizeNonAdminCallback) {
            return Step::Deny;
        }
        let reason = "Chỉ chủ cửa hàng (admin) mới được cài ứng dụng. Hãy nhờ chủ cửa hàng thực hiện.";
        return Step::Stop(PageError::new("access_denied", reason));
    }
    match accepted {
        Some(false) => Step::Deny,
        Some(true) => Step::Grant(org),
        None if request.installs() => Step::Consent(org),
        None => Step::Grant(org),
    }
}

/// Opens a session for a person who has signed in; its key is the cookie.
pub(super) fn sign_in(state: &mut State, email: &str) -> Result<String, Refusal> {
    let person = state.accounts.person_by_email(email);
    let sub = person.ok_or_else(|| Refusal::Invalid(format!("nobody signs in as {email:?}")))?.sub;
    let (cookie, sid) = (state.generator.hex(64), state.generator.hex(32));
    let auth_time = state.now().as_second();
    state.accounts.sessions.insert(cookie.clone(), Session { sub, sid, auth_time, orgid: None });
    Ok(cookie)
}
