//! What can go wrong, for the next so many times or until it is cleared.

use serde::{Deserialize, Serialize};

use crate::sim::Faults;

/// One thing that goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// Graph refuses with this error (pages.md §1.17)
    Graph {
        /// code
        code: u32,
        /// subcode
        #[serde(default)]
        subcode: Option<u32>,
        /// the usual text of the code when absent
        #[serde(default)]
        message: Option<String>,
    },
    /// Graph refuses with a rate limit and says so in the headers (pages.md §1.18)
    Throttle {
        /// 4, 17, 32, 613, 80001 or 80006
        code: u32,
        /// minutes until calls are let through again, of 80001 and 80006
        #[serde(default)]
        minutes: u32,
    },
    /// Graph answers 500 with an HTML page
    ServerError,
    /// Graph does what was asked, then answers 500
    ServerErrorAfter,
    /// Graph answers after a pause
    Delay {
        /// milliseconds
        millis: u64,
    },
    /// `debug_token` speaks of another app
    DebugOtherApp,
    /// `debug_token` speaks of another page
    DebugOtherPage,
    /// the dialog calls back with `error_reason=user_denied` without asking
    UserDenied,
    /// the dialog calls back without `state`
    NoState,
    /// the browser opens the callback twice: once in the background, then itself
    DuplicateCallback,
    /// a webhook is queued twice
    DuplicateDelivery,
    /// a webhook, deauthorize or deletion call is signed with another secret
    BadSignature,
}

/// A fault that is switched on. Of the faults of Graph, `on` is a call: `[METHOD ]/path` without the version, where `*` is any
/// one segment, such as `POST /*/subscribed_apps`.
pub type Switch = crate::sim::Switch<Fault>;

impl Fault {
    /// Whether it is about any call of Graph.
    fn concerns_graph(&self) -> bool {
        matches!(
            self,
            Self::Graph { .. }
                | Self::Throttle { .. }
                | Self::ServerError
                | Self::ServerErrorAfter
                | Self::Delay { .. }
        )
    }
}

/// What happens to a call of Graph, used up where it is counted: pauses, and at most one other fault.
pub(super) fn take_for_call(faults: &mut Faults<Fault>, method: &str, path: &str) -> Vec<Fault> {
    let mut decided = false;
    faults.take(|switch| {
        let fits = switch.fault.concerns_graph() && concerns(switch, method, path);
        let pause = matches!(switch.fault, Fault::Delay { .. });
        let taken = fits && (pause || !decided);
        decided |= taken && !pause;
        taken
    })
}

fn concerns(switch: &Switch, method: &str, path: &str) -> bool {
    let Some(wanted) = &switch.on else { return true };
    let (only, pattern) = wanted.split_once(' ').map_or((None, wanted.as_str()), |(m, p)| (Some(m), p));
    let (mut pattern, mut segments) = (pattern.split('/'), path.split('/'));
    only.is_none_or(|only| only.eq_ignore_ascii_case(method))
        && loop {
            match (pattern.next(), segments.next()) {
                (None, None) => break true,
                (Some(wanted), Some(segment)) if wanted == "*" || wanted == segment => {}
                _ => break false,
            }
        }
}
