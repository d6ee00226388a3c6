//! Field readers that take a value in any of the styles Haravan writes it (haravan.md §3.1).
//!
//! Each reader looks at the field's raw JSON text, so that `89000.0000`, `89000` and `"89000"` give one exact decimal
//! without passing through a float. A value of an unexpected shape reads as absent.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;
use rust_decimal::Decimal;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::repair;
use crate::money::Money;
use crate::text::{cut, tidy, tidy_lines};

/// Reads a resource's JSON text, however it is spelled: strictly first, repaired when that fails ([`repair`]).
pub fn read<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_str(text).ok().or_else(|| serde_json::from_str(&repair::repaired(text)?).ok())
}

/// The text of a JSON string, number or boolean; `None` for null, lists and objects.
fn scalar<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(scalar_text(<&RawValue>::deserialize(deserializer)?.get()))
}

fn scalar_text(raw: &str) -> Option<String> {
    match raw.as_bytes().first() {
        // Half of an emoji must not cost the rest of the text.
        Some(b'"') => read(raw),
        Some(b'{' | b'[') | None => None,
        _ if raw == "null" => None,
        _ => Some(raw.to_owned()),
    }
}

/// Longest line of text, in characters; the rest is cut off. No name, address or word comes near.
const LONGEST: usize = 4096;

/// One line of text, tidied and at most 4,096 characters long; blank is `None`.
pub fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = scalar(deserializer)?;
    Ok(text
        .as_deref()
        .and_then(tidy)
        .map(|text| if text.len() > LONGEST { cut(&text, LONGEST) } else { text }))
}

/// A JSON string and nothing else, as it was written: for tokens. Blank is `None`.
pub fn string<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text: Option<String> = serde_json::from_str(<&RawValue>::deserialize(deserializer)?.get()).ok();
    Ok(text.filter(|text| !text.trim().is_empty()))
}

/// Text that may have several lines.
pub fn lines<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(scalar(deserializer)?.as_deref().and_then(tidy_lines))
}

/// An enumeration's word, trimmed and in lower case; unknown words are kept.
pub fn word<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(scalar(deserializer)?.as_deref().and_then(tidy).map(|word| word.to_lowercase()))
}

/// A positive id, from a number or its decimal text. `0` means "none" (haravan.md §3.2, `user_id`).
pub fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let text = scalar(deserializer)?;
    Ok(text.and_then(|text| text.trim().parse::<i64>().ok()).filter(|id| *id > 0))
}

/// An exact decimal, from a number or text, in plain or exponent notation.
pub fn decimal<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Decimal>, D::Error> {
    let text = scalar(deserializer)?;
    Ok(text.and_then(|text| {
        let text = text.trim();
        text.parse().or_else(|_| Decimal::from_scientific(text)).ok()
    }))
}

/// An amount of money.
pub fn money<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Money>, D::Error> {
    Ok(decimal(deserializer)?.map(Money))
}

/// A flag, from a boolean or the text `"true"` or `"false"` (haravan.md §3.2, older generation).
pub fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    Ok(scalar(deserializer)?.and_then(|text| text.trim().to_lowercase().parse().ok()))
}

/// An instant in ISO-8601, up to seven fractional digits. The year 1 is how .NET writes "never" (haravan.md §11).
pub fn instant<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let text = scalar(deserializer)?;
    Ok(text.and_then(|text| {
        let text = text.trim();
        // Text without an offset is taken as UTC, which is what every example with one uses.
        let read: Option<Timestamp> = text.parse().or_else(|_| format!("{text}Z").parse()).ok();
        read.filter(|instant| is_date(Offset::UTC.to_datetime(*instant).date()))
    }))
}

/// The calendar day as written, with no shift between time zones (haravan.md §4, `birthday`). As with instants, the year 1
/// means "never".
pub fn day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
    let text = scalar(deserializer)?;
    Ok(text.and_then(|text| text.trim().get(..10)?.parse().ok()).filter(|day| is_date(*day)))
}

/// Whether a date says when. Shifted into another zone, the first day of year 1 may fall into its second or into year 0.
fn is_date(day: Date) -> bool {
    day.year() > 1
}

/// A list, `null` or nothing; `null` elements are dropped.
///
/// # Errors
/// An element that is no `T`.
pub fn list<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Vec<T>, D::Error> {
    let raw = <&RawValue>::deserialize(deserializer)?.get();
    if !raw.starts_with('[') {
        return Ok(Vec::new());
    }
    let elements: Vec<Option<T>> = serde_json::from_str(raw).map_err(serde::de::Error::custom)?;
    Ok(elements.into_iter().flatten().collect())
}

/// The objects of a list that decides nothing; what is no such object is left out.
pub fn objects<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Vec<T>, D::Error> {
    let raw = <&RawValue>::deserialize(deserializer)?.get();
    let elements: Vec<&RawValue> = serde_json::from_str(raw).unwrap_or_default();
    let objects = elements.into_iter().map(RawValue::get).filter(|element| element.starts_with('{'));
    Ok(objects.filter_map(read).collect())
}

/// The texts and numbers of a list, as text; `None` where there is no list.
pub fn words<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<String>>, D::Error> {
    let raw = <&RawValue>::deserialize(deserializer)?.get();
    let elements: Option<Vec<&RawValue>> = serde_json::from_str(raw).ok();
    let text = |element: &RawValue| scalar_text(element.get());
    Ok(elements.map(|elements| elements.into_iter().filter_map(text).collect()))
}

