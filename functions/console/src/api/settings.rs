//! The settings.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use common::settings::Settings;
use common::settings::change::SettingsChange;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::body::Body;
use super::caller::Caller;
use super::problem::Problem;
use crate::Console;
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
    let users = console.users(&caller.record).await?;
    let new = SettingsChange::of_json(settings).apply(before, users.as_deref()).map_err(Problem::fields)?;
    match save(&console, &caller.record, &made_of, &new).await? {
        Saved::Done(record) => Ok(Versioned::of(record.settings)),
        Saved::Changed(_) => Err(Problem::conflict(
            "settings_changed",
            "Cài đặt đã được người khác đổi. Hãy đọc lại rồi sửa.",
            "Somebody else has changed the settings. Read them again and make the change to those.",
        )),
    }
}
