//! The tenant's own lists: customer sources and kinds, custom fields, ways to pay (getfly.md §3.4, §7.1).

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::getfly::call::Call;
use crate::getfly::lists::{Cell, List, asked_fields, by, project};
use crate::getfly::records::{AccountSource, AccountType};
use crate::getfly::reply::{Outcome, Reply};
use crate::getfly::state::State;

/// `GET /api/v6.1/account_sources`, newest first.
pub(super) fn account_sources(state: &mut State, call: &Call) -> Outcome {
    let mut rows: Vec<&AccountSource> = state.sources.iter().collect();
    rows.sort_by_key(|source| std::cmp::Reverse(source.id));
    let cell = |source: &AccountSource, field: &str| {
        Some(match field {
            "id" => Cell::Number(i64::try_from(source.id).ok()?),
            "source_name" => Cell::Text(source.source_name.clone()),
            "source_code" => Cell::Text(source.source_code.clone()),
            "valid" => Cell::Number(source.valid.into()),
            _ => return None,
        })
    };
    List {
        rows,
        filters: const {
            &[
                by("id", &["eq", "in"]),
                by("source_name", &["eq", "contains"]),
                by("source_code", &["eq"]),
                by("valid", &["eq"]),
            ]
        },
        sortable: &["id"],
        cell: &cell,
        searched: &["source_name"],
        show: &record,
        default_fields: &["id", "source_name", "source_code", "valid", "parent_id", "lft", "rgt", "lvl"],
        id: "id",
    }
    .answer(&state.settings, call)
}

/// `GET /api/v6.1/account_types`, newest first.
pub(super) fn account_types(state: &mut State, call: &Call) -> Outcome {
    let cell = |kind: &AccountType, field: &str| match field {
        "id" => i64::try_from(kind.id).ok().map(Cell::Number),
        _ => None,
    };
    List {
        rows: state.types.iter().rev().collect(),
        filters: const { &[by("id", &["eq", "in"])] },
        sortable: &["id"],
        cell: &cell,
        searched: &[],
        show: &record,
        default_fields: &["id", "account_type_name", "account_type_code", "invalid", "parent_id"],
        id: "id",
    }
    .answer(&state.settings, call)
}

/// `GET /api/v6.1/account/custom_fields`: the definitions under `data`, no envelope.
pub(super) fn custom_fields(state: &mut State, _call: &Call) -> Outcome {
    Ok(Reply::ok(json!({ "data": state.custom_fields })))
}

/// `GET /api/v6/payment_methods`: a bare list.
pub(super) fn payment_methods(state: &mut State, call: &Call) -> Outcome {
    let asked = asked_fields(call);
    let methods: Vec<Value> = state
        .payment_methods
        .iter()
        .map(|method| Value::Object(project(record(method), asked.as_deref(), &["id", "method_name"], "id")))
        .collect();
    Ok(Reply::ok(Value::Array(methods)))
}

fn record<R: Serialize>(row: &R) -> Map<String, Value> {
    match serde_json::to_value(row) {
        Ok(Value::Object(record)) => record,
        _ => Map::new(),
    }
}
