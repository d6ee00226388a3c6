//! Amounts, and values that may be given, left out or explicitly nothing.

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, de};

/// The largest amount a spec may name, 10¹² đồng; it keeps every sum far from overflowing.
const LARGEST: i64 = 1_000_000_000_000;

/// An amount in đồng, not negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dong(Decimal);

impl Dong {
    /// The amount, cut to 0 … 10¹² and four decimals.
    pub fn new(amount: Decimal) -> Self {
        Self(amount.clamp(Decimal::ZERO, LARGEST.into()).round_dp(4))
    }

    /// The amount as a decimal.
    pub fn amount(self) -> Decimal {
        self.0
    }
}

impl From<i64> for Dong {
    fn from(amount: i64) -> Self {
        Self::new(amount.into())
    }
}

impl<'de> Deserialize<'de> for Dong {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(from)?;
        let text = match &value {
            serde_json::Value::Number(number) => number.to_string(),
            serde_json::Value::String(text) => text.clone(),
            _ => return Err(de::Error::custom("an amount is a number or a decimal in a string")),
        };
        let amount: Decimal =
            text.parse().map_err(|_| de::Error::custom(format!("{text:?} is not an amount")))?;
        if amount < Decimal::ZERO || amount > LARGEST.into() {
            return Err(de::Error::custom(format!("an amount lies between 0 and {LARGEST}")));
        }
        Ok(Self::new(amount))
    }
}

/// A value that can be left to the generator, given, or explicitly nothing. In JSON: absent, a value, `null`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Given<T> {
    /// The generator invents one.
    #[default]
    Invented,
    /// There is none.
    Nothing,
    /// This one.
    Is(T),
}

impl<T> Given<T> {
    /// The value, with `invent` called only when it was left to the generator.
    pub(super) fn or_invent(self, invent: impl FnOnce() -> Option<T>) -> Option<T> {
        match self {
            Self::Invented => invent(),
            Self::Nothing => None,
            Self::Is(value) => Some(value),
        }
    }

    /// Puts the value, or nothing, into `place`; leaves `place` alone when nothing was said.
    pub(super) fn change(self, place: &mut Option<T>) {
        match self {
            Self::Invented => {}
            Self::Nothing => *place = None,
            Self::Is(value) => *place = Some(value),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Given<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(from)?.map_or(Self::Nothing, Self::Is))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_out_of_range_are_refused() {
        for text in ["-1", "1000000000001", "\"abc\"", "{}", "1e300"] {
            assert!(serde_json::from_str::<Dong>(text).is_err(), "{text}");
        }
        let half: Dong = serde_json::from_str("\"89000.5\"").unwrap();
        assert_eq!(half.amount(), Decimal::new(890_005, 1));
    }
}
