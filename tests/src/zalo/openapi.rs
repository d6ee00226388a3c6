//! The OpenAPI host: `GET /v2.0/oa/getoa`, and the pictures it names (pages.md §2.6–§2.9).

use std::time::Duration;

use axum::extract::{Path, State as Extracted};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::errors::{self, api_error, api_success, oa_limit};
use super::faults::Fault;
use super::ids::OaId;
use super::log::Note;
use super::records::{Standing, TokenKind};
use super::seed::OaSeed;
use super::settings::OaIdField;
use super::sign::appsecret_proof;
use super::simulator::Simulator;
use super::state::State;
use super::token::{bad_gateway, internal_error, json_response, with_note};
use crate::sim::html::escaped;

pub(super) async fn getoa(Extracted(simulator): Extracted<Simulator>, headers: HeaderMap) -> Response {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let (token, proof) = (text("access_token").unwrap_or_default(), text("appsecret_proof"));
    let (fault, oa) = {
        let mut state = simulator.state();
        (
            state.faults.take_first(|switch| concerns_calls(&switch.fault)),
            state.owner_of(&token, TokenKind::Access).cloned(),
        )
    };
    if let Some(Fault::ApiSlow { millis }) = &fault {
        tokio::time::sleep(Duration::from_millis(*millis)).await;
    }
    let mut state = simulator.state();
    let limit = state.count_call();
    let outcome = match &fault {
        Some(Fault::ApiError { code }) => Err(*code),
        Some(Fault::ApiAppLimit | Fault::ApiOaLimit) => Err(errors::RATE),
        _ if limit.over => Err(errors::RATE),
        _ => state.profile(&token, proof.as_deref()),
    };
    let error = outcome.as_ref().err().copied();
    let mut response = match (&fault, outcome) {
        (Some(Fault::Api500), _) => internal_error(),
        (Some(Fault::Api502Html), _) => bad_gateway(),
        (Some(Fault::ApiOaLimit), _) => json_response(&oa_limit()),
        (_, Ok(data)) => json_response(&api_success(data)),
        (_, Err(code)) => json_response(&api_error(code)),
    };
    let headers = response.headers_mut();
    headers.insert("x-ratelimit-limit", HeaderValue::from(limit.limit));
    headers.insert("x-ratelimit-remain", HeaderValue::from(limit.remain));
    with_note(response, Note { grant_type: None, oa, fault, error })
}

fn concerns_calls(fault: &Fault) -> bool {
    matches!(
        fault,
        Fault::ApiSlow { .. }
            | Fault::Api500
            | Fault::Api502Html
            | Fault::ApiError { .. }
            | Fault::ApiAppLimit
            | Fault::ApiOaLimit
    )
}

/// How a call counts against the limit of the app.
struct Limit {
    limit: u32,
    remain: u32,
    over: bool,
}

impl State {
    /// Counts a call in its clock minute.
    fn count_call(&mut self) -> Limit {
        let minute = self.now().as_second().div_euclid(60);
        let used = if self.window.0 == minute { self.window.1.saturating_add(1) } else { 1 };
        self.window = (minute, used);
        let limit = self.settings.calls_per_minute;
        Limit { limit, remain: limit.saturating_sub(used), over: used > limit }
    }

    /// The profile of the account whose token this is, or why not.
    fn profile(&self, token: &str, proof: Option<&str>) -> Result<Map<String, Value>, i64> {
        let oa = self.owner_of(token, TokenKind::Access).ok_or(errors::TOKEN_INVALID)?;
        let standing = self.standing(oa);
        match standing {
            Standing::AppRemoved => return Err(errors::APP_REMOVED),
            Standing::Deleted => return Err(errors::OA_DELETED),
            Standing::NotFound => return Err(errors::OA_NOT_FOUND),
            _ => {}
        }
        let now = self.now();
        let pair = self.pairs.get(oa).filter(|pair| pair.access_token == token);
        if pair.is_none_or(|pair| pair.access_expires_at <= now) {
            return Err(errors::TOKEN_EXPIRED);
        }
        let expected = appsecret_proof(&self.app.app_secret, token);
        if self.settings.require_appsecret_proof && proof != Some(expected.as_str()) {
            return Err(errors::PROOF);
        }
        match standing {
            Standing::ScopeWithdrawn => return Err(errors::NOT_GRANTED),
            Standing::NotVerified => return Err(errors::OA_NOT_VERIFIED),
            Standing::PackageTooLow => return Err(errors::PACKAGE),
            _ => {}
        }
        let oa = self.oas.get(oa).ok_or(errors::OA_NOT_FOUND)?;
        Ok(self.profile_of(oa))
    }

    fn profile_of(&self, oa: &OaSeed) -> Map<String, Value> {
        let id_field = match self.settings.oa_id_field {
            OaIdField::OaId => "oa_id",
            OaIdField::Oaid => "oaid",
        };
        let picture = |kind: &str| json!(format!("{}/oa/{}/{kind}.svg", self.base(), oa.oa_id));
        let mut data = Map::new();
        let mut put = |key: &str, value: Value| data.insert(key.to_owned(), value);
        put(id_field, json!(oa.oa_id));
        put("name", json!(oa.name));
        put("description", json!(oa.description));
        if let Some(alias) = &oa.alias {
            put("oa_alias", json!(alias));
        }
        put("is_verified", json!(oa.verified));
        put("oa_type", json!(2));
        put("cate_name", json!(oa.category));
        put("num_follower", json!(oa.followers));
        put("avatar", picture("avatar"));
        put("cover", picture("cover"));
        if let Some(package) = &oa.package {
            put("package_name", json!(package.name));
            put("package_valid_through_date", json!(package.valid_through));
            put("package_auto_renew_date", json!(package.auto_renew));
            put("linked_zca", json!(package.linked_zca));
        }
        data
    }
}

/// `avatar.svg`: the first letter of the name; `cover.svg`: a stripe in the same colour.
pub(super) async fn picture(
    Extracted(simulator): Extracted<Simulator>,
    Path((oa, file)): Path<(String, String)>,
) -> Response {
    let state = simulator.state();
    let Ok(oa) = state.oa(&OaId(oa)) else { return StatusCode::NOT_FOUND.into_response() };
    let hue = oa.oa_id.as_str().bytes().fold(0_u32, |sum, byte| (sum * 31 + u32::from(byte)) % 360);
    let initial: String = oa.name.chars().find(|one| one.is_alphabetic()).into_iter().collect();
    let svg = match file.as_str() {
        "avatar.svg" => format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"96\" height=\"96\">\
             <rect width=\"96\" height=\"96\" fill=\"hsl({hue},60%,45%)\"/>\
             <text x=\"48\" y=\"64\" font-family=\"sans-serif\" font-size=\"48\" fill=\"#fff\" \
             text-anchor=\"middle\">{}</text></svg>",
            escaped(&initial)
        ),
        "cover.svg" => format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"640\" height=\"160\">\
             <rect width=\"640\" height=\"160\" fill=\"hsl({hue},40%,70%)\"/></svg>"
        ),
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    ([(CONTENT_TYPE, "image/svg+xml")], svg).into_response()
}
