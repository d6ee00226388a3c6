//! The head of an order: what was sent, judged, and laid over the record (getfly.md §6.1, §11).

use rust_decimal::Decimal;
use serde_json::{Map, Value};

use super::account_draft::resolve_user;
use crate::getfly::amounts::{HeadAmounts, HeadInput};
use crate::getfly::call::Reader;
use crate::getfly::records::Order;
use crate::getfly::reply::{Problems, Reply};
use crate::getfly::settings::SourceMode;
use crate::getfly::state::State;
use crate::getfly::text;

/// Whose rules a body follows; the older forms are translated to v6.1 keys first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Codes and names.
    V61,
    /// Ids, translated to names.
    V6,
    /// The order source is free text that cannot be refused (getfly.md §6.6).
    V3,
}

/// The members of an order's head that were sent and understood.
#[derive(Debug, Default)]
pub(super) struct HeadDraft {
    order_date: Option<String>,
    assigned_user: Option<u64>,
    source_name: Option<String>,
    store_name: Option<String>,
    lading_code: Option<String>,
    payment_method_name: Option<String>,
    terms: Option<Vec<String>>,
    custom_fields: Option<Map<String, Value>>,
    pub(super) amounts: AmountsDraft,
}

/// The amounts of the head that were sent.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct AmountsDraft {
    pub(super) discount: Option<Decimal>,
    pub(super) discount_amount: Option<Decimal>,
    pub(super) vat: Option<Decimal>,
    pub(super) vat_amount: Option<Decimal>,
    pub(super) transport_amount: Option<Decimal>,
    pub(super) installation_amount: Option<Decimal>,
}

impl AmountsDraft {
    pub(super) fn or_zero(&self) -> HeadInput {
        HeadInput {
            discount: self.discount.unwrap_or_default(),
            discount_amount: self.discount_amount.unwrap_or_default(),
            vat: self.vat.unwrap_or_default(),
            vat_amount: self.vat_amount.unwrap_or_default(),
            transport_amount: self.transport_amount.unwrap_or_default(),
            installation_amount: self.installation_amount.unwrap_or_default(),
        }
    }
}

pub(super) fn read_head(
    state: &State,
    body: &Map<String, Value>,
    dialect: Dialect,
    problems: &mut Problems,
) -> Result<HeadDraft, Reply> {
    let terms = Reader::new(body, problems).objects("order_terms");
    let mut reader = Reader::new(body, problems);
    let mut head = HeadDraft {
        order_date: reader.date("order_date"),
        source_name: reader.filled("order_source_name"),
        store_name: reader.filled("store_name"),
        lading_code: reader.text("lading_code"),
        payment_method_name: reader.filled("payment_method_name"),
        custom_fields: reader.object("custom_fields").cloned(),
        terms: terms.map(|items| {
            items
                .iter()
                .filter_map(|item| item.get("term_content").and_then(Value::as_str))
                .map(str::to_owned)
                .collect()
        }),
        amounts: AmountsDraft {
            discount: reader.amount("discount"),
            discount_amount: reader.amount("discount_amount"),
            vat: reader.amount("vat"),
            vat_amount: reader.amount("vat_amount"),
            transport_amount: reader.amount("transport_amount"),
            installation_amount: reader.amount("installation_amount"),
        },
        ..HeadDraft::default()
    };
    if let Some(name) = reader.filled("assigned_username") {
        head.assigned_user = resolve_user(state, &mut reader, "assigned_username", &name);
    } else if let Some(id) = reader.id("assigned_user") {
        head.assigned_user = state.active_user_id(id);
        if head.assigned_user.is_none() && !state.settings.ignore_unknown_user {
            reader.refuse("assigned_user", &format!("Người dùng {id} không tồn tại"));
        }
    }
    if let Some(store) = head.store_name.as_ref().filter(|store| !state.stores.contains(store)) {
        reader.refuse("store_name", &format!("Kho {store} không tồn tại"));
    }
    let unknown_method = head.payment_method_name.take_if(|name| state.method_named(name).is_none());
    if let Some(name) = unknown_method.filter(|_| !state.settings.ignore_unknown_method) {
        reader.refuse("payment_method_name", &format!("Phương thức thanh toán {name} không tồn tại"));
    }
    if let Some(name) = head.source_name.as_ref().filter(|_| dialect != Dialect::V3) {
        match state.settings.order_source_mode {
            SourceMode::Conflict => {
                let text = format!("Mã nguồn {} không cho phép trùng", text::slug(name));
                return Err(Problems::one("source_code", text).refuse_as_clash());
            }
            SourceMode::Strict if state.order_source_named(name).is_none() => {
                reader.refuse("order_source_name", &format!("Nguồn đơn hàng {name} không tồn tại"));
            }
            SourceMode::Strict | SourceMode::Create => {}
        }
    }
    Ok(head)
}

/// Lays the sent head and the computed amounts over the order; what was not sent stays.
pub(super) fn lay_head(state: &mut State, order: &mut Order, head: HeadDraft, amounts: &HeadAmounts) {
    fn put<T>(target: &mut T, value: Option<T>) {
        if let Some(value) = value {
            *target = value;
        }
    }
    put(&mut order.order_date, head.order_date);
    put(&mut order.assigned_user, head.assigned_user);
    put(&mut order.store_name, head.store_name);
    put(&mut order.lading_code, head.lading_code);
    put(&mut order.payment_method_name, head.payment_method_name);
    put(&mut order.terms, head.terms);
    if let Some(name) = head.source_name {
        order.order_source_id = match state.order_source_named(&name).map(|source| source.id) {
            Some(id) => id,
            None => state.add_order_source(&name),
        };
        order.order_source_name = name;
    }
    order.custom_fields.extend(head.custom_fields.unwrap_or_default());
    put(&mut order.discount, head.amounts.discount);
    put(&mut order.vat, head.amounts.vat);
    put(&mut order.transport_amount, head.amounts.transport_amount);
    put(&mut order.installation_amount, head.amounts.installation_amount);
    order.discount_amount = amounts.discount_amount;
    order.vat_amount = amounts.vat_amount;
    order.real_amount = amounts.real_amount;
    order.updated_at = state.now();
}
