//! JSON text with exact numbers.
//!
//! `serde_json` turns `89000.0000` into a float and prints `89000.0`; the wire (haravan.md §3.1) keeps the
//! digits, and the signature covers them. Bodies are therefore built as a small tree whose amounts, ids and
//! times stay symbolic until [`Node::text`] writes them in the style the body asks for.

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::style::{BodyStyle, NumberStyle, TimeStyle};

/// One JSON value before its style is chosen.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// An id or a count.
    Int(i64),
    /// A decimal and the digits its zero is written with (`0.0`, `0.0000`, `0.00000000`).
    Amount(Decimal, u32),
    /// An instant.
    Time(Timestamp),
    /// A string.
    Text(String),
    /// An array.
    List(Vec<Node>),
    /// An object, keys in the order they are written.
    Object(Vec<(&'static str, Node)>),
}

impl Node {
    /// Writes the value.
    pub(super) fn text(&self, style: &BodyStyle) -> String {
        let mut out = String::new();
        self.write(&mut out, style, 0);
        out
    }

    /// Keeps only the keys of an object that `wanted` accepts.
    pub(super) fn retain(&mut self, wanted: impl Fn(&str) -> bool) {
        if let Self::Object(entries) = self {
            entries.retain(|(key, _)| wanted(key));
        }
    }

    fn write(&self, out: &mut String, style: &BodyStyle, depth: usize) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Int(value) if style.numbers == NumberStyle::StringsAndIds => {
                write_text(out, &value.to_string(), false);
            }
            Self::Int(value) => out.push_str(&value.to_string()),
            Self::Amount(value, zero_digits) => write_amount(out, *value, *zero_digits, style.numbers),
            Self::Time(at) => write_text(out, &time_text(*at, style.times), false),
            Self::Text(value) => write_text(out, value, style.ascii),
            Self::List(items) => write_many(out, style, depth, '[', ']', items, |out, item| {
                item.write(out, style, depth + 1);
            }),
            Self::Object(entries) => write_many(out, style, depth, '{', '}', entries, |out, (key, value)| {
                write_text(out, key, style.ascii);
                out.push_str(if style.pretty { ": " } else { ":" });
                value.write(out, style, depth + 1);
            }),
        }
    }
}

