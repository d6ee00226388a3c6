//! Orders in another currency than dong (haravan.md §11). Their amounts are never booked as dong by themselves.

use std::borrow::Cow;

use super::Missing;
use crate::haravan::order::Order;
use crate::money::{Currency, Money};
use crate::settings::Settings;

/// The order as it is booked.
pub(super) struct Booked<'a> {
    pub(super) order: Cow<'a, Order>,
    /// What its amounts are counted in.
    pub(super) currency: Currency,
    pub(super) warning: Option<&'static str>,
    /// The original total and the rate, in words.
    pub(super) term: Option<String>,
}

/// Counts the order in dong by the tenant's rate, or leaves it as it is written where the tenant allows that.
///
/// # Errors
/// [`Missing::Rate`]: another currency without a rate.
pub(super) fn booked<'a>(order: &'a Order, settings: &Settings) -> Result<Booked<'a>, Missing> {
    let currency = order.currency();
    let as_it_is = |currency, warning| Booked { order: Cow::Borrowed(order), currency, warning, term: None };
    let Currency::Foreign(code) = &currency else { return Ok(as_it_is(Currency::Dong, None)) };
    let total = order.total_price;
    match settings.rate_of(code) {
        Some(rate) => {
            let total = total.map(|total| format!(", tổng {}", total.said(&currency))).unwrap_or_default();
            let term = format!("Quy đổi: 1 {code} = {}{total}", Money(rate).dong());
            Ok(Booked {
                order: Cow::Owned(order.clone().in_dong(rate)),
                currency: Currency::Dong,
                warning: Some("currency_converted"),
                term: Some(term),
            })
        }
        None if settings.foreign_currency_as_written => {
            Ok(as_it_is(currency, Some("currency_not_converted")))
        }
        None => Err(Missing::Rate { total: total.map(|total| total.said(&currency)), code: code.clone() }),
    }
}
