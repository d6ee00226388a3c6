//! Who is calling: the token, whether it works, and its proof (pages.md §1.14).

use crate::facebook::call::Call;
use crate::facebook::error::GraphError;
use crate::facebook::ids::{PageId, PersonId};
use crate::facebook::request_log::TokenKind;
use crate::facebook::sign::app_secret_proof;
use crate::facebook::state::State;

/// How old an `appsecret_time` may be, seconds.
const PROOF_TIME_WINDOW: i64 = 300;

/// A caller whose token works.
pub(super) enum Access {
    App,
    User { token: String, person: PersonId },
    Page { token: String, person: PersonId, page: PageId },
}

impl Access {
    /// The person behind a user token that asks about them.
    pub(super) fn user(&self, id: &str) -> Result<(&str, PersonId), GraphError> {
        match self {
            Self::User { token, person } if id == "me" || id == person.to_string() => Ok((token, *person)),
            Self::App if id == "me" => Err(no_current_user()),
            _ => Err(GraphError::unknown_object(id)),
        }
    }
}

/// `me` of a caller who is nobody.
pub(super) fn no_current_user() -> GraphError {
    GraphError::new(2_500, "An active access token must be used to query information about the current user.")
}

impl State {
    /// The caller, or why there is none.
    pub(super) fn access(&self, call: &Call) -> Result<Access, GraphError> {
        let Some(token) = call.token() else {
            let me = call.segments.first().is_some_and(|first| first == "me");
            let missing = GraphError::new(104, "An access token is required to request this resource.");
            return Err(if me { no_current_user() } else { missing });
        };
        self.check_proof(call, token)?;
        if token.contains('|') {
            let wrong = || GraphError::new(190, "Invalid OAuth access token signature.");
            return if token == self.app_token() { Ok(Access::App) } else { Err(wrong()) };
        }
        let known = self.tokens.get(token).ok_or_else(GraphError::malformed)?;
        if let Some(end) = self.ended(known) {
            return Err(end.error(&self.app.id));
        }
        let (token, person) = (token.to_owned(), known.person);
        Ok(match known.page {
            Some(page) => Access::Page { token, person, page },
            None => Access::User { token, person },
        })
    }

    fn check_proof(&self, call: &Call, token: &str) -> Result<(), GraphError> {
        let refused = |message: &str| Err(GraphError::new(100, message).method());
        let Some(proof) = call.param("appsecret_proof") else {
            if self.settings.require_proof {
                return refused("API calls from the server require an appsecret_proof argument");
            }
            return Ok(());
        };
        let signed = match call.param("appsecret_time") {
            None => token.to_owned(),
            Some(time) => {
                let now = self.now().as_second();
                let fresh = |then: i64| now.abs_diff(then) <= PROOF_TIME_WINDOW.unsigned_abs();
                if !time.parse().is_ok_and(fresh) {
                    return refused("Invalid appsecret_time provided in the API argument");
                }
                format!("{token}|{time}")
            }
        };
        if proof == app_secret_proof(&self.app.secret, &signed) {
            Ok(())
        } else {
            refused("Invalid appsecret_proof provided in the API argument")
        }
    }

    /// What the log says of a token, working or not.
    pub(super) fn token_kind(&self, token: Option<&str>) -> TokenKind {
        match token {
            None => TokenKind::None,
            Some(token) if token == self.app_token() => TokenKind::App,
            Some(token) => match self.tokens.get(token).map(|known| known.page) {
                Some(Some(_)) => TokenKind::Page,
                Some(None) => TokenKind::User,
                None => TokenKind::Unknown,
            },
        }
    }
}
