//! Time, handed in from outside so that tests can move it.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;

/// A source of time and of waiting.
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> Timestamp;

    /// Waits for `duration` of this clock's time.
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>>;
}

/// The clock as it is handed around.
pub type SharedClock = Arc<dyn Clock>;

/// The machine's own clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// A clock that stands still until told otherwise. Sleeping on it moves it forward and yields for a
/// moment, so that whatever the sleeper waits for can happen.
#[derive(Debug)]
pub struct ManualClock {
    millis: AtomicI64,
}

impl ManualClock {
    /// A clock that stands at `start`.
    pub fn starting_at(start: Timestamp) -> Self {
        Self { millis: AtomicI64::new(start.as_millisecond()) }
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        self.millis.fetch_add(millis(by), Ordering::SeqCst);
    }

    /// Moves the clock to `instant` if that lies ahead.
    pub fn advance_to(&self, instant: Timestamp) {
        self.millis.fetch_max(instant.as_millisecond(), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.millis.load(Ordering::SeqCst)).unwrap_or(Timestamp::MAX)
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        self.advance(duration);
        Box::pin(tokio::time::sleep(Duration::from_millis(1)))
    }
}

/// The time from one instant to a later one; nothing when it is not later.
pub fn until(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}

/// The calendar day in Vietnam, which is seven hours ahead of UTC all year.
pub fn vietnam_date(instant: Timestamp) -> Date {
    Offset::constant(7).to_datetime(instant).date()
}

/// The time `by` after `from`, in whole milliseconds; `from` itself if there is no such time.
pub fn later(from: Timestamp, by: Duration) -> Timestamp {
    Timestamp::from_millisecond(from.as_millisecond().saturating_add(millis(by))).unwrap_or(from)
}

/// A duration in whole milliseconds, as stored attributes count them.
pub fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
