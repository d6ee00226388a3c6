//! Reading customers (getfly.md §3.3).

use serde_json::{Map, Value, json};

use crate::getfly::call::Call;
use crate::getfly::lists::{Cell, Filterable, List, asked_fields, by, fields_missing, project};
use crate::getfly::records::Account;
use crate::getfly::reply::{Outcome, Reply};
use crate::getfly::state::{RELATIONS, State};
use crate::getfly::text;

const FILTERS: &[Filterable] = &[
    by("id", &["eq", "in", "not_in"]),
    by("account_code", &["eq", "contains"]),
    by("account_name", &["eq"]),
    by("relation_id", &["eq", "in", "not_in"]),
    by("phone_office", &["eq", "contains"]),
    by("email", &["eq", "contains"]),
    by("account_type", &["eq", "in", "not_in"]),
    by("account_source", &["eq", "in"]),
    by("industry", &["eq"]),
    by("billing_address_street", &["eq", "contains"]),
    by("created_at", &["eq", "gte", "lte", "between"]),
    by("updated_at", &["eq", "gte", "lte", "between"]),
    by("gender", &["eq"]),
    by("account_manager", &["eq", "in", "not_in"]),
    by("sale_order_status", &["eq", "in"]),
];

/// The columns of the list fixture.
const LIST_FIELDS: &[&str] = &[
    "id",
    "account_code",
    "account_name",
    "description",
    "billing_address_street",
    "phone_office",
    "email",
    "website",
    "logo",
    "birthday",
    "sic_code",
    "gender",
    "account_type",
    "account_source",
    "relation_id",
    "relation_name",
    "total_revenue",
    "account_manager",
    "mgr_email",
    "mgr_display_name",
    "created_at",
    "updated_at",
];

/// What a single read adds to them.
const DETAIL_FIELDS: &[&str] = &[
    "account_source_details",
    "account_type_details",
    "province_detail",
    "contacts",
    "custom_fields",
    "detail_custom_fields",
];

/// `GET /api/v6.1/account` by `account_code` or `account_id`; deleted customers are not found.
pub(super) fn one(state: &mut State, call: &Call) -> Outcome {
    let by_id = || {
        let id = call.param("account_id").or_else(|| call.param("id"))?.parse::<u64>().ok()?;
        state.accounts.get(&id).filter(|account| account.is_live())
    };
    let account = match call.param("account_code") {
        Some(code) => state.live_account(code),
        None => by_id(),
    };
    let account = account.ok_or_else(Reply::not_found)?;
    let default: Vec<&str> = LIST_FIELDS.iter().chain(DETAIL_FIELDS).copied().collect();
    let asked = asked_fields(call);
    let record = project(show(state, account), asked.as_deref(), &default, "id");
    Ok(Reply::single(&state.settings, Value::Object(record)))
}

/// `GET /api/v6.1/accounts`, newest first; without `fields` it breaks unless the tenant is a tolerant one.
pub(super) fn list(state: &mut State, call: &Call) -> Outcome {
    if asked_fields(call).is_none() && !state.settings.fields_optional {
        return Err(fields_missing());
    }
    page(state, call, |account| account.is_live())
}

/// `GET /api/v6/accounts`, where `fields` may be left out.
pub(super) fn list_v6(state: &mut State, call: &Call) -> Outcome {
    page(state, call, |account| account.is_live())
}

fn page(state: &State, call: &Call, wanted: impl Fn(&Account) -> bool) -> Outcome {
    List {
        rows: state.accounts.values().rev().filter(|account| wanted(account)).collect(),
        filters: FILTERS,
        sortable: &["id", "account_name", "account_code", "email"],
        cell: &|account, field| cell(state, account, field),
        searched: &["account_code", "account_name", "phone_office", "email"],
        show: &|account| show(state, account),
        default_fields: LIST_FIELDS,
        id: "id",
    }
    .answer(&state.settings, call)
}

