//! The dialog without pages, and tokens without the dialog.

use url::Url;

use super::dialog::{self, Answer, Choice, DialogRequest, Step};
use super::ids::{PageId, PersonId};
use super::model::{Grant, ScopeStatus};
use super::refusal::Refusal;
use super::simulator::Simulator;

impl Simulator {
    /// What happens when a person opens a dialog URL in a fresh browser, logs in and answers what is asked. Only the query of
    /// `url` is read. Where a grant is silently reused the choice counts for nothing, as nobody is asked.
    ///
    /// # Errors
    /// When there is no such person or `url` is no URL.
    pub fn authorize(&self, url: &str, person: PersonId, choice: &Choice) -> Result<Answer, Refusal> {
        let url = Url::parse(url).map_err(|error| Refusal::Invalid(format!("{url:?} is no URL: {error}")))?;
        let mut state = self.state();
        state.known(person)?;
        let mut request = match DialogRequest::read(&state, url.query().unwrap_or_default()) {
            Ok(request) => request,
            Err(reason) => return Ok(Answer::Page { reason }),
        };
        // The login has just happened.
        request.reauthenticate = false;
        if state.faults.take_one(&super::faults::Fault::UserDenied) {
            return Ok(dialog::answer(&mut state, &request, person, &Choice::cancel()));
        }
        Ok(match dialog::next(&state, &request, Some(person)) {
            Step::Reuse => dialog::reuse(&mut state, &request, person),
            Step::Ask | Step::LogIn => dialog::answer(&mut state, &request, person, choice),
        })
    }

    /// A long user token as a login that ticks everything would lead to.
    pub fn user_token(&self, person: PersonId) -> Result<String, Refusal> {
        let mut state = self.state();
        let known = state.people.get(&person).ok_or(Refusal::UnknownPerson(person))?;
        let grant = Grant {
            pages: known.roles.keys().copied().collect(),
            businesses: known.businesses.clone(),
            scopes: state
                .app
                .scopes
                .iter()
                .map(String::as_str)
                .chain(["public_profile"])
                .map(|scope| (scope.to_owned(), ScopeStatus::Granted))
                .collect(),
            logged_in_at: state.now(),
        };
        state.grants.insert(person, grant);
        Ok(state.new_user_token(person, true).0)
    }

    /// A page token that does not expire, as a login that ticks everything would lead to; nothing without a role.
    pub fn page_token(&self, person: PersonId, page: PageId) -> Result<Option<String>, Refusal> {
        let user_token = self.user_token(person)?;
        Ok(self.state().page_token(&user_token, page))
    }
}
