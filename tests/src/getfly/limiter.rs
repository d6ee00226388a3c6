//! The rate limiter: a token bucket on the simulator's clock (getfly.md §11, row "Rate limiter").

use jiff::Timestamp;

/// One bucket for the whole tenant; it holds one second's worth of requests and at least one.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Limiter {
    bucket: Option<(f64, Timestamp)>,
}

impl Limiter {
    /// Takes a token; `false` is a 429. `rps` 0 is no limit.
    pub(super) fn allow(&mut self, rps: f64, now: Timestamp) -> bool {
        if rps <= 0.0 {
            return true;
        }
        let size = rps.max(1.0);
        let (tokens, at) = self.bucket.unwrap_or((size, now));
        let elapsed = now.duration_since(at).as_secs_f64().max(0.0);
        let tokens = (tokens + elapsed * rps).min(size);
        let allowed = tokens >= 1.0;
        self.bucket = Some((if allowed { tokens - 1.0 } else { tokens }, now));
        allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(milliseconds: i64) -> Timestamp {
        Timestamp::from_millisecond(milliseconds).unwrap()
    }

    #[test]
    fn a_burst_empties_the_bucket_and_time_fills_it() {
        let mut limiter = Limiter::default();
        assert!(limiter.allow(2.0, at(0)));
        assert!(limiter.allow(2.0, at(0)));
        assert!(!limiter.allow(2.0, at(100)));
        assert!(limiter.allow(2.0, at(500)));
        assert!(!limiter.allow(2.0, at(500)));
        assert!(limiter.allow(2.0, at(60_000)));
        assert!(limiter.allow(2.0, at(60_000)));
        assert!(!limiter.allow(2.0, at(60_000)));
    }

    #[test]
    fn no_rate_is_no_limit_and_a_slow_rate_still_lets_one_through() {
        let mut limiter = Limiter::default();
        assert!((0..100).all(|_| limiter.allow(0.0, at(0))));
        assert!(limiter.allow(0.1, at(0)));
        assert!(!limiter.allow(0.1, at(9_000)));
        assert!(limiter.allow(0.1, at(10_100)));
    }
}
