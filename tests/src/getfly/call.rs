//! One request as the handlers see it, and typed reading of its body.

use axum::http::request::Parts;
use axum::http::{Method, StatusCode, header};
use bytes::Bytes;
use rust_decimal::Decimal;
use serde_json::{Map, Value};

use super::money;
use super::reply::{Problems, Reply};
use super::text;

/// A request with its query decoded and its body parsed once.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) method: Method,
    /// Without query and without a slash at the end.
    pub(super) path: String,
    pub(super) path_and_query: String,
    pub(super) query: Vec<(String, String)>,
    pub(super) key: Option<Vec<u8>>,
    pub(super) traceparent: Option<String>,
    /// Names, sorted.
    pub(super) headers: Vec<String>,
    json_type: bool,
    pub(super) body_len: usize,
    pub(super) json: Option<Value>,
}

impl Call {
    pub(super) fn new(parts: &Parts, body: &Bytes) -> Self {
        let uri = &parts.uri;
        let content_type = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let essence = content_type.and_then(|value| value.split(';').next()).unwrap_or_default().trim();
        let path = uri.path();
        let mut headers: Vec<String> = parts.headers.keys().map(ToString::to_string).collect();
        headers.sort_unstable();
        Self {
            method: parts.method.clone(),
            path: if path.len() > 1 { path.trim_end_matches('/').to_owned() } else { path.to_owned() },
            path_and_query: uri.path_and_query().map_or_else(|| path.to_owned(), ToString::to_string),
            query: url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
                .into_owned()
                .collect(),
            key: parts.headers.get("x-api-key").map(|value| value.as_bytes().to_vec()),
            traceparent: parts
                .headers
                .get("traceparent")
                .and_then(|value| Some(value.to_str().ok()?.to_owned())),
            headers,
            json_type: essence.eq_ignore_ascii_case("application/json"),
            body_len: body.len(),
            json: serde_json::from_slice(body).ok(),
        }
    }

    /// The value of a query parameter, unless it is empty.
    pub(super) fn param(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .rev()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// The body as an object; a body that is not JSON, or not announced as JSON, is refused with 400.
    pub(super) fn object(&self) -> Result<&Map<String, Value>, Reply> {
        match &self.json {
            Some(Value::Object(object)) if self.json_type => Ok(object),
            _ => Err(Reply::message(StatusCode::BAD_REQUEST, "Nội dung gửi lên không phải JSON hợp lệ")),
        }
    }
}

/// Reads the members of one object, and notes what has a wrong type under the member's full name.
pub(super) struct Reader<'a, 'p> {
    object: &'a Map<String, Value>,
    prefix: String,
    problems: &'p mut Problems,
}

/// Amounts and quantities from here on are refused: no real order has them.
const TOO_LARGE: Decimal = Decimal::from_parts(0xA4C6_8000, 0x0003_8D7E, 0, false, 0);

impl<'a, 'p> Reader<'a, 'p> {
    /// Reads the body itself.
    pub(super) fn new(object: &'a Map<String, Value>, problems: &'p mut Problems) -> Self {
        Self { object, prefix: String::new(), problems }
    }

    /// Reads an object inside the body; `place` is its path, such as `saved_order_details.0`.
    pub(super) fn inside(object: &'a Map<String, Value>, place: &str, problems: &'p mut Problems) -> Self {
        Self { object, prefix: format!("{place}."), problems }
    }

    /// The member unless it is absent or null.
    pub(super) fn value(&self, key: &str) -> Option<&'a Value> {
        self.object.get(key).filter(|value| !value.is_null())
    }

    pub(super) fn refuse(&mut self, key: &str, text: &str) {
        self.problems.add(format!("{}{key}", self.prefix), text);
    }

