//! Where the simulator reads the time: the machine's clock, or one a test turns by hand.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

/// A source of "now", cheap to clone.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// A clock that asks `read` each time.
    pub fn new(read: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }

    /// The machine's clock.
    pub fn system() -> Self {
        Self::new(Timestamp::now)
    }

    /// The current time.
    pub fn now(&self) -> Timestamp {
        (self.0)()
    }
}

impl<F: Fn() -> Timestamp + Send + Sync + 'static> From<F> for Clock {
    fn from(read: F) -> Self {
        Self::new(read)
    }
}

/// A clock that stands still until it is advanced.
#[derive(Clone)]
pub struct ManualClock(Arc<Mutex<Timestamp>>);

impl ManualClock {
    /// A clock standing at `start`.
    pub fn new(start: Timestamp) -> Self {
        Self(Arc::new(Mutex::new(start)))
    }

    /// The same hand as a [`Clock`].
    pub fn clock(&self) -> Clock {
        let hand = self.clone();
        Clock::new(move || hand.now())
    }

    /// Where the hand stands.
    pub fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves the hand forward; a step beyond the end of time is ignored.
    pub fn advance(&self, by: std::time::Duration) {
        let mut hand = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *hand = later(*hand, by);
    }
}

/// `from + by`, or `from` itself where that cannot be represented.
pub(crate) fn later(from: Timestamp, by: std::time::Duration) -> Timestamp {
    SignedDuration::try_from(by).ok().and_then(|step| from.checked_add(step).ok()).unwrap_or(from)
}

/// `from − by`, or `from` where that cannot be represented.
pub(crate) fn earlier(from: Timestamp, by: std::time::Duration) -> Timestamp {
    SignedDuration::try_from(by).ok().and_then(|step| from.checked_sub(step).ok()).unwrap_or(from)
}

/// `from` cut to whole milliseconds, the precision orders are stamped with in the fixtures.
pub(crate) fn whole_millis(from: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(from.as_millisecond()).unwrap_or(from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_stands_still_until_it_is_advanced() {
        let hand = ManualClock::new(Timestamp::UNIX_EPOCH);
        let clock = hand.clock();
        assert_eq!(clock.now(), clock.now());
        hand.advance(std::time::Duration::from_secs(90));
        assert_eq!(clock.now().as_second(), 90);
    }
}