impl From<bool> for Node {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Node {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<Decimal> for Node {
    fn from(value: Decimal) -> Self {
        Self::Amount(value, 4)
    }
}

impl From<Timestamp> for Node {
    fn from(value: Timestamp) -> Self {
        Self::Time(value)
    }
}

impl From<&str> for Node {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<&String> for Node {
    fn from(value: &String) -> Self {
        Self::Text(value.clone())
    }
}

impl From<String> for Node {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl<T: Into<Node>> From<Option<T>> for Node {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl<T: Into<Node>> From<Vec<T>> for Node {
    fn from(value: Vec<T>) -> Self {
        Self::List(value.into_iter().map(Into::into).collect())
    }
}

/// An object of `entries`.
pub(super) fn object<const N: usize>(entries: [(&'static str, Node); N]) -> Node {
    Node::Object(entries.into())
}

/// An instant as haravan.md §3.1 writes it: UTC, `Z`, 0 to 7 fractional digits.
pub(super) fn time_text(at: Timestamp, style: TimeStyle) -> String {
    let seconds = at.strftime("%Y-%m-%dT%H:%M:%S");
    let ticks = at.subsec_nanosecond().unsigned_abs() / 100;
    match style {
        TimeStyle::WholeSeconds => format!("{seconds}Z"),
        TimeStyle::Natural if ticks == 0 => format!("{seconds}Z"),
        TimeStyle::Natural => {
            let digits = format!("{ticks:07}");
            format!("{seconds}.{}Z", digits.trim_end_matches('0'))
        }
        TimeStyle::SevenDigits => format!("{seconds}.{:07}Z", with_all_digits(ticks)),
    }
}

/// Fills the digits below the millisecond of an instant that has none, so that seven digits are really used.
/// The same millisecond always gives the same digits, so the order of instants is kept.
fn with_all_digits(ticks: u32) -> u32 {
    if ticks.is_multiple_of(10_000) { ticks + (ticks / 10_000 * 7919 + 1233) % 9999 + 1 } else { ticks }
}

fn write_amount(out: &mut String, value: Decimal, zero_digits: u32, style: NumberStyle) {
    let digits = if value.is_zero() { zero_digits } else { zero_digits.max(4) };
    match style {
        NumberStyle::FourDecimals => out.push_str(&fixed(value, digits)),
        NumberStyle::Integers => out.push_str(&value.normalize().to_string()),
        NumberStyle::SevenDecimals => out.push_str(&fixed(value, 7)),
        NumberStyle::Strings | NumberStyle::StringsAndIds => write_text(out, &fixed(value, digits), false),
    }
}

fn fixed(value: Decimal, digits: u32) -> String {
    let mut value = value.round_dp(digits);
    value.rescale(digits);
    value.to_string()
}

fn write_text(out: &mut String, text: &str, ascii: bool) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ if character.is_control() || (ascii && !character.is_ascii()) => {
                let mut units = [0_u16; 2];
                for unit in character.encode_utf16(&mut units) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
            _ => out.push(character),
        }
    }
    out.push('"');
}

fn write_many<T>(
    out: &mut String,
    style: &BodyStyle,
    depth: usize,
    open: char,
    close: char,
    items: &[T],
    mut write_one: impl FnMut(&mut String, &T),
) {
    out.push(open);
    for (place, item) in items.iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        new_line(out, style, depth + 1);
        write_one(out, item);
    }
    if !items.is_empty() {
        new_line(out, style, depth);
    }
    out.push(close);
}

fn new_line(out: &mut String, style: &BodyStyle, depth: usize) {
    if style.pretty {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Node {
        object([
            ("id", 1_791_400_031_i64.into()),
            ("price", Decimal::from(89_000).into()),
            ("split", Decimal::new(33_333_333, 4).into()),
            ("total_tax", Node::Amount(Decimal::ZERO, 1)),
            ("latitude", Node::Amount(Decimal::ZERO, 8)),
            ("name", "Hạt \"Mầm\"".into()),
            ("tags", Node::Null),
        ])
    }

    fn with(numbers: NumberStyle) -> String {
        sample().text(&BodyStyle { numbers, ..BodyStyle::default() })
    }

    #[test]
    fn amounts_keep_the_digits_of_their_style() {
        assert_eq!(
            with(NumberStyle::FourDecimals),
            r#"{"id":1791400031,"price":89000.0000,"split":3333.3333,"total_tax":0.0,"latitude":0.00000000,"name":"Hạt \"Mầm\"","tags":null}"#
        );
        assert!(with(NumberStyle::Integers).contains(r#""price":89000,"split":3333.3333,"total_tax":0,"#));
        assert!(with(NumberStyle::Strings).contains(r#""id":1791400031,"price":"89000.0000""#));
        assert!(with(NumberStyle::StringsAndIds).contains(r#""id":"1791400031","price":"89000.0000""#));
        assert!(with(NumberStyle::SevenDecimals).contains(r#""price":89000.0000000,"#));
    }

    #[test]
    fn text_outside_ascii_can_be_escaped_and_means_the_same() {
        let style = BodyStyle { ascii: true, ..BodyStyle::default() };
        let node = object([("name", "Hạt Mầm 🌱".into())]);
        let text = node.text(&style);
        assert!(text.is_ascii());
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["name"], "Hạt Mầm 🌱");
    }

    #[test]
    fn pretty_text_equals_the_fixtures_layout() {
        let fixture = include_str!("../../fixtures/customer_create.json");
        let value: serde_json::Value = serde_json::from_str(fixture).unwrap();
        assert_eq!(format!("{}\n", serde_json::to_string_pretty(&value).unwrap()), fixture);
        let style = BodyStyle { pretty: true, ..BodyStyle::default() };
        let node = object([("a", Node::List(vec![])), ("b", vec![1_i64, 2].into())]);
        assert_eq!(node.text(&style), "{\n  \"a\": [],\n  \"b\": [\n    1,\n    2\n  ]\n}");
    }

    #[test]
    fn times_have_the_fraction_digits_of_their_style() {
        let at: Timestamp = "2026-06-12T03:25:41.61Z".parse().unwrap();
        assert_eq!(time_text(at, TimeStyle::Natural), "2026-06-12T03:25:41.61Z");
        assert_eq!(time_text(at, TimeStyle::WholeSeconds), "2026-06-12T03:25:41Z");
        let long = time_text(at, TimeStyle::SevenDigits);
        assert_eq!(long.len(), "2026-06-12T03:25:41.6100000Z".len());
        assert!(long.starts_with("2026-06-12T03:25:41.610") && !long.ends_with("0000Z"));
    }
}
