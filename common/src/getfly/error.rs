//! What a failed call means (getfly.md §2.5).

use std::fmt;
use std::time::Duration;

use serde_json::Value;

use crate::text::{cut, fold};

/// The CRM's own words. They may repeat a phone number, so they print redacted; [`CrmText::for_the_admin`] is for
/// storage beside the event only.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct CrmText(String);

impl CrmText {
    /// The words, at most 300 characters, for the tenant's own admin.
    pub fn for_the_admin(&self) -> String {
        cut(&self.0, 300)
    }

    /// Whether they name this code, with nothing else of a code before or behind it.
    pub fn has_word(&self, code: &str) -> bool {
        let of_a_code = |char: char| char.is_alphanumeric() || matches!(char, '-' | '_' | '.' | '/');
        !code.is_empty()
            && self.0.match_indices(code).any(|(at, _)| {
                let (before, rest) = self.0.split_at(at);
                let behind = rest.strip_prefix(code).unwrap_or_default();
                !before.ends_with(of_a_code) && !behind.starts_with(of_a_code)
            })
    }
}

impl fmt::Debug for CrmText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CrmText([redacted])")
    }
}

impl From<&str> for CrmText {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

/// Which field a duplicate was found in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UniqueField {
    /// `phone_office`
    Phone,
    /// `email`
    Email,
    /// `account_code`, `order_code` or `product_code`
    Code,
}

/// A failed call, as the decision it asks for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CrmError {
    /// The key is wrong (401) or has no right (403): the tenant's connection is broken.
    #[error("the CRM refuses the key (status {0})")]
    KeyRefused(u16),
    /// The route is not there: this release has no v6.1.
    #[error("the CRM has no API v6.1")]
    RouteMissing,
    /// There is such a record already.
    #[error("the CRM has such a record already")]
    Duplicate {
        /// In which field, where it says.
        field: Option<UniqueField>,
        /// Its words.
        text: CrmText,
    },
    /// The customer source collides with another by its slug: repeat without it.
    #[error("the CRM refuses the source")]
    SourceConflict {
        /// Its words.
        text: CrmText,
    },
    /// Something in the body is refused.
    #[error("the CRM refuses fields {fields:?}")]
    Refused {
        /// Names of the refused fields, as far as it says.
        fields: Vec<String>,
        /// Its words.
        text: CrmText,
    },
    /// Too many requests.
    #[error("the CRM asks to slow down")]
    RateLimited {
        /// How long, where it says.
        after: Option<Duration>,
    },
    /// No usable answer.
    #[error("the CRM gave no usable answer: {what}")]
    Transient {
        /// What came instead.
        what: &'static str,
        /// The HTTP status, where there was one.
        status: Option<u16>,
        /// Whether the CRM may still be at work on the request, so that looking up now could be too early.
        may_still_write: bool,
    },
}

impl CrmError {
    /// The CRM's words, for the tenant's own admin.
    pub fn text(&self) -> Option<String> {
        match self {
            Self::Duplicate { text, .. } | Self::SourceConflict { text } | Self::Refused { text, .. } => {
                Some(text.for_the_admin())
            }
            _ => None,
        }
    }
}

/// Phrases that tell a duplicate, in lower case and NFC.
const DUPLICATE_WORDS: [&str; 6] =
    ["không cho phép trùng", "trùng", "tồn tại", "đã có", "already exists", "duplicate"];

fn says_duplicate(text: &str) -> bool {
    // "không tồn tại" (does not exist) contains "tồn tại" (exists).
    let text = fold(text).replace("không tồn tại", " ");
    DUPLICATE_WORDS.iter().any(|word| text.contains(word))
}

/// Words by which a refusal without `errors` names its field, met in answers such as `Tên nguồn không tồn tại`.
const FIELD_WORDS: [(&str, &str); 11] = [
    ("nguồn", "source"),
    ("phương thức thanh toán", "payment_method_name"),
    ("người phụ trách", "account_manager_username"),
    ("người thực hiện", "assigned_username"),
    ("nhân viên", "assigned_username"),
    ("người dùng", "assigned_username"),
    ("sản phẩm", "product_code"),
    ("giới tính", "gender"),
    ("khách hàng", "account_code"),
    ("customer", "account_code"),
    ("account code", "account_code"),
];

/// Reads a business refusal: a status of 400, 409 or 422, or an error inside a 200 (getfly.md §2.5, in its order).
pub fn refusal(body: &Value) -> CrmError {
    let errors = field_errors(body);
    let words = message(body);
    let text = CrmText(spoken(&words, &errors));
    let about = |names: &[&str]| errors.iter().find(|(field, _)| names.contains(&field.as_str()));

    if about(&["source_code", "source_name"]).is_some() {
        return CrmError::SourceConflict { text };
    }
    for (names, unique) in [
        (["phone_office"].as_slice(), UniqueField::Phone),
        (&["email"], UniqueField::Email),
        (&["account_code", "order_code", "product_code"], UniqueField::Code),
    ] {
        if about(names).is_some_and(|(_, said)| says_duplicate(said)) {
            return CrmError::Duplicate { field: Some(unique), text };
        }
    }
    if errors.is_empty() && says_duplicate(&words) {
        return CrmError::Duplicate { field: None, text };
    }
    let mut fields: Vec<String> = errors.into_iter().map(|(field, _)| field).collect();
    if fields.is_empty() {
        let said = fold(&words);
        fields.extend(
            FIELD_WORDS.iter().find(|(word, _)| said.contains(word)).map(|(_, field)| (*field).to_owned()),
        );
    }
    CrmError::Refused { fields, text }
}

/// Whether a refusal says which field it is about.
pub fn names_a_field(body: &Value) -> bool {
    match refusal(body) {
        CrmError::Refused { fields, .. } => !fields.is_empty(),
        _ => true,
    }
}