    /// A text as typed; numbers are taken as texts.
    pub(super) fn text(&mut self, key: &str) -> Option<String> {
        match self.value(key)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => {
                self.refuse(key, "Giá trị phải là chuỗi ký tự");
                None
            }
        }
    }

    /// A text that says something.
    pub(super) fn filled(&mut self, key: &str) -> Option<String> {
        self.text(key).filter(|text| !text.trim().is_empty())
    }

    /// An amount or quantity, not negative and of a sensible size.
    pub(super) fn amount(&mut self, key: &str) -> Option<Decimal> {
        let value = self.value(key)?;
        let amount = money::from_json(value).filter(|amount| *amount >= Decimal::ZERO && *amount < TOO_LARGE);
        if amount.is_none() {
            self.refuse(key, "Giá trị phải là số không âm");
        }
        amount
    }

    pub(super) fn integer(&mut self, key: &str) -> Option<i64> {
        let integer = as_integer(self.value(key)?);
        if integer.is_none() {
            self.refuse(key, "Giá trị phải là số nguyên");
        }
        integer
    }

    /// An id of another record.
    pub(super) fn id(&mut self, key: &str) -> Option<u64> {
        self.integer(key).and_then(|id| u64::try_from(id).ok())
    }

    /// 0 or 1; absent is 0.
    pub(super) fn flag(&mut self, key: &str) -> bool {
        matches!(self.integer(key), Some(flag) if flag != 0)
    }

    /// A day written `YYYY-MM-DD`; an empty text is no day.
    pub(super) fn date(&mut self, key: &str) -> Option<String> {
        let date = self.filled(key)?;
        if text::is_date(&date) {
            return Some(date);
        }
        self.refuse(key, "Ngày phải có dạng YYYY-MM-DD");
        None
    }

    pub(super) fn object(&mut self, key: &str) -> Option<&'a Map<String, Value>> {
        match self.value(key)? {
            Value::Object(object) => Some(object),
            // PHP writes an empty map as an empty list.
            Value::Array(items) if items.is_empty() => None,
            _ => {
                self.refuse(key, "Giá trị phải là đối tượng");
                None
            }
        }
    }

    pub(super) fn list(&mut self, key: &str) -> Option<&'a [Value]> {
        match self.value(key)? {
            Value::Array(items) => Some(items),
            _ => {
                self.refuse(key, "Giá trị phải là danh sách");
                None
            }
        }
    }

    /// The items of a list that must all be objects.
    pub(super) fn objects(&mut self, key: &str) -> Option<Vec<&'a Map<String, Value>>> {
        let items = self.list(key)?;
        let objects: Vec<_> = items.iter().filter_map(Value::as_object).collect();
        if objects.len() == items.len() {
            return Some(objects);
        }
        self.refuse(key, "Mỗi phần tử phải là đối tượng");
        None
    }

    /// The items of a list of texts.
    pub(super) fn texts(&mut self, key: &str) -> Option<Vec<String>> {
        let items = self.list(key)?;
        let texts: Vec<String> = items.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        if texts.len() == items.len() {
            return Some(texts);
        }
        self.refuse(key, "Mỗi phần tử phải là chuỗi ký tự");
        None
    }

    /// The items of a list of ids.
    pub(super) fn ids(&mut self, key: &str) -> Option<Vec<u64>> {
        let items = self.list(key)?;
        let ids: Vec<u64> =
            items.iter().filter_map(as_integer).filter_map(|id| u64::try_from(id).ok()).collect();
        if ids.len() == items.len() {
            return Some(ids);
        }
        self.refuse(key, "Mỗi phần tử phải là số nguyên");
        None
    }
}

fn as_integer(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        Value::Bool(flag) => Some(i64::from(*flag)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_limit_of_amounts_is_ten_to_the_fifteenth() {
        assert_eq!(TOO_LARGE, Decimal::from(1_000_000_000_000_000_u64));
    }

    #[test]
    fn wrong_types_are_noted_under_their_full_name() {
        let body = json!({"price": "rẻ", "name": ["x"], "at": "12/06/2026", "n": -1, "tags": [1], "id": 1.5});
        let mut problems = Problems::default();
        let mut reader = Reader::inside(body.as_object().unwrap(), "lines.0", &mut problems);
        assert_eq!(reader.amount("price"), None);
        assert_eq!(reader.amount("n"), None);
        assert_eq!(reader.text("name"), None);
        assert_eq!(reader.date("at"), None);
        assert_eq!(reader.texts("tags"), None);
        assert_eq!(reader.id("id"), None);
        assert_eq!(reader.text("absent"), None);
        let refused = serde_json::to_value(problems.0.keys().collect::<Vec<_>>()).unwrap();
        assert_eq!(
            refused,
            json!(["lines.0.price", "lines.0.n", "lines.0.name", "lines.0.at", "lines.0.tags", "lines.0.id"])
        );
    }
}
