//! Answers, read within bounds.

use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};

/// The whole body of an answer; `None` when it breaks off or is longer than `limit` bytes.
pub async fn whole(answer: &mut reqwest::Response, limit: usize) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(part) = answer.chunk().await.ok()? {
        body.extend_from_slice(&part);
        if body.len() > limit {
            return None;
        }
    }
    Some(body)
}

/// `Retry-After` in seconds, which may be a decimal such as `2.0` (haravan.md §5.2), at most an hour.
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds: f64 = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Duration::try_from_secs_f64(seconds.clamp(0.0, 3600.0)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_read_with_decimals_and_bounded() {
        let wait = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, text.parse().unwrap());
            retry_after(&headers)
        };
        assert_eq!(wait("2.0"), Some(Duration::from_secs(2)));
        assert_eq!(wait("1e9"), Some(Duration::from_secs(3600)));
        assert_eq!(wait("-5"), Some(Duration::ZERO));
        assert_eq!(wait("soon"), None);
        assert_eq!(wait("NaN"), None);
    }
}
