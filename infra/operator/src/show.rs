//! Tables and moments for people.

use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

/// Rows under their heads, in columns as wide as they need.
pub(crate) fn table(heads: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize, head: &str| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain([head.chars().count()]).max().unwrap_or_default()
    };
    let widths: Vec<usize> = heads.iter().enumerate().map(|(column, head)| width(column, head)).collect();
    let line = |cells: Vec<&str>| {
        let padded = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let mut lines = vec![line(heads.to_vec())];
    lines.extend(rows.iter().map(|row| line(row.iter().map(String::as_str).collect())));
    lines.join("\n")
}

/// Names and values, one a line.
pub(crate) fn facts(facts: &[(&str, String)]) -> String {
    let width = facts.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
    let lines = facts.iter().map(|(name, value)| format!("{name:<width$}  {value}"));
    lines.collect::<Vec<_>>().join("\n")
}

/// A moment in Vietnam's time: `2026-06-12 15:30:00 +07`.
pub(crate) fn moment(at: Timestamp) -> String {
    at.to_zoned(TimeZone::fixed(Offset::constant(7))).strftime("%Y-%m-%d %H:%M:%S +07").to_string()
}

/// A moment that may not be known.
pub(crate) fn maybe(at: Option<Timestamp>) -> String {
    at.map_or_else(|| "-".to_owned(), moment)
}

/// A moment as a person types it: `90m`, `2h` or `3d` ago, a day (its beginning in Vietnam) or an RFC 3339 instant.
pub(crate) fn past(text: &str, now: Timestamp) -> Result<Timestamp, String> {
    let wrong = || format!("{text:?} is no time: say 90m, 2h, 3d, 2026-06-12 or 2026-06-12T08:30:00Z");
    let unit = |seconds: i64, count: &str| {
        let count: i64 = count.parse().ok()?;
        now.checked_sub(SignedDuration::from_secs(count.checked_mul(seconds)?)).ok()
    };
    for (letter, seconds) in [('m', 60), ('h', 3600), ('d', 86_400)] {
        if let Some(count) = text.strip_suffix(letter) {
            return unit(seconds, count).ok_or_else(wrong);
        }
    }
    instant(text).map_err(|_| wrong())
}

/// A day (its beginning in Vietnam) or an RFC 3339 instant.
pub(crate) fn instant(text: &str) -> Result<Timestamp, String> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at);
    }
    let day: jiff::civil::Date = text.parse().map_err(|_| format!("{text:?} is no day and no instant"))?;
    let zoned = day.to_zoned(TimeZone::fixed(Offset::constant(7)));
    zoned.map(|zoned| zoned.timestamp()).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [vec!["hat-mam".to_owned(), "Hạt".to_owned()], vec!["x".to_owned(), "y".to_owned()]];
        assert_eq!(table(&["id", "name"], &rows), "id       name\nhat-mam  Hạt\nx        y");
    }

    #[test]
    fn times_are_read_as_people_type_them() {
        let now: Timestamp = "2026-06-12T08:30:00Z".parse().unwrap();
        let read = |text: &str| past(text, now).map(|at| at.to_string());
        assert_eq!(read("90m").unwrap(), "2026-06-12T07:00:00Z");
        assert_eq!(read("3d").unwrap(), "2026-06-09T08:30:00Z");
        assert_eq!(read("2026-06-12").unwrap(), "2026-06-11T17:00:00Z");
        assert_eq!(read("2026-06-12T01:00:00+07:00").unwrap(), "2026-06-11T18:00:00Z");
        for text in ["", "h", "yesterday", "2w", "99999999999999d"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
