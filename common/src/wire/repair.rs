//! JSON that a strict reader refuses, made readable (haravan.md §3.1, §11).
//!
//! A signed body is never set aside because of its spelling. Met in the wild: a byte order mark in front, bytes that are no
//! UTF-8, half of an emoji (`\ud83d`), raw control characters inside a text, a key given twice. This is the slow path:
//! whoever reads a body tries the strict reader first and comes here only when that fails.

use std::borrow::Cow;
use std::iter::Peekable;
use std::str::Chars;

use serde_json::Value;

/// The bytes as text: without a byte order mark and white space around it, what is no UTF-8 replaced by `U+FFFD`.
pub fn text(bytes: &[u8]) -> Cow<'_, str> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match String::from_utf8_lossy(bytes) {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    }
}

/// The same JSON as every strict reader takes it: broken characters are replaced, and the last of two equal keys wins.
/// `None` for what is no JSON all the same, or nested deeper than 128 levels. Numbers keep 17 significant digits.
pub fn repaired(text: &str) -> Option<String> {
    let value: Value = serde_json::from_str(&with_whole_strings(text)).ok()?;
    Some(value.to_string())
}

/// Mends what stands inside quotes, and leaves out control characters between them.
fn with_whole_strings(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    let mut quoted = false;
    while let Some(letter) = letters.next() {
        match letter {
            '"' => {
                quoted = !quoted;
                out.push('"');
            }
            '\\' if quoted => escape(&mut letters, &mut out),
            _ if !is_control(letter) => out.push(letter),
            '\n' | '\r' | '\t' if !quoted => out.push(letter),
            '\n' if quoted => out.push_str("\\n"),
            _ if quoted => out.push(' '),
            _ => {}
        }
    }
    out
}

/// What JSON does not allow inside quotes.
fn is_control(letter: char) -> bool {
    letter < ' '
}

/// Copies the escape whose backslash was just read; one that means nothing becomes a backslash that stands for itself.
fn escape(letters: &mut Peekable<Chars<'_>>, out: &mut String) {
    match letters.peek() {
        Some('u') => {
            letters.next();
            match unit(letters) {
                None => out.push_str("\\\\u"),
                Some(high @ 0xd800..0xdc00) => second_half(high, letters, out),
                Some(single) => push_unit(single, out),
            }
        }
        Some(known @ ('"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't')) => {
            out.extend(['\\', *known]);
            letters.next();
        }
        _ => out.push_str("\\\\"),
    }
}

/// What follows the first half of a pair: its second half, or anything else, with which the first half is lost.
fn second_half(high: u32, letters: &mut Peekable<Chars<'_>>, out: &mut String) {
    let mut ahead = letters.clone();
    let low = match (ahead.next(), ahead.next()) {
        (Some('\\'), Some('u')) => unit(&mut ahead),
        _ => None,
    };
    if let Some(low @ 0xdc00..0xe000) = low {
        *letters = ahead;
        push_unit(0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00), out);
    } else {
        out.push(char::REPLACEMENT_CHARACTER);
    }
}

/// Four hexadecimal digits, taken only when all four are there.
fn unit(letters: &mut Peekable<Chars<'_>>) -> Option<u32> {
    let mut ahead = letters.clone();
    let mut unit = 0;
    for _ in 0..4 {
        unit = unit * 16 + ahead.next()?.to_digit(16)?;
    }
    *letters = ahead;
    Some(unit)
}

/// Writes a character as JSON does; a half without its other half is replaced.
fn push_unit(unit: u32, out: &mut String) {
    let letter = char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER);
    match letter {
        '"' | '\\' => out.extend(['\\', letter]),
        _ if is_control(letter) => out.push_str(&format!("\\u{:04x}", u32::from(letter))),
        _ => out.push(letter),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> Value {
        serde_json::from_str(&repaired(text).unwrap_or_else(|| panic!("{text}"))).unwrap()
    }

    #[test]
    fn half_of_an_emoji_is_replaced_and_a_whole_one_stays() {
        assert_eq!(read(r#"{"a":"x \ud83d y"}"#), json!({"a": "x \u{fffd} y"}));
        assert_eq!(read(r#"{"a":"\ude00\ud83d"}"#), json!({"a": "\u{fffd}\u{fffd}"}));
        assert_eq!(read(r#"{"a":"\ud83d\u0041"}"#), json!({"a": "\u{fffd}A"}));
        assert_eq!(read(r#"{"a":"\ud83d\ude00"}"#), json!({"a": "😀"}));
        assert_eq!(read(r#"{"\ud83d":1}"#), json!({"\u{fffd}": 1}));
    }

    #[test]
    fn the_last_of_two_equal_keys_wins_at_every_depth() {
        assert_eq!(read(r#"{"a":1,"b":{"c":1,"c":2},"a":3}"#), json!({"a": 3, "b": {"c": 2}}));
        assert_eq!(read(r#"{"l":[{"a":1,"a":null}]}"#), json!({"l": [{"a": null}]}));
    }

    #[test]
    fn control_characters_and_unknown_escapes_do_not_stop_the_reader() {
        assert_eq!(read("{\"a\":\"x\ny\tz\u{0}\"}\u{0}"), json!({"a": "x\ny z "}));
        assert_eq!(read(r#"{"a":"C:\x\u12"}"#), json!({"a": r"C:\x\u12"}));
        assert_eq!(read(r#"{"a":"\u0000\u0022\\\""}"#), json!({"a": "\u{0}\"\\\""}));
    }

    #[test]
    fn bytes_that_are_no_utf_8_and_a_byte_order_mark_are_read() {
        assert_eq!(text(b"\xef\xbb\xbf {\"a\":1}\n"), "{\"a\":1}");
        assert_eq!(text(b"{\"a\":\"H\xe1t\"}"), "{\"a\":\"H\u{fffd}t\"}");
        assert!(matches!(text(b"{}"), Cow::Borrowed("{}")));
    }

    #[test]
    fn amounts_and_ids_keep_their_digits() {
        let body = r#"{"id":9007199254740993,"p":89000.0000,"t":7999.92,"t":107999.9275}"#;
        assert_eq!(repaired(body).unwrap(), r#"{"id":9007199254740993,"p":89000.0,"t":107999.9275}"#);
    }

    #[test]
    fn a_deep_nest_and_a_cut_text_are_no_json() {
        for text in ["[".repeat(100_000), "{\"a\":".repeat(1000), "{\"a\":\"".to_owned(), "\"\\".to_owned()] {
            assert_eq!(repaired(&text), None);
        }
    }

    fn json_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".{0,12}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 5, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                proptest::collection::hash_map(".{0,6}", inner, 0..5)
                    .prop_map(|map| map.into_iter().collect::<Value>()),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_json_already_means_the_same_afterwards(value in json_value()) {
            prop_assert_eq!(read(&value.to_string()), value);
        }

        #[test]
        fn nothing_breaks_it(garbage in "[\\[\\]{}\",:\\\\u0-9a-f \u{0}-\u{1f}é]{0,200}") {
            if let Some(text) = repaired(&garbage) {
                prop_assert!(serde_json::from_str::<Value>(&text).is_ok());
            }
        }
    }
}
