//! What happened to an event, step by step; each step is a short text, because it is paid for with the item.

use std::fmt;

use jiff::Timestamp;

use super::Settlement;

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The event was finished.
    Done,
    /// It was put off.
    Waiting,
    /// It was set aside for a person.
    Parked,
    /// A person had it tried again.
    Retried,
}

impl Ended {
    const ALL: [Self; 4] = [Self::Done, Self::Waiting, Self::Parked, Self::Retried];

    fn mark(self) -> &'static str {
        match self {
            Self::Done => "d",
            Self::Waiting => "w",
            Self::Parked => "p",
            Self::Retried => "r",
        }
    }
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// When it ended.
    pub at: Timestamp,
    /// How.
    pub ended: Ended,
    /// Why, as a reason code.
    pub reason: Option<String>,
}

impl Step {
    /// The step that a settlement is.
    pub fn of(settlement: &Settlement, at: Timestamp) -> Self {
        let (ended, reason) = match settlement {
            Settlement::Done { reason, .. } => (Ended::Done, *reason),
            Settlement::Later { reason, .. } => (Ended::Waiting, Some(*reason)),
            Settlement::Parked { reason, .. } => (Ended::Parked, Some(*reason)),
        };
        Self { at, ended, reason: reason.map(str::to_owned) }
    }

    /// A person's retry.
    pub fn retried(at: Timestamp) -> Self {
        Self { at, ended: Ended::Retried, reason: None }
    }

    /// Reads a step as [`fmt::Display`] writes it; `None` for anything else.
    pub fn read(text: &str) -> Option<Self> {
        let (millis, rest) = text.split_once(':')?;
        let (mark, reason) = rest.split_once(':').map_or((rest, None), |(mark, reason)| (mark, Some(reason)));
        Some(Self {
            at: Timestamp::from_millisecond(millis.parse().ok()?).ok()?,
            ended: Ended::ALL.into_iter().find(|ended| ended.mark() == mark)?,
            reason: reason.map(str::to_owned),
        })
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.at.as_millisecond(), self.ended.mark())?;
        match &self.reason {
            Some(reason) => write!(f, ":{reason}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_read_as_it_was_written() {
        let at = Timestamp::from_millisecond(1_781_253_000_123).unwrap();
        for (ended, reason, text) in [
            (Ended::Done, None, "1781253000123:d"),
            (Ended::Waiting, Some("crm_unavailable"), "1781253000123:w:crm_unavailable"),
            (Ended::Parked, Some("crm_refused"), "1781253000123:p:crm_refused"),
            (Ended::Retried, None, "1781253000123:r"),
        ] {
            let step = Step { at, ended, reason: reason.map(str::to_owned) };
            assert_eq!(step.to_string(), text);
            assert_eq!(Step::read(text), Some(step));
        }
    }

    #[test]
    fn what_is_no_step_is_none() {
        for text in ["", ":", "d", "1:x", "x:d", "99999999999999999999:d", "9223372036854775807:d"] {
            assert_eq!(Step::read(text), None, "{text}");
        }
    }
}
