//! Time and money as Vietnam writes them: the shops are there, and so are the people who read this.

use common::page::Lang;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

fn vietnam() -> TimeZone {
    TimeZone::fixed(Offset::constant(7))
}

/// Which day it is.
pub(crate) fn day_of(instant: Timestamp) -> Date {
    instant.to_zoned(vietnam()).date()
}

/// When a day begins.
pub(crate) fn midnight(day: Date) -> Option<Timestamp> {
    day.to_zoned(vietnam()).ok().map(|at| at.timestamp())
}

/// A day: `12/06/2026`.
pub(crate) fn day(date: Date) -> String {
    format!("{:02}/{:02}/{}", date.day(), date.month(), date.year())
}

/// Day and time: `12/06/2026 15:30:07`.
pub(crate) fn moment(instant: Timestamp) -> String {
    let at = instant.to_zoned(vietnam());
    format!(
        "{:02}/{:02}/{} {:02}:{:02}:{:02}",
        at.day(),
        at.month(),
        at.year(),
        at.hour(),
        at.minute(),
        at.second()
    )
}

/// How long it is until `then`, in its largest unit; nothing when it has passed.
pub(crate) fn time_left(lang: Lang, now: Timestamp, then: Timestamp) -> Option<String> {
    let seconds = then.as_second().saturating_sub(now.as_second());
    if seconds <= 0 {
        return None;
    }
    let (count, vi, en) = match seconds {
        DAY.. => (seconds / DAY, "ngày", "day"),
        HOUR..DAY => (seconds / HOUR, "giờ", "hour"),
        _ => ((seconds / MINUTE).max(1), "phút", "minute"),
    };
    let plural = if count == 1 { "" } else { "s" };
    Some(match lang {
        Lang::Vi => format!("{count} {vi}"),
        Lang::En => format!("{count} {en}{plural}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_said_in_vietnams_time() {
        assert_eq!(moment("2026-06-12T18:30:07Z".parse().unwrap()), "13/06/2026 01:30:07");
    }

    #[test]
    fn a_time_left_is_said_in_its_largest_unit() {
        let now: Timestamp = "2026-06-12T08:30:00Z".parse().unwrap();
        let left =
            |lang, seconds| time_left(lang, now, Timestamp::from_second(now.as_second() + seconds).unwrap());
        assert_eq!(left(Lang::Vi, 12 * DAY + 5).as_deref(), Some("12 ngày"));
        assert_eq!(left(Lang::En, HOUR).as_deref(), Some("1 hour"));
        assert_eq!(left(Lang::En, 5).as_deref(), Some("1 minute"));
        assert_eq!(left(Lang::En, 0), None);
    }
}
