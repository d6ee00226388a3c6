//! Picking values out of answers whose shape is only half known (getfly.md §2.4, §6.1).

use rust_decimal::Decimal;
use serde_json::Value;

/// The record in an answer: at top level or under `data`; `None` where nothing was found (getfly.md §15 U23).
pub fn record(body: &Value) -> Option<&Value> {
    match body.get("data") {
        Some(Value::Object(map)) if map.is_empty() => None,
        Some(inner @ Value::Object(_)) => Some(inner),
        Some(Value::Array(list)) => list.first().filter(|first| first.is_object()),
        Some(_) => None,
        None => body.as_object().filter(|map| !map.is_empty()).map(|_| body),
    }
}

/// The rows of a list answer; `None` when it is no list.
pub fn rows(body: &Value) -> Option<&Vec<Value>> {
    body.get("data").and_then(Value::as_array)
}

/// A text, from a text or a number; blank is `None`.
pub fn text(record: &Value, key: &str) -> Option<String> {
    match record.get(key)? {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A whole number, from a number or a text.
pub fn integer(record: &Value, key: &str) -> Option<i64> {
    match record.get(key)? {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// A decimal, from a number or a text.
pub fn decimal(record: &Value, key: &str) -> Option<Decimal> {
    match record.get(key)? {
        Value::Number(number) => {
            let text = number.to_string();
            text.parse().or_else(|_| Decimal::from_scientific(&text)).ok()
        }
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}
