//! The lines of an order and the products behind them (getfly.md §6.1, §6.4, §11).

use axum::http::StatusCode;
use serde_json::{Map, Value};

use super::order_head::AmountsDraft;
use crate::getfly::amounts::{self, HeadAmounts, LineAmounts, LineInput};
use crate::getfly::call::Reader;
use crate::getfly::records::{OrderLine, Product};
use crate::getfly::reply::{Problems, Reply};
use crate::getfly::settings::{ProductMode, ProductRefusal};
use crate::getfly::state::{State, take};
use crate::getfly::webhooks::Event;

/// One line as sent, with the product it will use.
#[derive(Debug)]
pub(super) struct LineDraft {
    product_code: String,
    product_name: Option<String>,
    unit_name: Option<String>,
    note: String,
    input: LineInput,
}

/// The lines, or none when there are none.
pub(super) fn read_lines(
    state: &State,
    body: &Map<String, Value>,
    problems: &mut Problems,
) -> Result<Option<Vec<LineDraft>>, Reply> {
    let Some(items) = Reader::new(body, problems).objects("saved_order_details") else { return Ok(None) };
    let mut is_named = false;
    let mut lines = Vec::with_capacity(items.len());
    for (at, item) in items.iter().enumerate() {
        let mut reader = Reader::inside(item, &format!("saved_order_details.{at}"), problems);
        let code = reader.filled("product_code");
        match &code {
            None => reader.refuse("product_code", "Mã sản phẩm không được để trống"),
            Some(code)
                if state.settings.product_mode == ProductMode::Strict
                    && !state.product_codes.contains_key(code) =>
            {
                match state.settings.product_refusal {
                    ProductRefusal::FirstLine if is_named => {}
                    ProductRefusal::EveryLine | ProductRefusal::FirstLine => {
                        reader.refuse("product_code", &format!("Sản phẩm {code} không tồn tại"));
                    }
                    ProductRefusal::InWords => {
                        let words = "Đơn hàng có sản phẩm không tồn tại";
                        return Err(Reply::message(StatusCode::BAD_REQUEST, words));
                    }
                }
                is_named = true;
            }
            Some(_) => {}
        }
        for key in ["quantity", "price"] {
            if reader.value(key).is_none() {
                reader.refuse(key, "Giá trị không được để trống");
            }
        }
        lines.push(LineDraft {
            product_code: code.unwrap_or_default(),
            product_name: reader.filled("product_name"),
            unit_name: reader.filled("unit_name"),
            note: reader.text("note").unwrap_or_default(),
            input: LineInput {
                quantity: reader.amount("quantity").unwrap_or_default(),
                price: reader.amount("price").unwrap_or_default(),
                product_sale_off: reader.amount("product_sale_off").unwrap_or_default(),
                cash_discount: reader.amount("cash_discount").unwrap_or_default(),
                vat: reader.amount("vat").unwrap_or_default(),
                vat_amount: reader.amount("vat_amount").unwrap_or_default(),
            },
        });
    }
    Ok((!lines.is_empty()).then_some(lines))
}

/// The amounts of the order, or a problem when they cannot be computed.
pub(super) fn judge_amounts(
    lines: &[LineDraft],
    head: &AmountsDraft,
    problems: &mut Problems,
) -> HeadAmounts {
    let computed: Option<Vec<LineAmounts>> = lines.iter().map(|line| amounts::line(&line.input)).collect();
    computed.and_then(|lines| amounts::head(&lines, &head.or_zero())).unwrap_or_else(|| {
        problems.add("saved_order_details", "Số tiền quá lớn");
        HeadAmounts::default()
    })
}

/// Writes the lines; a product the CRM does not know yet is made from its line.
pub(super) fn write_lines(state: &mut State, drafts: Vec<LineDraft>) -> Vec<OrderLine> {
    drafts.into_iter().map(|draft| write_line(state, draft)).collect()
}

fn write_line(state: &mut State, draft: LineDraft) -> OrderLine {
    let known = state.product_codes.get(&draft.product_code).and_then(|id| state.products.get(id));
    let product = match known {
        Some(product) => product.clone(),
        None => {
            let product = Product {
                product_id: take(&mut state.counters.product_id),
                product_code: draft.product_code.clone(),
                product_name: draft.product_name.clone().unwrap_or_else(|| draft.product_code.clone()),
                unit_name: draft.unit_name.clone().unwrap_or_default(),
                cover_price: draft.input.price,
                created_at: state.now(),
                ..Product::default()
            };
            state.store_product(product.clone());
            state.events.push(Event::product("product.created", product.product_id, &product.product_code));
            product
        }
    };
    let amounts = amounts::line(&draft.input).unwrap_or_default();
    OrderLine {
        id: take(&mut state.counters.line_id),
        product_id: product.product_id,
        product_code: product.product_code,
        product_name: draft.product_name.unwrap_or(product.product_name),
        unit_name: draft.unit_name.unwrap_or(product.unit_name),
        quantity: draft.input.quantity,
        price: draft.input.price,
        product_sale_off: draft.input.product_sale_off,
        cash_discount: amounts.cash_discount,
        vat: draft.input.vat,
        vat_amount: amounts.vat_amount,
        amount: amounts.amount,
        origin_amount: amounts.origin_amount,
        note: draft.note,
    }
}
