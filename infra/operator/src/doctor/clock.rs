//! This machine's clock, against the answers of our own functions. Leases, expiries and signatures go by clocks.

use common::store::tenants::TenantRecord;
use jiff::Timestamp;

use super::{Finding, Patient};

/// More than this is too much, in seconds.
const MOST: i64 = 60;

pub(super) async fn check(patient: &Patient<'_>, records: &[TenantRecord]) -> Option<Finding> {
    let mut there = None;
    for record in records.iter().take(3) {
        if let Ok(base) = patient.deployment.reach.base_url(&record.public_url)
            && let Ok(answer) = patient.deployment.http.get(base).send().await
            && let Some(date) = answer.headers().get("date").and_then(|date| read(date.to_str().ok()?))
        {
            there = Some(date);
            break;
        }
    }
    let off = patient.machine_now.as_second().saturating_sub(there?.as_second());
    (off.saturating_abs() > MOST).then(|| {
        let (count, word) = (off.saturating_abs(), if off > 0 { "ahead of" } else { "behind" });
        let wrong = format!("this machine is {count} seconds {word} the functions");
        Finding::new("clock.differs", "clock", wrong, "set this machine's clock (NTP)")
    })
}

fn read(date: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(date).ok()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_date_header_is_read() {
        let read = super::read("Fri, 12 Jun 2026 08:30:00 GMT").unwrap();
        assert_eq!(read.to_string(), "2026-06-12T08:30:00Z");
    }
}
