//! Lists by cursor (pages.md §1.7): no `next` is the last page, and `next` holds the token.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};
use url::form_urlencoded::Serializer;

use crate::facebook::call::Call;
use crate::facebook::error::GraphError;
use crate::facebook::state::State;

const USUAL_LIMIT: usize = 25;
/// What cursors begin with; the rest is the row's id.
const MARK: &str = "QVFIU";

/// One page of the ids, which are in order, and its `paging`.
pub(super) fn page(
    state: &State,
    call: &Call,
    node: &str,
    ids: &[u64],
) -> Result<(Vec<u64>, Option<Value>), GraphError> {
    let limit = match call.param("limit").map(str::parse::<usize>) {
        None => USUAL_LIMIT,
        Some(Ok(limit)) if limit > 0 => limit,
        Some(_) => {
            return Err(GraphError::new(100, "(#100) Param limit must be an integer greater than 0"));
        }
    };
    let limit = limit.min(state.settings.page_size_cap.max(1));
    let after = call.param("after").map(row_of).transpose()?;
    let before = call.param("before").map(row_of).transpose()?;
    let fits: Vec<_> = ids
        .iter()
        .copied()
        .filter(|id| after.is_none_or(|after| *id > after) && before.is_none_or(|before| *id < before))
        .collect();
    // Going back, the rows nearest to the cursor are the page.
    let skipped = if before.is_some() { fits.len().saturating_sub(limit) } else { 0 };
    let rows: Vec<_> = fits.into_iter().skip(skipped).take(limit).collect();
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Ok((rows, None)) };
    let mut paging = Map::new();
    paging.insert("cursors".to_owned(), json!({"before": cursor(*first), "after": cursor(*last)}));
    if ids.iter().any(|id| id > last) {
        paging.insert("next".to_owned(), url(state, call, node, limit, ("after", cursor(*last))).into());
    }
    if ids.iter().any(|id| id < first) {
        paging
            .insert("previous".to_owned(), url(state, call, node, limit, ("before", cursor(*first))).into());
    }
    Ok((rows, Some(Value::Object(paging))))
}

fn url(state: &State, call: &Call, node: &str, limit: usize, cursor: (&str, String)) -> String {
    let version = call.version.as_deref().unwrap_or(&state.app.default_version);
    let edge = call.segments.get(1).map_or("", String::as_str);
    let mut query = Serializer::new(String::new());
    if let Some(fields) = call.param("fields") {
        query.append_pair("fields", fields);
    }
    query.append_pair("limit", &limit.to_string()).append_pair(cursor.0, &cursor.1);
    query.append_pair("access_token", call.token().unwrap_or_default());
    format!("{}/{version}/{node}/{edge}?{}", state.base(), query.finish())
}

fn cursor(id: u64) -> String {
    format!("{MARK}{}", URL_SAFE_NO_PAD.encode(id.to_string()))
}

fn row_of(cursor: &str) -> Result<u64, GraphError> {
    let digits = cursor.strip_prefix(MARK).and_then(|rest| URL_SAFE_NO_PAD.decode(rest).ok());
    let id = digits.and_then(|digits| String::from_utf8(digits).ok()?.parse().ok());
    id.ok_or_else(|| GraphError::new(100, "(#100) Invalid cursors values"))
}
