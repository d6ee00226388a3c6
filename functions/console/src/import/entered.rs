//! The period and the kinds of records to import, as entered.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

use crate::form::{Fault, Form};
use crate::when::{day_of, midnight};

/// The longest period, in years.
const YEARS: i64 = 5;

/// Names of the fields.
pub(crate) mod field {
    /// First day.
    pub(crate) const FROM: &str = "from";
    /// Last day.
    pub(crate) const TO: &str = "to";
    /// Whether orders are imported.
    pub(crate) const ORDERS: &str = "orders";
    /// Whether customers are imported.
    pub(crate) const CUSTOMERS: &str = "customers";
}

/// What was entered.
#[derive(Debug, Clone)]
pub(crate) struct Entered {
    /// First day, as `2026-06-12`.
    pub from: String,
    /// Last day.
    pub to: String,
    /// Whether orders are imported.
    pub orders: bool,
    /// Whether customers are imported.
    pub customers: bool,
}

/// From the begin of the first day to the end of the last, on Vietnam's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Period {
    /// When the first day begins.
    pub from: Timestamp,
    /// When the last day has ended.
    pub to: Timestamp,
}

impl Entered {
    /// What a form has before anybody entered something: the last month.
    pub(crate) fn nothing(now: Timestamp) -> Self {
        let today = day_of(now);
        let from = today.saturating_sub(1.month());
        Self { from: from.to_string(), to: today.to_string(), orders: true, customers: true }
    }

    /// What a form says.
    pub(crate) fn of(form: &Form) -> Self {
        Self {
            from: form.trimmed(field::FROM),
            to: form.trimmed(field::TO),
            orders: form.is_on(field::ORDERS),
            customers: form.is_on(field::CUSTOMERS),
        }
    }

    /// The period. `Err` names the fields that are wrong.
    pub(crate) fn period(&self, now: Timestamp) -> Result<Period, Vec<Fault>> {
        let mut faults = Vec::new();
        let (from, to) = (date(field::FROM, &self.from), date(field::TO, &self.to));
        let (today, period) = (day_of(now), from.clone().ok().zip(to.clone().ok()));
        faults.extend(from.as_ref().err().cloned());
        faults.extend(to.as_ref().err().cloned());
        let ahead = |day: &Result<Date, Fault>| day.as_ref().is_ok_and(|day| *day > today);
        for (name, day) in [(field::FROM, &from), (field::TO, &to)] {
            if ahead(day) {
                faults.push(Fault::new(
                    name,
                    "Ngày này chưa đến. Chọn đến hôm nay là muộn nhất.",
                    "This day is in the future. Choose today at the latest.",
                ));
            }
        }
        if let Some((from, to)) = period {
            if from > to {
                faults.push(Fault::new(
                    field::TO,
                    "Ngày cuối phải bằng hoặc sau ngày đầu.",
                    "The last day must be the first day or later.",
                ));
            } else if to > from.saturating_add(YEARS.years()) {
                faults.push(Fault::new(
                    field::FROM,
                    "Mỗi lần nhập tối đa 5 năm. Hãy chia thành nhiều lần.",
                    "One import covers 5 years at most. Please split the period.",
                ));
            }
        }
        if !self.orders && !self.customers {
            faults.push(Fault::new(
                field::ORDERS,
                "Hãy chọn ít nhất một loại: đơn hàng hoặc khách hàng.",
                "Please choose at least one: orders or customers.",
            ));
        }
        let bounds = period.and_then(|(from, to)| Some((midnight(from)?, midnight(to.tomorrow().ok()?)?)));
        match bounds {
            Some((from, to)) if faults.is_empty() => Ok(Period { from, to }),
            None if faults.is_empty() => Err(vec![unreadable(field::FROM)]),
            _ => Err(faults),
        }
    }
}

fn date(name: &str, text: &str) -> Result<Date, Fault> {
    if text.is_empty() {
        return Err(Fault::new(name, "Hãy chọn ngày.", "Please choose a day."));
    }
    let date = Date::strptime("%Y-%m-%d", text).ok().filter(|date| date.to_string() == text);
    date.ok_or_else(|| unreadable(name))
}

fn unreadable(name: &str) -> Fault {
    Fault::new(
        name,
        "Không phải một ngày. Nhập theo dạng năm-tháng-ngày, ví dụ 2026-06-12.",
        "This is not a day. Enter it as year-month-day, such as 2026-06-12.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The period from a day to another, on 13 June 2026 in Vietnam.
    fn period(from: &str, to: &str) -> Result<Period, Vec<String>> {
        let entered = Entered { from: from.to_owned(), to: to.to_owned(), orders: true, customers: false };
        let period = entered.period("2026-06-12T18:30:00Z".parse().unwrap());
        period.map_err(|faults| faults.into_iter().map(|fault| fault.field).collect())
    }

    #[test]
    fn days_begin_and_end_at_midnight_in_vietnam() {
        let instant = |text: &str| text.parse().unwrap();
        assert_eq!(
            period("2026-06-01", "2026-06-13"),
            Ok(Period { from: instant("2026-05-31T17:00:00Z"), to: instant("2026-06-13T17:00:00Z") })
        );
        assert!(period("2026-06-13", "2026-06-13").is_ok());
        assert!(period("2021-06-13", "2026-06-13").is_ok());
    }

    #[test]
    fn every_wrong_day_is_named() {
        let wrong = |from, to| period(from, to).unwrap_err();
        assert_eq!(wrong("", ""), ["from", "to"]);
        assert_eq!(wrong("yesterday", "2026-6-1"), ["from", "to"]);
        assert_eq!(wrong("2026-02-30", "2026-06-01"), ["from"]);
        assert_eq!(wrong("2026-06-02", "2026-06-01"), ["to"]);
        assert_eq!(wrong("2026-06-01", "2026-06-14"), ["to"]);
        assert_eq!(wrong("9999-12-31", "9999-12-31"), ["from", "to"]);
        assert_eq!(wrong("2021-06-12", "2026-06-13"), ["from"]);
    }
}
