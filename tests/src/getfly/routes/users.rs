//! CRM users (getfly.md §4).

use serde_json::{Map, Value};

use crate::getfly::call::Call;
use crate::getfly::lists::{Cell, Filterable, List, by};
use crate::getfly::records::User;
use crate::getfly::reply::Outcome;
use crate::getfly::state::State;

const FILTERS: &[Filterable] = &[
    by("user_id", &["eq", "in"]),
    by("valid", &["eq"]),
    by("contact_name", &["eq", "contains"]),
    by("email", &["eq", "contains"]),
    by("contact_mobile", &["eq", "contains"]),
];

const FIELDS: &[&str] =
    &["user_id", "user_name", "contact_name", "email", "contact_mobile", "dept_id", "dept_name", "valid"];

/// `GET /api/v6.1/users`, newest first.
pub(super) fn list(state: &mut State, call: &Call) -> Outcome {
    List {
        rows: state.users.values().rev().collect(),
        filters: FILTERS,
        sortable: &["user_id"],
        cell: &cell,
        searched: &["contact_name", "email", "contact_mobile"],
        show: &show,
        default_fields: FIELDS,
        id: "user_id",
    }
    .answer(&state.settings, call)
}

fn cell(user: &User, field: &str) -> Option<Cell> {
    Some(match field {
        "user_id" => Cell::Number(i64::try_from(user.user_id).ok()?),
        "valid" => Cell::Number(user.valid.into()),
        "contact_name" => Cell::Text(user.contact_name.clone()),
        "email" => Cell::Email(user.email.clone()),
        "contact_mobile" => Cell::Phone(user.contact_mobile.clone()),
        _ => return None,
    })
}

fn show(user: &User) -> Map<String, Value> {
    match serde_json::to_value(user) {
        Ok(Value::Object(record)) => record,
        _ => Map::new(),
    }
}
