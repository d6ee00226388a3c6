//! Nodes: the person who calls, and pages they can see (pages.md §1.9, §1.10).

use serde_json::{Map, Value, json};

use super::access::{Access, no_current_user};
use super::fields::{self, Field};
use crate::facebook::call::Call;
use crate::facebook::error::GraphError;
use crate::facebook::ids::{PageId, PersonId};
use crate::facebook::settings::TasksWritten;
use crate::facebook::state::State;

const PERSON_FIELDS: [&str; 4] = ["id", "name", "picture", "first_name"];
/// What a page has as a node.
const PAGE_FIELDS: [&str; 8] = [
    "id",
    "name",
    "access_token",
    "category",
    "category_list",
    "picture",
    "link",
    "has_transitioned_to_new_page_experience",
];
/// What a page has as a row of an edge.
pub(super) const ROW_FIELDS: [&str; 9] = [
    "id",
    "name",
    "access_token",
    "category",
    "category_list",
    "picture",
    "link",
    "has_transitioned_to_new_page_experience",
    "tasks",
];

/// `GET /{id}`
pub(super) fn read(state: &mut State, call: &Call, access: &Access, id: &str) -> Result<Value, GraphError> {
    match (access, id) {
        (Access::App, "me") => return Err(no_current_user()),
        (Access::User { person, .. }, _) if id == "me" || id == person.to_string() => {
            return person_node(state, call, *person);
        }
        (Access::App, _) if id == state.app.id => {
            return Ok(json!({"name": state.app.name, "id": state.app.id}));
        }
        _ => {}
    }
    let fields = fields::read(call.param("fields"), &["name", "id"], &PAGE_FIELDS, "Page")?;
    let page = visible_page(state, access, id).ok_or_else(|| GraphError::unknown_object(id))?;
    Ok(page_row(state, access, page, &fields, &[]))
}

/// `GET /?ids=a,b`: an object by id, or a refusal of all of them.
pub(super) fn by_ids(state: &mut State, call: &Call, access: &Access) -> Result<Value, GraphError> {
    let ids = call.param("ids").ok_or_else(|| GraphError::new(100, "The parameter ids is required"))?;
    let fields = fields::read(call.param("fields"), &["name", "id"], &PAGE_FIELDS, "Page")?;
    let mut found = Map::new();
    for id in ids.split(',').map(str::trim).filter(|id| !id.is_empty()) {
        let page = visible_page(state, access, id).ok_or_else(|| {
            GraphError::new(803, format!("(#803) Some of the aliases you requested do not exist: {id}"))
        })?;
        found.insert(id.to_owned(), page_row(state, access, page, &fields, &[]));
    }
    Ok(Value::Object(found))
}

/// The page, where the caller can see it: its own, one that was ticked, one of a ticked portfolio.
fn visible_page(state: &State, access: &Access, id: &str) -> Option<PageId> {
    let (person, own) = match access {
        Access::App => return None,
        Access::User { person, .. } => (*person, None),
        Access::Page { person, page, .. } => (*person, Some(*page)),
    };
    if own.is_some() {
        return own.filter(|own| id == "me" || id == own.to_string());
    }
    let page = id.parse().ok().filter(|page| state.pages.contains_key(page))?;
    let grant = state.grants.get(&person)?;
    let ticked = grant.has("pages_show_list") && grant.pages.contains(&page);
    let through_business = grant.has("business_management")
        && grant
            .businesses
            .iter()
            .filter_map(|id| state.businesses.get(id))
            .any(|business| business.owned.contains(&page) || business.client.contains(&page));
    (through_business || ticked && state.role(person, page).is_some()).then_some(page)
}

fn person_node(state: &State, call: &Call, id: PersonId) -> Result<Value, GraphError> {
    let fields = fields::read(call.param("fields"), &["name", "id"], &PERSON_FIELDS, "User")?;
    let person = state.people.get(&id).ok_or_else(|| GraphError::unknown_object(&id.to_string()))?;
    let mut node = Map::new();
    for field in &fields {
        let value = match field.name.as_str() {
            "name" => person.name.clone().into(),
            "first_name" => person.name.split(' ').next_back().unwrap_or_default().into(),
            "picture" => picture(state, id.0, field),
            _ => id.to_string().into(),
        };
        node.insert(field.name.clone(), value);
    }
    node.entry("id").or_insert_with(|| id.to_string().into());
    Ok(Value::Object(node))
}

/// A page as an object; `tasks` are those of the row, if it has them.
pub(super) fn page_row(
    state: &mut State,
    access: &Access,
    id: PageId,
    fields: &[Field],
    tasks: &[String],
) -> Value {
    let Some(page) = state.pages.get(&id).cloned() else { return Value::Null };
    let mut row = Map::new();
    for field in fields {
        let value: Option<Value> = match field.name.as_str() {
            "name" => Some(page.name.clone().into()),
            "category" => Some(page.category.clone().into()),
            "category_list" => Some(json!([{"id": "200600219953504", "name": page.category}])),
            "link" => Some(format!("https://www.facebook.com/{id}").into()),
            "picture" => Some(picture(state, id.0, field)),
            "tasks" => match (state.settings.tasks_written, tasks) {
                (_, []) => None,
                (TasksWritten::Plain, tasks) => Some(tasks.into()),
                (TasksWritten::Small, tasks) => Some(tasks.iter().map(|task| task.to_lowercase()).collect()),
                (TasksWritten::Null, _) => Some(Value::Null),
                (TasksWritten::Empty, _) => Some(json!([])),
                (TasksWritten::Perms, tasks) => {
                    row.insert("perms".to_owned(), tasks.into());
                    None
                }
            },
            "has_transitioned_to_new_page_experience" => Some(page.new_experience.into()),
            "access_token" => match access {
                Access::User { token, .. } => state.page_token(token, id),
                Access::Page { token, .. } => Some(token.clone()),
                Access::App => None,
            }
            .map(Value::from),
            _ => Some(id.to_string().into()),
        };
        if let Some(value) = value {
            row.insert(field.name.clone(), value);
        }
    }
    row.entry("id").or_insert_with(|| id.to_string().into());
    Value::Object(row)
}

fn picture(state: &State, id: u64, field: &Field) -> Value {
    let side = if field.modifier.contains("type(large)") { 200 } else { 50 };
    json!({"data": {
        "height": side,
        "is_silhouette": false,
        "url": format!("{}/pictures/{id}.svg", state.base()),
        "width": side,
    }})
}
