//! Forms: what was entered, and the fields that show it again with what is wrong beside it.

use std::sync::Arc;

use askama::Template;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
pub(crate) use common::fault::{Fault, Said};
use common::page::Lang;
use url::form_urlencoded;

use crate::Console;

/// What was entered, by field name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    /// Reads a body in the encoding of HTML forms; there is no text that could not be read.
    pub(crate) fn read(body: &[u8]) -> Self {
        Self(form_urlencoded::parse(body).into_owned().collect())
    }

    /// A field's text; empty when it was not sent.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// A field's text without white space around it.
    pub(crate) fn trimmed(&self, name: &str) -> String {
        self.text(name).trim().to_owned()
    }

    /// Whether a box was ticked.
    pub(crate) fn is_on(&self, name: &str) -> bool {
        !self.text(name).is_empty()
    }

    /// The fields whose names begin so, with the rest of their names.
    pub(crate) fn beginning<'f>(&'f self, prefix: &'f str) -> impl Iterator<Item = (&'f str, &'f str)> {
        self.0.iter().filter_map(move |(name, value)| Some((name.strip_prefix(prefix)?, value.as_str())))
    }
}

impl FromRequest<Arc<Console>> for Form {
    type Rejection = Response;

    async fn from_request(request: Request, console: &Arc<Console>) -> Result<Self, Response> {
        match Bytes::from_request(request, console).await {
            Ok(body) => Ok(Self::read(&body)),
            Err(_) => Err(StatusCode::PAYLOAD_TOO_LARGE.into_response()),
        }
    }
}

/// What kind of field.
#[derive(Debug, Clone)]
pub(crate) enum Kind {
    /// One line.
    Line {
        /// What was entered.
        value: String,
    },
    /// One line that is never shown again.
    Secret,
    /// Several lines.
    Lines {
        /// What was entered.
        value: String,
    },
    /// One of several: value and label.
    Choice {
        /// Which.
        value: String,
        /// The choices.
        options: Vec<(String, String)>,
    },
    /// A day.
    Date {
        /// What was entered, as `2026-06-12`.
        value: String,
        /// The last day that makes sense, in the same form.
        last: String,
    },
    /// A box to tick.
    Tick {
        /// Whether it is ticked.
        on: bool,
    },
}

/// A field with its label, a hint, and what is wrong with it.
#[derive(Debug, Clone, Template)]
#[template(path = "field.html")]
pub(crate) struct Field {
    /// What it is found by on its page.
    pub id: String,
    /// Its name, which is its anchor too unless the page has several of that name.
    pub name: String,
    /// Its label.
    pub label: String,
    /// What helps to fill it in.
    pub hint: Option<String>,
    /// What is wrong.
    pub error: Option<String>,
    /// What kind.
    pub kind: Kind,
}

impl Field {
    /// A field without hint and fault.
    pub(crate) fn new(name: &str, label: &str, kind: Kind) -> Self {
        let (id, label) = (name.to_owned(), label.to_owned());
        Self { name: id.clone(), id, label, hint: None, error: None, kind }
    }

    /// One of several of its name on a page, told apart by what it is of.
    pub(crate) fn of(self, what: impl std::fmt::Display) -> Self {
        Self { id: format!("{}-{what}", self.name), ..self }
    }

    /// With a hint.
    pub(crate) fn hint(self, hint: &str) -> Self {
        Self { hint: Some(hint.to_owned()), ..self }
    }

    /// With what is wrong with it, if something is.
    pub(crate) fn with(self, lang: Lang, faults: &[Fault]) -> Self {
        let mine = faults.iter().find(|fault| fault.field == self.name);
        Self { error: mine.map(|fault| fault.message.of(lang).to_owned()), ..self }
    }

    /// The ids of what describes it, for those who do not see it.
    fn described_by(&self) -> Option<String> {
        let hint = self.hint.as_ref().map(|_| format!("{}-hint", self.id));
        let error = self.error.as_ref().map(|_| format!("{}-error", self.id));
        let ids: Vec<String> = error.into_iter().chain(hint).collect();
        (!ids.is_empty()).then(|| ids.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_whatever_it_is() {
        let form = Form::read(b"a=1+2&b=%C4%91&b=second&staff.7=x&=&%ff");
        assert_eq!((form.text("a"), form.text("b"), form.text("c")), ("1 2", "đ", ""));
        assert_eq!(form.beginning("staff.").collect::<Vec<_>>(), [("7", "x")]);
    }

    #[test]
    fn a_field_shows_what_was_entered_and_what_is_wrong_with_it_escaped() {
        let kind = Kind::Line { value: "<script>\"".to_owned() };
        let faults = [Fault::new("rate", "Sai", "Wrong <b>")];
        let html = Field::new("rate", "Tốc độ", kind).hint("1–10").with(Lang::En, &faults).render().unwrap();
        assert!(html.contains("aria-invalid=\"true\"") && html.contains("id=\"rate-error\""), "{html}");
        assert!(html.contains("aria-describedby=\"rate-error rate-hint\""), "{html}");
        assert!(html.contains("<label for=\"rate\">"), "{html}");
        assert!(!html.contains("<script>") && !html.contains("<b>"), "{html}");
    }
}
