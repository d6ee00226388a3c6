//! Orders come in (getfly.md §6.1, §6.4), in the three dialects of the API.
//!
//! As with customers, the whole body is read and judged before anything is written: a refused order leaves no customer,
//! product, source or payment behind.

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::account_draft::{AccountDraft, check_duplicates, refuse_keys};
use super::account_writes::insert;
use super::order_head::{Dialect, lay_head, read_head};
use super::order_lines::{judge_amounts, read_lines, write_lines};
use super::payments::{PaymentDraft, read_payment, record};
use crate::getfly::call::{Call, Reader};
use crate::getfly::records::{APPROVED, Account, Order, WAITING};
use crate::getfly::reply::{Done, Outcome, Problems, Reply};
use crate::getfly::settings::{OrderAnswer, OrderDupMode, UnknownAccount};
use crate::getfly::state::{State, take};
use crate::getfly::text;
use crate::getfly::webhooks::Event;

/// `POST /api/v6.1/sale_order`.
pub(super) fn create(state: &mut State, call: &Call) -> Outcome {
    let (id, code) = place(state, call.object()?, Dialect::V61)?;
    let message = Done::Added.text(&state.settings);
    let answer = match state.settings.order_answer {
        OrderAnswer::Data => json!({"message": message, "data": {"order_id": id, "order_code": code}}),
        OrderAnswer::Id => json!({"message": message, "id": id}),
        OrderAnswer::Bare => json!(id),
        OrderAnswer::MessageOnly => json!({"message": message}),
    };
    Ok(Reply::created(&state.settings, answer))
}

/// Reads, judges and writes an order; gives its id and code.
pub(super) fn place(
    state: &mut State,
    body: &Map<String, Value>,
    dialect: Dialect,
) -> Result<(u64, String), Reply> {
    let mut problems = Problems::default();
    refuse_keys(state, body, &mut problems);
    let code = Reader::new(body, &mut problems).filled("order_code");
    refuse_taken_code(state, code.as_deref())?;
    let owner = read_owner(state, body, &mut problems)?;
    let head = read_head(state, body, dialect, &mut problems)?;
    let lines = read_lines(state, body, &mut problems)?;
    if lines.is_none() {
        Reader::new(body, &mut problems).refuse("saved_order_details", "Đơn hàng phải có sản phẩm");
    }
    let payments = read_payments(state, body, &mut problems);
    let lines = lines.unwrap_or_default();
    let amounts = judge_amounts(&lines, &head.amounts, &mut problems);
    let auto_approve = Reader::new(body, &mut problems).flag("is_auto_approve");
    problems.refuse()?;

    let code = match code {
        Some(code) => code,
        None => state.next_order_code(),
    };
    let (account_id, account_code) = match owner.account {
        Owner::Known(id, code) => (id, code),
        Owner::New(draft) => insert(state, *draft),
    };
    let now = state.now();
    let mut order = Order {
        id: take(&mut state.counters.order_id),
        order_code: code.clone(),
        account_id,
        account_code,
        account_name: owner.account_name,
        contact_name: owner.contact_name,
        account_phone: owner.phone,
        account_email: owner.email,
        account_address: owner.address,
        order_date: text::local_date(now),
        status: if auto_approve { APPROVED } else { WAITING },
        created_at: now,
        ..Order::default()
    };
    order.lines = write_lines(state, lines);
    lay_head(state, &mut order, head, &amounts);
    let id = order.id;
    state.store_order(order);
    if !state.settings.drop_embedded_payments {
        for payment in payments {
            record(state, id, payment);
        }
    }
    state.events.push(Event::order("order.created", id, &code, account_id));
    if auto_approve {
        state.events.push(Event::order("order.approved", id, &code, account_id));
    }
    Ok((id, code))
}

