//! Customers come in, change, go and come back (getfly.md §3.1, §3.2, §3.4, §3.5).
//!
//! A body is first read into an [`AccountDraft`], which collects every problem and writes nothing; only then is the draft
//! laid over a blank or an existing customer. So a refused request leaves no trace.

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::account_draft::{
    AccountDraft, check_duplicates, lay_over, missing, read, refuse_keys, resolve_user,
};
use crate::getfly::call::{Call, Reader};
use crate::getfly::records::{Account, SeedAccount};
use crate::getfly::reply::{Done, Outcome, Problems, Reply};
use crate::getfly::state::{State, take};
use crate::getfly::webhooks::Event;

/// `POST /api/v6.1/account`.
pub(super) fn create(state: &mut State, call: &Call) -> Outcome {
    let (id, code) = create_from(state, call.object()?)?;
    Ok(Reply::created(&state.settings, written(state, Done::Added, id, &code)))
}

/// Makes a customer from a v6.1 or v6 body; the older routes share it.
pub(super) fn create_from(state: &mut State, body: &Map<String, Value>) -> Result<(u64, String), Reply> {
    let mut problems = Problems::default();
    refuse_keys(state, body, &mut problems);
    missing(state, body, false, &mut problems);
    let draft = read(state, body, &mut problems)?;
    problems.refuse()?;
    check_duplicates(state, &draft, None)?;
    Ok(insert(state, draft))
}

/// Writes a checked draft as a new customer.
pub(super) fn insert(state: &mut State, draft: AccountDraft) -> (u64, String) {
    let code = match draft.account_code.clone() {
        Some(code) => code,
        None => state.next_account_code(),
    };
    let id = take(&mut state.counters.account_id);
    let now = state.now();
    let mut account =
        Account { id, account_code: code.clone(), relation_id: 1, created_at: now, ..Account::default() };
    lay_over(state, &mut account, draft);
    state.store_account(account);
    state.events.push(Event::account("customer.created", id, &code));
    (id, code)
}

/// `PUT /api/v6.1/account`, the record named by `current_account_code` or `current_account_id`.
pub(super) fn update(state: &mut State, call: &Call) -> Outcome {
    let body = call.object()?;
    let mut problems = Problems::default();
    let mut reader = Reader::new(body, &mut problems);
    let code = reader.filled("current_account_code");
    let id = reader.id("current_account_id");
    let found = match (&code, id) {
        (Some(code), _) => state.live_account(code),
        (None, Some(id)) => state.accounts.get(&id).filter(|account| account.is_live()),
        (None, None) => {
            reader.refuse("current_account_code", "Mã khách hàng hiện tại không được để trống");
            None
        }
    };
    let found = found.cloned();
    problems.clone().refuse()?;
    let mut account = found.ok_or_else(Reply::not_found)?;
    refuse_keys(state, body, &mut problems);
    missing(state, body, true, &mut problems);
    let draft = read(state, body, &mut problems)?;
    problems.refuse()?;
    check_duplicates(state, &draft, Some(account.id))?;
    if let Some(code) = draft.account_code.clone() {
        state.account_codes.remove(&account.account_code);
        account.account_code = code;
    }
    lay_over(state, &mut account, draft);
    let (id, code) = (account.id, account.account_code.clone());
    state.store_account(account);
    state.events.push(Event::account("customer.updated", id, &code));
    Ok(Reply::ok(written(state, Done::Updated, id, &code)))
}

/// `DELETE /api/v6.1/account`: hidden, its code, phone and e-mail stay taken.
pub(super) fn delete(state: &mut State, call: &Call) -> Outcome {
    let code = sent_code(call)?;
    if !delete_by_code(state, &code) {
        return Err(Reply::not_found());
    }
    Ok(Reply::message(StatusCode::OK, Done::Deleted.text(&state.settings)))
}

/// Hides the live customer with this code; `false` when there is none.
pub(in crate::getfly) fn delete_by_code(state: &mut State, code: &str) -> bool {
    let Some(id) = state.live_account(code).map(|account| account.id) else { return false };
    let now = state.now();
    if let Some(account) = state.accounts.get_mut(&id) {
        account.deleted_at = Some(now);
        account.updated_at = now;
    }
    state.events.push(Event::account("customer.deleted", id, code));
    true
}

/// `POST /api/v6.1/account/restore`; a customer that is not deleted is not found.
pub(super) fn restore(state: &mut State, call: &Call) -> Outcome {
    let code = sent_code(call)?;
    let id = state.account_codes.get(&code).copied().ok_or_else(Reply::not_found)?;
    let now = state.now();
    let account =
        state.accounts.get_mut(&id).filter(|account| !account.is_live()).ok_or_else(Reply::not_found)?;
    account.deleted_at = None;
    account.updated_at = now;
    Ok(Reply::message(StatusCode::OK, Done::Restored.text(&state.settings)))
}

/// `PUT /api/v6.1/account/change_account_manager`; its answer is flat.
pub(super) fn change_manager(state: &mut State, call: &Call) -> Outcome {
    let code = sent_code(call)?;
    let account = state.live_account(&code).ok_or_else(Reply::not_found)?;
    let (id, mut manager) = (account.id, account.account_manager);
    let mut problems = Problems::default();
    let mut reader = Reader::new(call.object()?, &mut problems);
    match reader.filled("account_manager_username") {
        Some(name) => {
            if let Some(user) = resolve_user(state, &mut reader, "account_manager_username", &name) {
                manager = user;
            }
        }
        None => reader.refuse("account_manager_username", "Người phụ trách không được để trống"),
    }
    problems.refuse()?;
    let now = state.now();
    if let Some(account) = state.accounts.get_mut(&id) {
        account.account_manager = manager;
        account.updated_at = now;
    }
    Ok(Reply::ok(json!({
        "message": Done::Updated.text(&state.settings),
        "account_code": code,
        "account_id": id,
        "account_manager": manager,
    })))
}

/// Puts a customer into the books past every rule.
pub(in crate::getfly) fn seed(state: &mut State, wanted: SeedAccount) -> Account {
    let manager = wanted
        .account_manager_username
        .and_then(|name| state.users.values().find(|user| user.user_name == name).map(|user| user.user_id));
    let id = wanted.id.unwrap_or_else(|| take(&mut state.counters.account_id));
    state.counters.account_id = state.counters.account_id.max(id.saturating_add(1));
    let now = state.now();
    let account = Account {
        id,
        account_code: wanted.account_code.unwrap_or_else(|| state.next_account_code()),
        account_name: wanted.account_name,
        phone_office: wanted.phone_office,
        email: wanted.email,
        account_manager: manager.unwrap_or(0),
        relation_id: 1,
        created_at: now,
        updated_at: now,
        ..Account::default()
    };
    state.store_account(account.clone());
    account
}

fn sent_code(call: &Call) -> Result<String, Reply> {
    let mut problems = Problems::default();
    let mut reader = Reader::new(call.object()?, &mut problems);
    let code = reader.filled("account_code");
    if code.is_none() {
        reader.refuse("account_code", "Mã khách hàng không được để trống");
    }
    problems.refuse()?;
    code.ok_or_else(Reply::not_found)
}

fn written(state: &State, done: Done, id: u64, code: &str) -> Value {
    json!({
        "message": done.text(&state.settings),
        "data": {"account_id": id, "account_code": code},
    })
}
