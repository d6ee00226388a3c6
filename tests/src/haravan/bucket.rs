//! The leaky bucket of the Admin REST API (haravan.md §5.2): 80 calls, leaking 4 a second.

use jiff::Timestamp;

/// Calls that fit.
pub(super) const SIZE: u32 = 80;
const LEAK_PER_SECOND: f64 = 4.0;

/// How full the bucket of one shop and app is.
#[derive(Clone, Debug)]
pub(super) struct Bucket {
    level: f64,
    measured_at: Timestamp,
}

impl Bucket {
    pub(super) fn new(now: Timestamp) -> Self {
        Self { level: 0.0, measured_at: now }
    }

    /// Puts one call in at `now`: the fill level to report, or nothing when it does not fit.
    pub(super) fn pour(&mut self, now: Timestamp) -> Option<u32> {
        let passed = now.duration_since(self.measured_at).as_secs_f64().max(0.0);
        self.level = (self.level - passed * LEAK_PER_SECOND).max(0.0);
        self.measured_at = now;
        if self.level + 1.0 > f64::from(SIZE) {
            return None;
        }
        self.level += 1.0;
        Some(self.level.ceil() as u32)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::haravan::clock::later;

    #[test]
    fn eighty_calls_fit_and_four_more_each_second() {
        let start = Timestamp::UNIX_EPOCH;
        let mut bucket = Bucket::new(start);
        let levels: Vec<_> = (0..81).map(|_| bucket.pour(start)).collect();
        assert_eq!(levels.first(), Some(&Some(1)));
        assert_eq!(levels.get(79), Some(&Some(80)));
        assert_eq!(levels.last(), Some(&None));
        let second_later = later(start, Duration::from_secs(1));
        assert_eq!((0..6).filter_map(|_| bucket.pour(second_later)).count(), 4);
        assert_eq!(bucket.pour(later(start, Duration::from_secs(60))), Some(1));
    }
}