/// Whether a 2xx answer carries an error all the same (`errors`, `error`, `data.error`).
pub fn is_error_in_success(body: &Value) -> bool {
    let says = |value: Option<&Value>| match value {
        None | Some(Value::Null | Value::Bool(false)) => false,
        Some(Value::String(text)) => !text.trim().is_empty(),
        Some(Value::Array(list)) => !list.is_empty(),
        Some(Value::Object(map)) => !map.is_empty(),
        Some(Value::Number(number)) => number.as_i64() != Some(0),
        Some(Value::Bool(true)) => true,
    };
    says(body.get("errors"))
        || says(body.get("error"))
        || says(body.get("data").and_then(|data| data.get("error")))
}

/// `errors` as pairs of field and first text; a field's value is a text or a list of texts.
fn field_errors(body: &Value) -> Vec<(String, String)> {
    let Some(Value::Object(errors)) = body.get("errors") else { return Vec::new() };
    errors.iter().map(|(field, said)| (field.clone(), first_text(said).unwrap_or_default())).collect()
}

fn first_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
        Value::Array(list) => list.iter().find_map(first_text),
        Value::Object(map) => map.values().find_map(first_text),
        _ => None,
    }
}

/// The message with what the fields add to it: a message alone is often no more than "the data is not valid".
fn spoken(message: &str, errors: &[(String, String)]) -> String {
    let news = errors
        .iter()
        .map(|(_, said)| said.as_str())
        .filter(|said| !said.is_empty() && !message.contains(said));
    let parts: Vec<&str> =
        std::iter::once(message).filter(|message| !message.is_empty()).chain(news).collect();
    parts.join("; ")
}

/// Order of getfly.md §2.5: `message`, `error`, `msg`, `data.error`, first of `errors`.
fn message(body: &Value) -> String {
    let candidates = [
        body.get("message"),
        body.get("error"),
        body.get("msg"),
        body.get("data").and_then(|data| data.get("error")),
        body.get("errors"),
    ];
    candidates.into_iter().flatten().find_map(first_text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixture(name: &str) -> CrmError {
        let path = format!("{}/../tests/fixtures/{name}.json", env!("CARGO_MANIFEST_DIR"));
        refusal(&serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap())
    }

    #[test]
    fn refusals_are_told_apart() {
        assert!(matches!(
            fixture("getfly_account_create_duplicate_400"),
            CrmError::Duplicate { field: Some(UniqueField::Phone), .. }
        ));
        assert!(matches!(
            fixture("getfly_sale_order_create_duplicate_400"),
            CrmError::Duplicate { field: Some(UniqueField::Code), .. }
        ));
        assert!(matches!(
            fixture("getfly_account_create_source_conflict_400"),
            CrmError::SourceConflict { .. }
        ));
        assert!(
            matches!(fixture("getfly_account_validation_422"), CrmError::Refused { fields, .. } if fields == ["account_name"])
        );
        assert!(
            matches!(fixture("getfly_error_in_200"), CrmError::Refused { fields, .. } if fields == ["source"])
        );
    }

    #[test]
    fn does_not_exist_is_no_duplicate() {
        let read = refusal(&serde_json::json!({"message": "Khách hàng không tồn tại"}));
        assert!(matches!(read, CrmError::Refused { .. }));
        // Combining accents are the same words.
        let read = refusal(
            &serde_json::json!({"message": "So\u{302}́ đie\u{323}\u{302}n thoa\u{323}i đa\u{303} co\u{301}"}),
        );
        assert!(matches!(read, CrmError::Duplicate { field: None, .. }));
    }

    #[test]
    fn an_error_hidden_in_a_success_is_found() {
        for body in [
            r#"{"errors":{"a":["b"]}}"#,
            r#"{"error":"x"}"#,
            r#"{"data":{"error":"x"}}"#,
            r#"{"error":true}"#,
        ] {
            assert!(is_error_in_success(&serde_json::from_str(body).unwrap()), "{body}");
        }
        for body in [
            r#"{"errors":[]}"#,
            r#"{"error":null,"errors":{}}"#,
            r#"{"error":"","data":{}}"#,
            r#"{"data":[1]}"#,
            "[]",
            "7",
            "{\"error\":false}",
        ] {
            assert!(!is_error_in_success(&serde_json::from_str(body).unwrap()), "{body}");
        }
    }

    #[test]
    fn any_json_is_some_refusal() {
        for body in [
            "null",
            "[]",
            "7",
            "\"x\"",
            r#"{"errors":"text"}"#,
            r#"{"errors":[["a"]]}"#,
            r#"{"errors":{"a":{"b":[1]}}}"#,
            r#"{"message":{"a":"b"}}"#,
        ] {
            assert!(
                matches!(refusal(&serde_json::from_str(body).unwrap()), CrmError::Refused { .. }),
                "{body}"
            );
        }
    }

    #[test]
    fn the_words_for_the_admin_name_what_is_wrong_and_say_it_once() {
        let read = refusal(
            &serde_json::json!({"message": "Không hợp lệ", "errors": {"a": ["A sai"], "b": "B sai", "c": []}}),
        );
        assert_eq!(read.text().unwrap(), "Không hợp lệ; A sai; B sai");
        let read = refusal(&serde_json::json!({"message": "A sai", "errors": {"a": ["A sai"]}}));
        assert_eq!(read.text().unwrap(), "A sai");
    }

    #[test]
    fn the_crms_words_do_not_print() {
        let read = fixture("getfly_account_create_duplicate_400");
        assert!(!format!("{read:?} {read}").contains("0975666231"));
        assert!(read.text().unwrap().contains("0975666231"));
    }
}
