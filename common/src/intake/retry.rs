//! When to try again (design: 5 s, 1 m, 5 m, 30 m, 2 h, 6 h, 12 h … with full jitter, up to three days).

use std::time::Duration;

const STEPS: [u64; 7] = [5, 60, 300, 1800, 7200, 21_600, 43_200];

/// After this long, and this many tries, an event is set aside for a person.
pub const GIVE_UP_AFTER: Duration = Duration::from_secs(3 * 24 * 3600);
const ENOUGH_TRIES: i64 = 12;

/// The wait before the next try. `fraction` of 0 to 1 is the jitter.
pub fn delay(attempts: i64, fraction: f64) -> Duration {
    let step = usize::try_from(attempts)
        .ok()
        .and_then(|at| STEPS.get(at))
        .or(STEPS.last())
        .copied()
        .unwrap_or_default();
    Duration::from_secs(step).mul_f64(fraction.clamp(0.0, 1.0)).max(Duration::from_secs(1))
}

/// Whether to stop trying.
pub fn is_spent(attempts: i64, age: Duration) -> bool {
    attempts >= ENOUGH_TRIES && age >= GIVE_UP_AFTER
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_stay_within_their_step() {
        assert_eq!(delay(0, 1.0), Duration::from_secs(5));
        assert_eq!(delay(3, 0.5), Duration::from_secs(900));
        assert_eq!(delay(99, 1.0), Duration::from_secs(43_200));
        assert_eq!(delay(5, 0.0), Duration::from_secs(1));
    }

    #[test]
    fn an_event_is_given_up_after_three_days_and_enough_tries() {
        assert!(!is_spent(11, GIVE_UP_AFTER * 2));
        assert!(!is_spent(50, GIVE_UP_AFTER / 2));
        assert!(is_spent(12, GIVE_UP_AFTER));
    }
}
