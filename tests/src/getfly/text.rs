//! How the CRM reduces texts: slugs of source names, digits of phones, dates in local time.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZone};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Vietnam, where the tenant's local times are (getfly.md §2.4).
fn local(at: Timestamp) -> jiff::Zoned {
    at.to_zoned(TimeZone::fixed(Offset::constant(7)))
}

/// `YYYY-MM-DD HH:MM:SS` in the tenant's time, without a zone.
pub(super) fn local_time(at: Timestamp) -> String {
    local(at).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// The instant of a [`local_time`].
fn instant(text: &str) -> Option<Timestamp> {
    let local = DateTime::strptime("%Y-%m-%d %H:%M:%S", text).ok()?;
    Some(local.to_zoned(TimeZone::fixed(Offset::constant(7))).ok()?.timestamp())
}

/// For `#[serde(with)]`: as [`local_time`].
pub(super) mod time {
    use super::*;

    pub(in crate::getfly) fn serialize<S: Serializer>(
        at: &Timestamp,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&local_time(*at))
    }

    pub(in crate::getfly) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
        let text = String::deserialize(from)?;
        instant(&text).ok_or_else(|| D::Error::custom(format!("{text:?} is no time")))
    }
}

/// For `#[serde(with)]`: as [`local_time`], or null.
pub(super) mod maybe_time {
    use super::*;

    pub(in crate::getfly) fn serialize<S: Serializer>(
        at: &Option<Timestamp>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        at.map(local_time).serialize(serializer)
    }

    pub(in crate::getfly) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Timestamp>, D::Error> {
        let Some(text) = Option::<String>::deserialize(from)? else { return Ok(None) };
        instant(&text).map(Some).ok_or_else(|| D::Error::custom(format!("{text:?} is no time")))
    }
}

/// `YYYY-MM-DD` in the tenant's time.
pub(super) fn local_date(at: Timestamp) -> String {
    local(at).date().to_string()
}

/// The year in the tenant's time.
pub(super) fn local_year(at: Timestamp) -> i16 {
    local(at).year()
}

/// The second at which a day starts in the tenant's time.
pub(super) fn start_of_day(date: &str) -> Option<i64> {
    let date: Date = date.parse().ok()?;
    let zoned = date.to_zoned(TimeZone::fixed(Offset::constant(7))).ok()?;
    Some(zoned.timestamp().as_second())
}

/// Whether the text is a day of the calendar written `YYYY-MM-DD`.
pub(super) fn is_date(text: &str) -> bool {
    text.len() == 10 && Date::strptime("%Y-%m-%d", text).is_ok()
}

/// The ASCII slug of a name: letters reduced, spaces as `_` (getfly.md §3.4).
pub(super) fn slug(name: &str) -> String {
    name.trim()
        .nfd()
        .filter(|letter| !is_combining_mark(*letter))
        .filter_map(|letter| match letter {
            'đ' | 'Đ' => Some('d'),
            letter if letter.is_whitespace() => Some('_'),
            letter if letter.is_ascii_alphanumeric() || letter == '_' || letter == '-' => {
                Some(letter.to_ascii_lowercase())
            }
            _ => None,
        })
        .collect()
}

/// The name trimmed and in NFC, the form in which names are compared.
pub(super) fn folded(name: &str) -> String {
    name.trim().nfc().collect()
}

/// The digits of a phone with Vietnam's country code as a leading 0.
pub(super) fn phone_digits(phone: &str) -> String {
    let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
    match digits.strip_prefix("84") {
        Some(rest) if digits.len() == 11 => format!("0{rest}"),
        _ => digits,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_past_eleven_at_night_utc_is_the_next_day_in_vietnam() {
        let at: Timestamp = "2026-06-12T23:30:00Z".parse().unwrap();
        assert_eq!(local_time(at), "2026-06-13 06:30:00");
        assert_eq!(instant("2026-06-13 06:30:00"), Some(at));
        assert_eq!(local_date(at), "2026-06-13");
        assert_eq!(local_year("2026-12-31T18:00:00Z".parse().unwrap()), 2027);
        assert_eq!(start_of_day("2026-06-12"), Some(1_781_197_200));
    }

    #[test]
    fn a_slug_is_the_name_without_accents() {
        assert_eq!(slug("Giới thiệu"), "gioi_thieu");
        assert_eq!(slug(" Đối tác ☕ "), "doi_tac_");
        assert_eq!(slug("haravan_draft_order"), "haravan_draft_order");
    }

    #[test]
    fn only_calendar_days_are_dates() {
        assert!(is_date("2024-02-29"));
        for text in ["2026-02-29", "12/06/2026", "2026-06-12T00:00:00Z", "2026-6-1", ""] {
            assert!(!is_date(text), "{text}");
        }
    }

    #[test]
    fn the_country_code_is_read_as_a_leading_zero() {
        for phone in ["0903555018", "+84 903 555 018", "84903555018", "0903.555.018"] {
            assert_eq!(phone_digits(phone), "0903555018");
        }
    }
}
