//! `POST /api/sessions`: the CRM asks for a link for one of its admins.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Json, http::header};
use common::page::Lang;
use common::store::ephemeral::Kind;
use common::telemetry::Line;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::body::Body;
use super::caller::Key;
use super::problem::Problem;
use crate::session::{Link, Person, random_secret};
use crate::tenant::below;
use crate::{Console, FUNCTION};

/// How long a link may wait.
const LINK: Duration = Duration::from_secs(5 * 60);

/// Longest id, name or e-mail, in characters.
const MOST: usize = 200;

#[derive(Deserialize)]
struct Asked {
    admin: Person,
    #[serde(default)]
    lang: Option<String>,
}

#[derive(Serialize)]
struct Opened {
    url: String,
    expires_at: Timestamp,
}

/// Answers 201 with the link.
pub(crate) async fn open(
    State(console): State<Arc<Console>>,
    Key(record): Key,
    body: Body,
) -> Result<Response, Problem> {
    let Asked { admin, lang } = body.read()?;
    let texts = [
        ("admin.id", Some(&admin.id)),
        ("admin.name", admin.name.as_ref()),
        ("admin.email", admin.email.as_ref()),
    ];
    for (field, text) in texts {
        if text.is_some_and(|text| text.chars().count() > MOST || text.chars().any(char::is_control)) {
            return Err(Problem::field(
                field,
                "Giá trị quá dài hoặc có ký tự lạ.",
                "The value is too long or has odd characters.",
            ));
        }
    }
    if admin.id.trim().is_empty() {
        return Err(Problem::field("admin.id", "Thiếu mã quản trị viên.", "The admin's id is missing."));
    }
    if lang.as_deref().is_some_and(|lang| Lang::read(lang).is_none()) {
        return Err(Problem::field("lang", "Ngôn ngữ là vi hoặc en.", "The language is vi or en."));
    }
    let token = random_secret()?;
    let expires_at = console.clock.now().saturating_add(LINK).unwrap_or(Timestamp::MAX);
    let link = Link { tenant: record.id.clone(), admin, lang };
    console.store.ephemeral.put(Kind::Link, &token, &link, expires_at).await?;
    Line::new(FUNCTION, "session.link_made").with("tenant", record.id.as_str()).emit();
    let url = below(&record.public_url, &format!("console/enter/{token}"));
    let answer = Json(Opened { url, expires_at });
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], answer).into_response())
}