/// An object, or `None` for anything else.
///
/// # Errors
/// An object that is no `T`.
pub fn object<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    let raw = <&RawValue>::deserialize(deserializer)?.get();
    if !raw.starts_with('{') {
        return Ok(None);
    }
    serde_json::from_str(raw).map(Some).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize, Debug, PartialEq, Default)]
    #[serde(default)]
    struct Probe {
        #[serde(deserialize_with = "text")]
        text: Option<String>,
        #[serde(deserialize_with = "id")]
        id: Option<i64>,
        #[serde(deserialize_with = "decimal")]
        decimal: Option<Decimal>,
        #[serde(deserialize_with = "flag")]
        flag: Option<bool>,
        #[serde(deserialize_with = "instant")]
        instant: Option<Timestamp>,
        #[serde(deserialize_with = "day")]
        day: Option<Date>,
        #[serde(deserialize_with = "list")]
        list: Vec<i64>,
        #[serde(deserialize_with = "words")]
        words: Option<Vec<String>>,
    }

    fn probe(json: &str) -> Probe {
        serde_json::from_str(json).unwrap_or_else(|error| panic!("{json}: {error}"))
    }

    #[test]
    fn one_amount_in_every_style_is_one_decimal() {
        let expected: Decimal = "89000".parse().unwrap();
        for style in
            ["89000", "89000.0000", "\"89000\"", "\" 89000.0000 \"", "8.9e4", "\"8.9E4\"", "89000.0000000"]
        {
            assert_eq!(probe(&format!(r#"{{"decimal":{style}}}"#)).decimal, Some(expected), "{style}");
        }
    }

    #[test]
    fn what_is_no_value_reads_as_absent() {
        for style in ["null", "{}", "[]", "\"\"", "\" \"", "{\"a\":[1]}"] {
            let json = format!(
                r#"{{"text":{style},"id":{style},"decimal":{style},"flag":{style},"instant":{style},"day":{style},"list":{style}}}"#
            );
            assert_eq!(probe(&json), Probe::default(), "{style}");
        }
    }

    #[test]
    fn ids_and_flags_are_read_from_numbers_and_text() {
        assert_eq!(
            probe(r#"{"id":"200001038421","flag":"false"}"#),
            Probe { id: Some(200_001_038_421), flag: Some(false), ..Probe::default() }
        );
        assert_eq!(probe(r#"{"id":0,"flag":true}"#), Probe { flag: Some(true), ..Probe::default() });
        assert_eq!(probe(r#"{"id":1.5}"#).id, None);
    }

    #[test]
    fn seven_fraction_digits_and_a_birthday_are_read() {
        let read = probe(r#"{"instant":"2021-08-18T05:58:03.3618601Z","day":"1994-09-02T00:00:00Z"}"#);
        assert_eq!(read.instant.unwrap().as_microsecond(), 1_629_266_283_361_860);
        assert_eq!(read.day.unwrap().to_string(), "1994-09-02");
        assert!(probe(r#"{"instant":"2021-09-08T18:50:16"}"#).instant.is_some());
    }

    #[test]
    fn a_date_of_the_year_one_is_no_date() {
        for never in [
            "0001-01-01T00:00:00Z",
            "0001-01-01T00:00:00",
            "0001-01-01T00:00:00.0000000",
            "0001-01-01T07:00:00+07:00",
            "0001-01-01T00:00:00+07:00",
            "0001-12-31T23:59:59Z",
            "0000-12-31T17:00:00Z",
        ] {
            let read = probe(&format!(r#"{{"instant":"{never}","day":"{never}"}}"#));
            assert_eq!((read.instant, read.day), (None, None), "{never}");
        }
        assert!(probe(r#"{"day":"0002-01-01","instant":"1970-01-01T00:00:00Z"}"#).day.is_some());
    }

    #[test]
    fn half_of_an_emoji_costs_one_character_and_not_the_text() {
        assert_eq!(probe(r#"{"text":"Quà \ud83d tặng"}"#).text.as_deref(), Some("Quà \u{fffd} tặng"));
        assert_eq!(probe(r#"{"text":"\udc00"}"#).text.as_deref(), Some("\u{fffd}"));
        assert_eq!(probe(r#"{"text":"\ud83d\ude00"}"#).text.as_deref(), Some("😀"));
    }

    #[test]
    fn of_a_list_of_words_what_is_no_word_is_left_out() {
        let read = |json: &str| probe(json).words;
        let words = vec!["a".to_owned(), "4180000000000000001".to_owned()];
        assert_eq!(read(r#"{"words":["a",null,[],{},4180000000000000001]}"#), Some(words));
        assert_eq!(read(r#"{"words":[]}"#), Some(Vec::new()));
        assert_eq!(read(r#"{"words":"a"}"#), None);
        assert_eq!(read(r#"{"words":null}"#), None);
    }

    #[test]
    fn a_token_is_a_string_and_is_left_as_it_is() {
        #[derive(Deserialize)]
        struct Token(#[serde(deserialize_with = "string")] Option<String>);
        let read = |json: &str| serde_json::from_str::<Token>(json).unwrap().0;
        assert_eq!(read("\"a  b\"").as_deref(), Some("a  b"));
        for none in ["7", "true", "null", "\" \"", "\"\"", "[\"a\"]", "{}"] {
            assert_eq!(read(none), None, "{none}");
        }
    }

    #[test]
    fn escaped_and_raw_text_are_one_text() {
        assert_eq!(probe(r#"{"text":"H\u1ea1t M\u1ea7m"}"#).text, probe(r#"{"text":" Hạt  Mầm "}"#).text);
    }
}
