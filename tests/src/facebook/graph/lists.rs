//! The edges that list pages and portfolios (pages.md §1.7, §1.9).

use serde_json::{Value, json};

use super::access::Access;
use super::fields;
use super::node::{ROW_FIELDS, page_row};
use super::paging;
use crate::facebook::call::Call;
use crate::facebook::error::GraphError;
use crate::facebook::ids::{BusinessId, PageId};
use crate::facebook::state::State;

/// `GET /me/accounts`: ticked pages on which the person has a role of their own.
pub(super) fn accounts(
    state: &mut State,
    call: &Call,
    access: &Access,
    id: &str,
) -> Result<Value, GraphError> {
    if matches!(access, Access::Page { .. }) {
        return Err(GraphError::new(
            100,
            "(#100) Tried accessing nonexisting field (accounts) on node type (Page)",
        ));
    }
    let (_, person) = access.user(id)?;
    let usual = ["access_token", "category", "category_list", "name", "id", "tasks"];
    let fields = fields::read(call.param("fields"), &usual, &ROW_FIELDS, "Page")?;
    let grant = state.grants.get(&person).filter(|grant| grant.has("pages_show_list"));
    let ticked = grant.map(|grant| grant.pages.clone()).unwrap_or_default();
    let listed = ticked.into_iter().filter(|page| {
        let own = state.role(person, *page).is_some_and(|role| !role.portfolio_only);
        own && !state.hidden.contains(page)
    });
    let ids: Vec<_> = listed.map(|page| page.0).collect();
    let (ids, paging) = paging::page(state, call, &person.to_string(), &ids)?;
    let mut rows = Vec::new();
    for page in ids.into_iter().map(PageId) {
        let tasks = match state.role(person, page) {
            Some(role) if !state.without_tasks.contains(&page) => role.tasks.clone(),
            _ => Vec::new(),
        };
        rows.push(page_row(state, access, page, &fields, &tasks));
    }
    Ok(match paging {
        Some(paging) => json!({"data": rows, "paging": paging}),
        None => json!({"data": rows}),
    })
}

/// `GET /me/businesses`: ticked portfolios.
pub(super) fn businesses(
    state: &mut State,
    call: &Call,
    access: &Access,
    id: &str,
) -> Result<Value, GraphError> {
    let (_, person) = access.user(id)?;
    state.needs(person, "business_management")?;
    let fields = fields::read(call.param("fields"), &["id", "name"], &["id", "name"], "Business")?;
    let belongs = state.people.get(&person).map(|person| person.businesses.clone()).unwrap_or_default();
    let ticked = state.grants.get(&person).map(|grant| grant.businesses.clone()).unwrap_or_default();
    let ids: Vec<_> = belongs.intersection(&ticked).map(|business| business.0).collect();
    let (ids, paging) = paging::page(state, call, &person.to_string(), &ids)?;
    let rows = ids.into_iter().filter_map(|id| {
        let business = state.businesses.get(&BusinessId(id))?;
        let mut row = serde_json::Map::new();
        for field in &fields {
            let value = if field.name == "name" { business.name.clone() } else { id.to_string() };
            row.insert(field.name.clone(), value.into());
        }
        row.entry("id").or_insert_with(|| id.to_string().into());
        Some(Value::Object(row))
    });
    let rows: Vec<_> = rows.collect();
    Ok(json!({"data": rows, "paging": paging.unwrap_or_else(|| json!({}))}))
}

/// `GET /{business}/owned_pages` and `client_pages`. A page that was not ticked is there, without its token.
pub(super) fn business_pages(
    state: &mut State,
    call: &Call,
    access: &Access,
    id: &str,
    edge: &str,
) -> Result<Value, GraphError> {
    let Access::User { person, .. } = access else { return Err(GraphError::unknown_object(id)) };
    state.needs(*person, "business_management")?;
    let usual = ["access_token", "category", "name", "id"];
    let known: Vec<&str> = ROW_FIELDS
        .into_iter()
        .filter(|field| *field != "tasks" || !state.settings.business_edges_without_tasks)
        .collect();
    let fields = fields::read(call.param("fields"), &usual, &known, "Page")?;
    let granted = |business: &BusinessId| {
        let belongs = state.people.get(person).is_some_and(|person| person.businesses.contains(business));
        belongs && state.grants.get(person).is_some_and(|grant| grant.businesses.contains(business))
    };
    let business = id.parse().ok().filter(granted).and_then(|business| state.businesses.get(&business));
    let business = business.ok_or_else(|| GraphError::unknown_object(id))?;
    let pages = if edge == "owned_pages" { &business.owned } else { &business.client };
    let ids: Vec<_> = pages.iter().map(|page| page.0).collect();
    let (ids, paging) = paging::page(state, call, id, &ids)?;
    let mut rows = Vec::new();
    for page in ids.into_iter().map(PageId) {
        let told = state.settings.tasks_on_business_edges && !state.without_tasks.contains(&page);
        let told_of_clients = state.settings.tasks_of_clients.clone().filter(|_| edge == "client_pages");
        let own = || state.role(*person, page).map(|role| role.tasks.clone());
        let tasks = told_of_clients.or_else(own).filter(|_| told);
        rows.push(page_row(state, access, page, &fields, &tasks.unwrap_or_default()));
    }
    Ok(json!({"data": rows, "paging": paging.unwrap_or_else(|| json!({}))}))
}
