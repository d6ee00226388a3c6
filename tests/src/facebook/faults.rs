//! What can go wrong, for the next so many times or until it is cleared.

use serde::{Deserialize, Serialize};

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

/// A fault that is switched on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Switch {
    /// what goes wrong
    pub fault: Fault,
    /// how often still; until cleared when absent
    #[serde(default)]
    pub times: Option<u32>,
    /// of Graph: only on this call, `[METHOD ]/path` without the version, where `*` is any one segment, such as
    /// `POST /*/subscribed_apps`
    #[serde(default)]
    pub on: Option<String>,
}

impl Switch {
    /// Until cleared.
    pub fn standing(fault: Fault) -> Self {
        Self { fault, times: None, on: None }
    }

    /// The next `times` times it applies.
    pub fn next(fault: Fault, times: u32) -> Self {
        Self { fault, times: Some(times), on: None }
    }

    /// The same on this call alone.
    pub fn on(self, call: &str) -> Self {
        Self { on: Some(call.to_owned()), ..self }
    }

    fn concerns(&self, method: &str, path: &str) -> bool {
        let Some(wanted) = &self.on else { return true };
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
}

impl Fault {
    /// Whether it is about any call of Graph.
    pub(super) fn concerns_graph(&self) -> bool {
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

/// The faults that are switched on, oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Faults(Vec<Switch>);

impl Faults {
    pub(super) fn add(&mut self, switch: Switch) {
        self.0.push(switch);
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn list(&self) -> &[Switch] {
        &self.0
    }

    /// What happens to a call of Graph, used up where it is counted: pauses, and at most one other fault.
    pub(super) fn take_for_call(&mut self, method: &str, path: &str) -> Vec<Fault> {
        let mut decided = false;
        self.take(|switch| {
            let fits = switch.fault.concerns_graph() && switch.concerns(method, path);
            let pause = matches!(switch.fault, Fault::Delay { .. });
            let taken = fits && (pause || !decided);
            decided |= taken && !pause;
            taken
        })
    }

    /// Whether `fault` happens now, used up where it is counted.
    pub(super) fn take_one(&mut self, fault: &Fault) -> bool {
        let mut found = false;
        let taken = self.take(|switch| {
            let first = !found && switch.fault == *fault;
            found |= first;
            first
        });
        !taken.is_empty()
    }

    fn take(&mut self, mut concerned: impl FnMut(&Switch) -> bool) -> Vec<Fault> {
        let mut taken = Vec::new();
        for switch in &mut self.0 {
            if switch.times != Some(0) && concerned(switch) {
                taken.push(switch.fault.clone());
                switch.times = switch.times.map(|times| times - 1);
            }
        }
        self.0.retain(|switch| switch.times != Some(0));
        taken
    }
}