/// Refuses a code that an order, also a cancelled one, already has (§15 U24).
pub(super) fn refuse_taken_code(state: &State, code: Option<&str>) -> Result<(), Reply> {
    match code {
        Some(code)
            if state.settings.order_dup_mode == OrderDupMode::Reject && state.order_coded(code).is_some() =>
        {
            let text = format!("Mã đơn hàng {code} đã tồn tại");
            Err(Reply::field_refused(StatusCode::BAD_REQUEST, "order_code", &text))
        }
        _ => Ok(()),
    }
}

enum Owner {
    Known(u64, String),
    New(Box<AccountDraft>),
}

/// The customer of the order and the snapshot printed on it.
struct OwnerDraft {
    account: Owner,
    account_name: String,
    contact_name: String,
    phone: String,
    email: String,
    address: String,
}

/// By code; without a code by phone; else a new customer from the snapshot (getfly.md §11, row "Order create").
fn read_owner(
    state: &State,
    body: &Map<String, Value>,
    problems: &mut Problems,
) -> Result<OwnerDraft, Reply> {
    let empty = Map::new();
    let object = match Reader::new(body, problems).object("account") {
        Some(object) => object,
        None => {
            problems.add("account", "Khách hàng không được để trống");
            &empty
        }
    };
    let mut reader = Reader::inside(object, "account", problems);
    let code = reader.filled("account_code");
    let name = reader.filled("account_name");
    let contact = reader.filled("contact_name");
    let phone = reader.filled("account_phone");
    let email = reader.filled("account_email");
    let address = reader.filled("account_address");
    let known = match (&code, &phone) {
        (Some(code), _) => {
            let found = state.live_account(code);
            let words = format!("Mã khách hàng {code} không tồn tại");
            match state.settings.unknown_account {
                _ if found.is_some() => {}
                UnknownAccount::Refuse => reader.refuse("account_code", &words),
                UnknownAccount::RefuseInWords => return Err(Reply::message(StatusCode::BAD_REQUEST, &words)),
                UnknownAccount::NotFound => return Err(Reply::message(StatusCode::NOT_FOUND, &words)),
                UnknownAccount::ErrorIn200 => return Err(Reply::ok(json!({"data": {"error": words}}))),
                UnknownAccount::Create => {}
            }
            found
        }
        (None, Some(phone)) => state
            .accounts
            .values()
            .find(|account| account.is_live() && state.same_phone(&account.phone_office, phone)),
        (None, None) => None,
    };
    let account = match (known, code) {
        (Some(account), _) => Owner::Known(account.id, account.account_code.clone()),
        (None, Some(code)) if state.settings.unknown_account != UnknownAccount::Create => {
            Owner::Known(0, code)
        }
        (None, _) => {
            if name.is_none() && contact.is_none() {
                reader.refuse("account_name", "Tên khách hàng không được để trống");
            }
            let draft = AccountDraft::of_snapshot(
                name.clone().or_else(|| contact.clone()),
                phone.clone(),
                email.clone(),
                address.clone(),
            );
            if state.settings.unknown_account != UnknownAccount::Create {
                check_duplicates(state, &draft, None)?;
            }
            Owner::New(Box::new(draft))
        }
    };
    let of_account = |part: fn(&Account) -> &String| known.map(part).cloned().unwrap_or_default();
    let account_name = name.unwrap_or_else(|| of_account(|account| &account.account_name));
    Ok(OwnerDraft {
        contact_name: contact.unwrap_or_else(|| account_name.clone()),
        account_name,
        phone: phone.unwrap_or_default(),
        email: email.unwrap_or_default(),
        address: address.unwrap_or_default(),
        account,
    })
}

pub(super) fn read_payments(
    state: &State,
    body: &Map<String, Value>,
    problems: &mut Problems,
) -> Vec<PaymentDraft> {
    let items = Reader::new(body, problems).objects("saved_sale_order_payments").unwrap_or_default();
    let mut payments = Vec::with_capacity(items.len());
    for (at, item) in items.iter().enumerate() {
        let mut reader = Reader::inside(item, &format!("saved_sale_order_payments.{at}"), problems);
        payments.push(read_payment(state, &mut reader, "embedded"));
    }
    payments
}