fn cell(state: &State, account: &Account, field: &str) -> Option<Cell> {
    let number = |id: u64| i64::try_from(id).ok().map(Cell::Number);
    let numbers = |ids: &[u64]| Cell::Numbers(ids.iter().filter_map(|id| i64::try_from(*id).ok()).collect());
    Some(match field {
        "id" => number(account.id)?,
        "account_code" => Cell::Text(account.account_code.clone()),
        "account_name" => Cell::Text(account.account_name.clone()),
        "relation_id" => number(account.relation_id)?,
        "phone_office" => Cell::Phone(account.phone_office.clone()),
        "email" => Cell::Email(account.email.clone()),
        "account_type" => numbers(&account.account_type),
        "account_source" => numbers(&account.account_source),
        "industry" => Cell::Text(account.industry_names.join(",")),
        "billing_address_street" => Cell::Text(account.billing_address_street.clone()),
        "created_at" => Cell::Number(account.created_at.as_second()),
        "updated_at" => Cell::Number(account.updated_at.as_second()),
        "gender" => Cell::Number(account.gender?),
        "account_manager" => number(account.account_manager)?,
        "sale_order_status" => Cell::Numbers(
            state
                .orders
                .values()
                .filter(|order| order.account_id == account.id)
                .map(|order| i64::from(order.status))
                .collect(),
        ),
        _ => return None,
    })
}

/// Every documented column of a customer.
pub(super) fn show(state: &State, account: &Account) -> Map<String, Value> {
    let manager = state.users.get(&account.account_manager);
    let source_name = |id: &u64| {
        state.sources.iter().find(|source| source.id == *id).map_or("", |source| source.source_name.as_str())
    };
    let type_name = |id: &u64| {
        state.types.iter().find(|kind| kind.id == *id).map_or("", |kind| kind.account_type_name.as_str())
    };
    let region = |name: &str| match name {
        "" => Value::Null,
        name => json!({"id": state.region_id(name), "label": name}),
    };
    let relation = RELATIONS.iter().find(|(id, _)| *id == account.relation_id).map_or("", |(_, name)| *name);
    let gender = account.gender.map(|id| json!({"id": id, "label": if id == 1 { "Nữ" } else { "Nam" }}));
    let head = json!({
        "id": account.id,
        "account_code": account.account_code,
        "account_name": account.account_name,
        "description": account.description,
        "billing_address_street": account.billing_address_street,
        "phone_office": account.phone_office,
        "email": account.email,
        "website": account.website,
        "logo": "",
        "birthday": account.birthday,
        "sic_code": account.sic_code,
        "gender": account.gender,
        "account_type": account.account_type,
        "account_source": account.account_source,
        "relation_id": account.relation_id,
        "relation_name": relation,
        "total_revenue": 0,
        "account_manager": account.account_manager,
        "mgr_email": manager.map_or("", |user| user.email.as_str()),
        "mgr_display_name": manager.map_or("", |user| user.contact_name.as_str()),
        "created_at": text::local_time(account.created_at),
        "updated_at": text::local_time(account.updated_at),
    });
    let details = json!({
        "account_source_details": labelled(&account.account_source, source_name),
        "account_type_details": labelled(&account.account_type, type_name),
        "province_detail": region(&account.province_name),
        "contacts": account.contacts,
        "custom_fields": account.custom_fields,
        "detail_custom_fields": detailed(state, account),
        "account_relation_detail": {"id": account.relation_id, "label": relation},
        "gender_detail": gender,
        "industry": [],
        "industry_names": account.industry_names,
        "industry_details": [],
        "country_id": state.region_id(&account.country_name),
        "country_name": account.country_name,
        "country_detail": region(&account.country_name),
        "province_id": state.region_id(&account.province_name),
        "district_id": state.region_id(&account.district_name),
        "district_detail": region(&account.district_name),
        "ward_id": state.region_id(&account.ward_name),
        "ward_detail": region(&account.ward_name),
        "accessible_user_ids": [],
    });
    let members = |part| match part {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    members(head).into_iter().chain(members(details)).collect()
}

fn labelled<'a>(ids: &[u64], label: impl Fn(&u64) -> &'a str) -> Vec<Value> {
    ids.iter().map(|id| json!({"id": id, "label": label(id)})).collect()
}

/// Custom values with the labels of their definitions.
fn detailed(state: &State, account: &Account) -> Map<String, Value> {
    account
        .custom_fields
        .iter()
        .map(|(key, value)| {
            let label = state
                .custom_fields
                .iter()
                .find(|field| field.field_name == *key)
                .map_or("", |field| field.field_description.as_str());
            (key.clone(), json!({"label": label, "value": value}))
        })
        .collect()
}
