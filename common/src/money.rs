//! Money: a decimal with the text of its number kept exact, written to JSON as a plain number.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, Mul, Neg, Sub};

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::{Serialize, Serializer};

use crate::text::unaccented;

/// An amount in the order's currency (VND has no minor unit, yet split discounts bring fractions; haravan.md §3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Money(pub Decimal);

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(Decimal::ZERO);

    /// Whether there is something to speak of.
    pub fn is_positive(self) -> bool {
        self.0 > Decimal::ZERO
    }

    /// Whether it is less than nothing.
    pub fn is_negative(self) -> bool {
        self.0 < Decimal::ZERO
    }

    /// Without its sign.
    #[must_use]
    pub fn abs(self) -> Self {
        Self(self.0.abs())
    }

    /// As people in Vietnam write it: `1.515.000 ₫`, or `12,5 USD` in another currency.
    pub fn said(self, currency: &Currency) -> String {
        let text = self.0.normalize().to_string();
        let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |digits| ("-", digits));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let fraction = if fraction.is_empty() { String::new() } else { format!(",{fraction}") };
        format!("{sign}{}{fraction} {}", grouped(whole, '.'), currency.sign())
    }

    /// As an amount of dong: `1.515.000 ₫`.
    pub fn dong(self) -> String {
        self.said(&Currency::Dong)
    }
}

/// What an amount is counted in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Currency {
    /// Vietnamese dong, also where nothing is said: shops sell in it (haravan.md §11).
    #[default]
    Dong,
    /// Another one, by its code in upper case.
    Foreign(String),
}

impl Currency {
    /// Reads a currency as an order names it.
    pub fn read(text: Option<&str>) -> Self {
        let code = text.unwrap_or_default().trim().to_uppercase();
        match unaccented(&code).as_str() {
            "" | "vnd" | "d" | "₫" | "dong" | "viet nam dong" => Self::Dong,
            _ => Self::Foreign(code),
        }
    }

    /// Its code: `VND`, `USD`.
    pub fn code(&self) -> &str {
        match self {
            Self::Dong => "VND",
            Self::Foreign(code) => code,
        }
    }

    fn sign(&self) -> &str {
        match self {
            Self::Dong => "₫",
            Self::Foreign(code) => code,
        }
    }
}

/// Digits in groups of three: `1515000` is `1.515.000`.
pub fn grouped(digits: &str, mark: char) -> String {
    let mut grouped = String::with_capacity(digits.len() * 4 / 3 + 1);
    for (left, digit) in (1..=digits.len()).rev().zip(digits.chars()) {
        grouped.push(digit);
        if left > 1 && left % 3 == 1 {
            grouped.push(mark);
        }
    }
    grouped
}

impl Add for Money {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Money {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Neg for Money {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl Mul<Decimal> for Money {
    type Output = Self;
    fn mul(self, factor: Decimal) -> Self {
        Self(self.0.saturating_mul(factor))
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.normalize().fmt(f)
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_decimal(&self.0, serializer)
    }
}

/// Writes a decimal as a JSON number: `20000`, not `20000.0` or `"20000"`.
///
/// # Errors
/// Those of the serializer.
pub fn serialize_decimal<S: Serializer>(value: &Decimal, serializer: S) -> Result<S::Ok, S::Error> {
    match value.is_integer().then(|| value.to_i64()).flatten() {
        Some(whole) => serializer.serialize_i64(whole),
        None => serializer.serialize_f64(value.to_f64().unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_grouped_as_in_vietnam() {
        let said = |s: &str| Money(s.parse().unwrap()).dong();
        assert_eq!(said("1515000.0000"), "1.515.000 ₫");
        assert_eq!(said("0"), "0 ₫");
        assert_eq!(said("999"), "999 ₫");
        assert_eq!(said("-1000"), "-1.000 ₫");
        assert_eq!(said("166666.67"), "166.666,67 ₫");
    }

    #[test]
    fn dong_is_known_by_its_names_and_every_other_currency_keeps_its_own() {
        for dong in [
            None,
            Some(""),
            Some(" "),
            Some("VND"),
            Some("vnd"),
            Some("đ"),
            Some("₫"),
            Some("VNĐ"),
            Some("Đồng"),
        ] {
            assert_eq!(Currency::read(dong), Currency::Dong, "{dong:?}");
        }
        for (foreign, code) in [("USD", "USD"), ("usd ", "USD"), ("€", "€"), ("VNT", "VNT"), ("đô", "ĐÔ")]
        {
            assert_eq!(Currency::read(Some(foreign)), Currency::Foreign(code.to_owned()), "{foreign}");
        }
        let usd = Currency::read(Some("usd"));
        assert_eq!(Money("1234.5".parse().unwrap()).said(&usd), "1.234,5 USD");
    }

    #[test]
    fn whole_amounts_are_written_without_a_point() {
        let text = |s: &str| serde_json::to_string(&Money(s.parse().unwrap())).unwrap();
        assert_eq!(text("89000.0000"), "89000");
        assert_eq!(text("83706.5"), "83706.5");
        assert_eq!(text("-10"), "-10");
        assert_eq!(Money("89000.0000".parse().unwrap()).to_string(), "89000");
    }
}
