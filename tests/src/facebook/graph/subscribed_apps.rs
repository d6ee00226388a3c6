//! Which apps a page tells what (pages.md §1.11).

use serde_json::{Value, json};

use super::access::Access;
use crate::facebook::call::Call;
use crate::facebook::error::GraphError;
use crate::facebook::ids::{PageId, PersonId};
use crate::facebook::model::Subscription;
use crate::facebook::role::may_subscribe;
use crate::facebook::state::State;
use crate::facebook::webhook::{FIELDS, is_messaging};

/// `POST`: the fields replace those there were.
pub(super) fn subscribe(
    state: &mut State,
    call: &Call,
    access: &Access,
    id: &str,
) -> Result<Value, GraphError> {
    let (person, page) = as_page(state, access, id)?;
    state.needs(person, "pages_manage_metadata")?;
    let fields = wanted(call);
    if fields.is_empty() {
        return Err(GraphError::new(100, "(#100) The parameter subscribed_fields is required."));
    }
    if let Some((place, _)) = fields.iter().enumerate().find(|(_, one)| !FIELDS.contains(&one.as_str())) {
        return Err(GraphError::new(
            100,
            format!("(#100) Param subscribed_fields[{place}] must be one of {{{}}}", FIELDS.join(", ")),
        ));
    }
    if fields.iter().any(|field| is_messaging(field)) {
        state.needs(person, "pages_messaging")?;
    }
    state.subscriptions.insert(page, Subscription { fields });
    Ok(json!({"success": true}))
}

/// `GET`: this app, when it is subscribed.
pub(super) fn list(state: &State, access: &Access, id: &str) -> Result<Value, GraphError> {
    let (person, page) = as_page(state, access, id)?;
    state.needs(person, "pages_manage_metadata")?;
    state.needs(person, "pages_show_list")?;
    let rows = state.subscriptions.get(&page).map(|subscription| {
        json!({
            "category": "Business",
            "link": "https://crm.example.test/",
            "name": state.app.name,
            "id": state.app.id,
            "subscribed_fields": subscription.fields,
        })
    });
    Ok(json!({"data": rows.into_iter().collect::<Vec<_>>()}))
}

/// `DELETE`, with the token of the page or of the app.
pub(super) fn unsubscribe(state: &mut State, access: &Access, id: &str) -> Result<Value, GraphError> {
    let page = if let Access::App = access {
        let page = id.parse().ok().filter(|page| state.pages.contains_key(page));
        page.ok_or_else(|| GraphError::unknown_object(id))?
    } else {
        let (person, page) = as_page(state, access, id)?;
        state.needs(person, "pages_manage_metadata")?;
        page
    };
    state.subscriptions.remove(&page);
    Ok(json!({"success": true}))
}

/// The page that speaks here, and the person behind its token, whose role must suffice.
fn as_page(state: &State, access: &Access, id: &str) -> Result<(PersonId, PageId), GraphError> {
    let Access::Page { person, page, .. } = access else {
        let message = "(#210) A page access token is required to request this resource.";
        return Err(GraphError::new(210, message));
    };
    if id != "me" && id != page.to_string() {
        return Err(GraphError::unknown_object(id));
    }
    if !state.role(*person, *page).is_some_and(|role| may_subscribe(&role.tasks)) {
        return Err(GraphError::permission("pages_manage_metadata"));
    }
    Ok((*person, *page))
}

/// The fields of a comma-separated text, a JSON array or `subscribed_fields[]`, each once.
fn wanted(call: &Call) -> Vec<String> {
    let values = call.params.iter().filter(|(name, _)| {
        name.split_once('[').map_or(name.as_str(), |(name, _)| name) == "subscribed_fields"
    });
    let mut fields = Vec::new();
    for (_, value) in values {
        let listed: Vec<String> = serde_json::from_str(value)
            .unwrap_or_else(|_| value.split(',').map(|field| field.trim().to_owned()).collect());
        for field in listed {
            if !field.is_empty() && !fields.contains(&field) {
                fields.push(field);
            }
        }
    }
    fields
}
