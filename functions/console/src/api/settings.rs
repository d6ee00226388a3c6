//! The settings.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use common::store::tenants::Settings;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::body::Body;
use super::caller::Caller;
use super::problem::Problem;
use crate::Console;
use crate::form::Fault;
use crate::settings::check;
use crate::settings::save::{Saved, save, version};

/// The settings, and their version, which a change names.
#[derive(Serialize)]
pub(super) struct Versioned {
    version: String,
    settings: Settings,
}

impl Versioned {
    fn of(settings: Settings) -> Json<Self> {
        Json(Self { version: version(&settings), settings })
    }
}

pub(super) async fn read(caller: Caller) -> Json<Versioned> {
    Versioned::of(caller.record.settings)
}

#[derive(Deserialize)]
struct Change {
    version: String,
    settings: Map<String, Value>,
}

pub(super) async fn write(
    State(console): State<Arc<Console>>,
    caller: Caller,
    body: Body,
) -> Result<Json<Versioned>, Problem> {
    let Change { version: made_of, settings } = body.read()?;
    let before = &caller.record.settings;
    let new = changed(before, &settings).map_err(Problem::fields)?;
    let users = console.users(&caller.record).await?;
    let faults = check::faults(&new, before, users.as_deref());
    if !faults.is_empty() {
        return Err(Problem::fields(faults));
    }
    match save(&console, &caller.record, &made_of, &new).await? {
        Saved::Done(record) => Ok(Versioned::of(record.settings)),
        Saved::Changed(_) => Err(Problem::conflict(
            "settings_changed",
            "Cài đặt đã được người khác đổi. Hãy đọc lại rồi sửa.",
            "Somebody else has changed the settings. Read them again and make the change to those.",
        )),
    }
}

/// The settings with some of them replaced; every one that cannot be is named.
fn changed(before: &Settings, given: &Map<String, Value>) -> Result<Settings, Vec<Fault>> {
    let Ok(Value::Object(mut whole)) = serde_json::to_value(before) else { return Err(Vec::new()) };
    let mut faults = Vec::new();
    for (name, value) in given {
        let Some(old) = whole.insert(name.clone(), value.clone()) else {
            whole.remove(name);
            faults.push(Fault::new(name, "Không có cài đặt này.", "There is no such setting."));
            continue;
        };
        if serde_json::from_value::<Settings>(Value::Object(whole.clone())).is_err() {
            whole.insert(name.clone(), old);
            faults.push(Fault::new(name, "Sai kiểu giá trị.", "The value is of the wrong type."));
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let mut new: Settings = serde_json::from_value(Value::Object(whole)).map_err(|_| Vec::new())?;
    new.gateway_map =
        new.gateway_map.into_iter().map(|(code, method)| (code.to_lowercase(), method)).collect();
    Ok(new)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn change(given: Value) -> Result<Settings, Vec<String>> {
        let Value::Object(given) = given else { panic!("an object") };
        changed(&Settings::default(), &given)
            .map_err(|faults| faults.into_iter().map(|fault| fault.field).collect())
    }

    #[test]
    fn what_is_not_given_stays() {
        let new = change(json!({"orders": false, "gateway_map": {"COD": "Tiền mặt"}})).unwrap();
        let gateway_map = [("cod".to_owned(), "Tiền mặt".to_owned())].into();
        assert_eq!(new, Settings { orders: false, gateway_map, ..Settings::default() });
    }

    #[test]
    fn every_setting_that_cannot_be_is_named() {
        let given = json!({"orders": "no", "colour": 1, "default_manager": null, "writes_per_second": []});
        let mut faults = change(given).unwrap_err();
        faults.sort();
        assert_eq!(faults, ["colour", "orders", "writes_per_second"]);
    }
}
