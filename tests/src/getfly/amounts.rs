//! The amount arithmetic of getfly.md §6.4: a percentage above zero beats the amount that was sent with it.
//!
//! Every step is checked: numbers too large to compute give `None`, never a panic.

use rust_decimal::Decimal;

/// One order line as sent; what was not sent is zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LineInput {
    /// How many.
    pub quantity: Decimal,
    /// Price of one, VND.
    pub price: Decimal,
    /// Discount in percent.
    pub product_sale_off: Decimal,
    /// Discount in VND for the line.
    pub cash_discount: Decimal,
    /// VAT of the line in percent.
    pub vat: Decimal,
    /// VAT of the line in VND.
    pub vat_amount: Decimal,
}

/// One order line as the CRM keeps it, VND.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LineAmounts {
    /// Quantity times price.
    pub origin_amount: Decimal,
    /// The discount that counted.
    pub cash_discount: Decimal,
    /// The VAT that counted.
    pub vat_amount: Decimal,
    /// What the line adds to the order.
    pub amount: Decimal,
}

/// The head of an order as sent; what was not sent is zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeadInput {
    /// Discount in percent.
    pub discount: Decimal,
    /// Discount in VND.
    pub discount_amount: Decimal,
    /// VAT in percent.
    pub vat: Decimal,
    /// VAT in VND.
    pub vat_amount: Decimal,
    /// Shipping in VND.
    pub transport_amount: Decimal,
    /// Installation in VND.
    pub installation_amount: Decimal,
}

/// The head of an order as the CRM keeps it, VND.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeadAmounts {
    /// Sum of the lines.
    pub subtotal: Decimal,
    /// The discount that counted.
    pub discount_amount: Decimal,
    /// The VAT that counted.
    pub vat_amount: Decimal,
    /// The total.
    pub real_amount: Decimal,
}

/// The amounts of one line; `None` when a number is too large.
#[must_use]
pub fn line(input: &LineInput) -> Option<LineAmounts> {
    let origin_amount = input.quantity.checked_mul(input.price)?;
    let cash_discount = percent_first(input.product_sale_off, origin_amount, input.cash_discount)?;
    let net = origin_amount.checked_sub(cash_discount)?;
    let vat_amount = percent_first(input.vat, net, input.vat_amount)?;
    let amount = net.checked_add(vat_amount)?;
    Some(LineAmounts { origin_amount, cash_discount, vat_amount, amount })
}

/// The amounts of the head over its lines; `None` when a number is too large.
#[must_use]
pub fn head(lines: &[LineAmounts], input: &HeadInput) -> Option<HeadAmounts> {
    let subtotal = lines.iter().try_fold(Decimal::ZERO, |sum, line| sum.checked_add(line.amount))?;
    let discount_amount = percent_first(input.discount, subtotal, input.discount_amount)?;
    let net = subtotal.checked_sub(discount_amount)?;
    let vat_amount = percent_first(input.vat, net, input.vat_amount)?;
    let real_amount = net
        .checked_add(vat_amount)?
        .checked_add(input.transport_amount)?
        .checked_add(input.installation_amount)?;
    Some(HeadAmounts { subtotal, discount_amount, vat_amount, real_amount })
}

fn percent_first(percent: Decimal, of: Decimal, amount: Decimal) -> Option<Decimal> {
    if percent > Decimal::ZERO {
        of.checked_mul(percent)?.checked_div(Decimal::ONE_HUNDRED)
    } else {
        Some(amount)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::money;
    use super::*;

    fn number(value: &Value, key: &str) -> Decimal {
        value.get(key).and_then(money::from_json).unwrap_or_default()
    }

    #[test]
    fn every_amount_vector_is_reproduced() {
        let vectors: Vec<Value> =
            serde_json::from_str(include_str!("../../fixtures/getfly_amount_vectors.json")).unwrap();
        assert_eq!(vectors.len(), 5);
        for vector in &vectors {
            let (input, expect) = (&vector["input"], &vector["expect"]);
            let lines: Vec<LineAmounts> = input["lines"]
                .as_array()
                .unwrap()
                .iter()
                .map(|sent| {
                    line(&LineInput {
                        quantity: number(sent, "quantity"),
                        price: number(sent, "price"),
                        product_sale_off: number(sent, "product_sale_off"),
                        cash_discount: number(sent, "cash_discount"),
                        ..LineInput::default()
                    })
                    .unwrap()
                })
                .collect();
            let amounts = head(
                &lines,
                &HeadInput {
                    discount: number(input, "discount"),
                    discount_amount: number(input, "discount_amount"),
                    vat: number(input, "vat"),
                    vat_amount: number(input, "vat_amount"),
                    transport_amount: number(input, "transport_amount"),
                    installation_amount: number(input, "installation_amount"),
                },
            )
            .unwrap();
            let name = vector["name"].as_str().unwrap();
            let line_amounts: Vec<Decimal> = lines.iter().map(|line| line.amount).collect();
            let expected: Vec<Decimal> = expect["line_amounts"]
                .as_array()
                .unwrap()
                .iter()
                .map(|value| money::from_json(value).unwrap())
                .collect();
            assert_eq!(line_amounts, expected, "{name}");
            assert_eq!(amounts.subtotal, number(expect, "subtotal"), "{name}");
            assert_eq!(amounts.discount_amount, number(expect, "discount_amount"), "{name}");
            assert_eq!(amounts.vat_amount, number(expect, "vat_amount"), "{name}");
            assert_eq!(amounts.real_amount, number(expect, "real_amount"), "{name}");
        }
    }

    #[test]
    fn numbers_too_large_to_compute_give_nothing() {
        let huge = LineInput { quantity: Decimal::MAX, price: Decimal::MAX, ..LineInput::default() };
        assert_eq!(line(&huge), None);
        let lines = [LineAmounts { amount: Decimal::MAX, ..LineAmounts::default() }; 2];
        assert_eq!(head(&lines, &HeadInput::default()), None);
    }
}
