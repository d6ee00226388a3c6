//! How much of a limit is used, as Facebook's headers tell (pages.md §1.18).

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::header::HeaderMap;
use serde_json::{Map, Value};

/// The app's own share (pages.md §1.18).
const APP: &str = "x-app-usage";
/// The shares of business use cases, by page.
const BUSINESS: &str = "x-business-use-case-usage";

/// Above this share, in percent, callers do well to slow down (pages.md §1.18).
pub const HIGH: u32 = 90;

/// Longest wait believed: a day, the window of a page's own limit (pages.md §1.18).
const MAX_REGAIN_MINUTES: u64 = 24 * 60;

/// What an answer's headers tell of the limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// The largest share used of any limit, in percent; 100 is throttled.
    pub percent: u32,
    /// How long until calls work again, when some limit is passed.
    pub regain: Option<Duration>,
}

impl Usage {
    /// Reads both headers; what cannot be read counts as nothing used.
    pub fn read(headers: &HeaderMap) -> Self {
        let mut usage = Self::default();
        if let Some(app) = json::<Map<String, Value>>(headers, APP) {
            usage.add(&app);
        }
        let business: BTreeMap<String, Value> = json(headers, BUSINESS).unwrap_or_default();
        for case in business.values().filter_map(Value::as_array).flatten().filter_map(Value::as_object) {
            usage.add(case);
        }
        usage
    }

    fn add(&mut self, case: &Map<String, Value>) {
        let number = |key: &str| case.get(key).and_then(Value::as_f64).unwrap_or_default();
        for key in ["call_count", "total_time", "total_cputime"] {
            // A cast from a float keeps to the bounds of its target.
            self.percent = self.percent.max(number(key) as u32);
        }
        // In minutes (pages.md §1.17).
        let minutes = (number("estimated_time_to_regain_access").ceil() as u64).min(MAX_REGAIN_MINUTES);
        if minutes > 0 {
            self.regain = self.regain.max(Some(Duration::from_secs(minutes * 60)));
        }
    }
}

fn json<T: serde::de::DeserializeOwned>(headers: &HeaderMap, name: &str) -> Option<T> {
    serde_json::from_slice(headers.get(name)?.as_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(headers: &[(&'static str, &str)]) -> Usage {
        let headers = headers
            .iter()
            .map(|(name, value)| (reqwest::header::HeaderName::from_static(name), value.parse().unwrap()));
        Usage::read(&headers.collect())
    }

    #[test]
    fn the_fullest_limit_counts() {
        let fixture: Value =
            serde_json::from_str(include_str!("../../../tests/fixtures/fb_rate_headers.json")).unwrap();
        let (app, business) =
            (fixture["X-App-Usage"].to_string(), fixture["X-Business-Use-Case-Usage"].to_string());
        assert_eq!(usage(&[(APP, &app), (BUSINESS, &business)]), Usage { percent: 97, regain: None });
        assert_eq!(usage(&[(APP, &app)]).percent, 28);
    }

    #[test]
    fn the_wait_is_in_minutes_and_bounded() {
        let wait = |minutes: &str| {
            let text = format!(r#"{{"1":[{{"estimated_time_to_regain_access":{minutes}}}]}}"#);
            usage(&[(BUSINESS, &text)]).regain
        };
        assert_eq!(wait("17"), Some(Duration::from_secs(17 * 60)));
        assert_eq!(wait("0"), None);
        assert_eq!(wait("-3"), None);
        assert_eq!(wait("1e300"), Some(Duration::from_secs(24 * 3600)));
    }

    proptest::proptest! {
        #[test]
        fn any_header_is_read(text in "[ -~]{0,60}", value in "(\\{|\\}|\\[|\\]|\"call_count\"|:|1e400|-1|,){0,12}") {
            usage(&[(APP, &text), (BUSINESS, &value)]);
            usage(&[(APP, &value), (BUSINESS, &format!("{{\"1\":{value}}}"))]);
        }
    }
}
