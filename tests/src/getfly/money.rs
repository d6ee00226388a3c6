//! Amounts between JSON and decimals: whole numbers without a fraction, others with one, as in getfly.md §2.4.

use std::str::FromStr;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Number, Value};

/// A JSON number, or a text that holds one, as a decimal.
pub(super) fn from_json(value: &Value) -> Option<Decimal> {
    let text = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.trim().to_owned(),
        _ => return None,
    };
    Decimal::from_str(&text).or_else(|_| Decimal::from_scientific(&text)).ok()
}

/// The decimal as a JSON number.
pub(super) fn to_json(amount: Decimal) -> Value {
    let whole = if amount.fract().is_zero() { amount.to_i64().map(Number::from) } else { None };
    whole.or_else(|| amount.to_f64().and_then(Number::from_f64)).map_or(Value::Null, Value::Number)
}

/// For `#[serde(with)]`, together with [`deserialize`].
pub(super) fn serialize<S: Serializer>(amount: &Decimal, serializer: S) -> Result<S::Ok, S::Error> {
    to_json(*amount).serialize(serializer)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Decimal, D::Error> {
    let value = Value::deserialize(from)?;
    from_json(&value).ok_or_else(|| D::Error::custom(format!("{value} is no amount")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn amounts_keep_their_value_both_ways() {
        for value in [json!(0), json!(89000), json!(83706.5), json!(-12)] {
            assert_eq!(to_json(from_json(&value).unwrap()), value);
        }
        assert_eq!(from_json(&json!("1260000.50")), Decimal::from_str("1260000.5").ok());
        assert_eq!(from_json(&json!(1e3)), Decimal::from_str("1000").ok());
    }

    #[test]
    fn what_is_no_amount_gives_nothing() {
        for value in [json!("nhiều"), json!(null), json!([]), json!(true), json!(1e300), json!("")] {
            assert_eq!(from_json(&value), None, "{value}");
        }
    }
}
