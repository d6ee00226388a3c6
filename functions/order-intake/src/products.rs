//! Products that the CRM does not know and does not make by itself (getfly.md §5, §15 U4).
//!
//! An order of a hundred unknown products takes minutes at one write a second. Its event makes what it can in one slice of
//! time and then goes on at once in another delivery, so that the batch it came with does not wait. No progress is
//! recorded: the CRM's next refusal names what is still missing, or the CRM is asked. A worker that dies, a product
//! that somebody else made and an order that wants the same products need nothing else.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use common::clock::until;
use common::getfly::error::{CrmError, CrmText};
use common::getfly::order::{NewProduct, OrderLine};
use common::intake::job::Job;
use common::intake::stop::Stop;
use common::reason;

/// How long one delivery makes products; a good part of a minute less than an event's budget, which leaves time for calls
/// that are slow. At least one is made in each.
const SLICE: Duration = Duration::from_secs(30);

/// Which products a refusal is about.
pub(crate) enum Missing<'a> {
    /// Those of these lines: the CRM named them.
    Named(Vec<&'a OrderLine>),
    /// Any of the lines': the CRM is asked for each before it is made.
    Unknown(Vec<&'a OrderLine>),
}

impl<'a> Missing<'a> {
    /// What the refusal names: lines by their number in a field such as `saved_order_details.3.product_code`, or codes in
    /// its words. Nothing named is any of them.
    pub fn of(lines: &'a [OrderLine], fields: &[String], text: &CrmText) -> Self {
        let numbers: BTreeSet<usize> = fields
            .iter()
            .filter(|field| field.contains("product"))
            .filter_map(|field| field.split('.').find_map(|part| part.parse().ok()))
            .collect();
        let numbered: Vec<&OrderLine> = numbers.into_iter().filter_map(|at| lines.get(at)).collect();
        if !numbered.is_empty() {
            return Self::Named(each_once(numbered));
        }
        let spoken: Vec<&OrderLine> = lines.iter().filter(|line| text.has_word(&line.product_code)).collect();
        if spoken.is_empty() { Self::any(lines) } else { Self::Named(each_once(spoken)) }
    }

    /// Any of the lines' products.
    pub fn any(lines: &'a [OrderLine]) -> Self {
        Self::Unknown(each_once(lines.iter().collect()))
    }
}

/// One line for each product code, in the order of the lines.
fn each_once(lines: Vec<&OrderLine>) -> Vec<&OrderLine> {
    let mut seen = BTreeSet::new();
    lines.into_iter().filter(|line| seen.insert(line.product_code.as_str())).collect()
}

/// Makes products; those that are there already are left as they are. Gives how many were made.
///
/// # Errors
/// [`Stop::Later`] with [`reason::PRODUCTS`] when the slice is over before all are made, so that the event goes on at
/// once; [`Stop::Park`] names a product that the CRM refuses.
pub(crate) async fn make(job: &Job<'_>, missing: Missing<'_>) -> Result<usize, Stop> {
    let (lines, mut asks) = match missing {
        Missing::Named(lines) => (lines, false),
        Missing::Unknown(lines) => (lines, true),
    };
    let mut left = VecDeque::from(lines);
    let (began, mut shared) = (job.intake.clock.now(), false);
    let mut made = 0_usize;
    while let Some(line) = if shared { left.pop_back() } else { left.pop_front() } {
        if made > 0 && until(began, job.intake.clock.now()) >= SLICE {
            return Err(Stop::Later { reason: reason::PRODUCTS, after: Some(Duration::ZERO), counts: false });
        }
        if asks && job.crm.has_product(&line.product_code).await? {
            continue;
        }
        job.reserve(1).await?;
        match job.crm.create_product(&product(job, line)).await {
            Ok(()) => made = made.saturating_add(1),
            // Another order makes them, too: a question costs no write, and from the other end we seldom meet.
            Err(CrmError::Duplicate { .. }) => (asks, shared) = (true, true),
            Err(CrmError::Refused { text, .. } | CrmError::SourceConflict { text }) => {
                let detail = format!("{}: {}", line.product_code, text.for_the_admin());
                return Err(Stop::Park { reason: reason::CRM_REFUSED, detail: Some(detail) });
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(made)
}

fn product(job: &Job<'_>, line: &OrderLine) -> NewProduct {
    let settings = &job.tenant.settings;
    NewProduct {
        product_name: line.product_name.clone(),
        product_code: line.product_code.clone(),
        unit_name: line.unit_name.clone(),
        category_name: settings.product_category.clone(),
        origin_name: settings.product_origin.clone(),
        manufacturer_name: settings.product_manufacturer.clone(),
        cover_price: line.price,
    }
}

#[cfg(test)]
mod tests {
    use common::money::Money;

    use super::*;

    fn lines(codes: &[&str]) -> Vec<OrderLine> {
        let line = |code: &&str| OrderLine {
            product_code: (*code).to_owned(),
            product_name: (*code).to_owned(),
            unit_name: "Cái".to_owned(),
            quantity: 1.into(),
            price: Money::default(),
            note: None,
        };
        codes.iter().map(line).collect()
    }

    /// Whether they are named, and which.
    fn missing(codes: &[&str], fields: &[&str], text: &str) -> (bool, Vec<String>) {
        let lines = lines(codes);
        let fields: Vec<String> = fields.iter().map(|field| (*field).to_owned()).collect();
        let (named, found) = match Missing::of(&lines, &fields, &CrmText::from(text)) {
            Missing::Named(lines) => (true, lines),
            Missing::Unknown(lines) => (false, lines),
        };
        (named, found.into_iter().map(|line| line.product_code.clone()).collect())
    }

    #[test]
    fn only_what_a_refusal_names_is_made_and_each_once() {
        let codes = ["A-1", "B", "A-1", "C"];
        let of = |fields: &[&str], text| missing(&codes, fields, text);
        let owned = |codes: &[&str]| codes.iter().map(|code| (*code).to_owned()).collect::<Vec<_>>();
        assert_eq!(of(&["saved_order_details.3.product_code"], ""), (true, owned(&["C"])));
        assert_eq!(
            of(&["saved_order_details.2.product_code", "saved_order_details.0.product_code"], ""),
            (true, owned(&["A-1"]))
        );
        assert_eq!(of(&["product_code"], "Sản phẩm A-1 không tồn tại"), (true, owned(&["A-1"])));
        assert_eq!(of(&["product_code"], "Sản phẩm [B], C: không tồn tại"), (true, owned(&["B", "C"])));
        assert_eq!(of(&["product_code"], "Sản phẩm không tồn tại"), (false, owned(&["A-1", "B", "C"])));
        assert_eq!(of(&["product_code"], "Sản phẩm A-12 không có"), (false, owned(&["A-1", "B", "C"])));
        assert_eq!(of(&["saved_order_details.9.product_code"], ""), (false, owned(&["A-1", "B", "C"])));
    }
}
