//! What is wrong with something a person entered, in both languages.

use serde::Serialize;

use crate::page::Lang;

/// What stands between the two languages of a stored text.
const BETWEEN: char = '\u{1f}';

/// A text in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Said {
    /// Vietnamese.
    pub vi: String,
    /// English.
    pub en: String,
}

impl Said {
    /// A text in both languages.
    pub fn new(vi: impl Into<String>, en: impl Into<String>) -> Self {
        Self { vi: vi.into(), en: en.into() }
    }

    /// The text as it is stored beside an event.
    pub fn stored(&self) -> String {
        format!("{}{BETWEEN}{}", self.vi, self.en)
    }

    /// A stored text. The CRM's own words are the same in both languages.
    pub fn read(stored: &str) -> Self {
        let (vi, en) = stored.split_once(BETWEEN).unwrap_or((stored, stored));
        Self::new(vi, en)
    }

    /// The text in one of them.
    pub fn of(&self, lang: Lang) -> &str {
        lang.of(&self.vi, &self.en)
    }
}

/// What is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// The field's name.
    pub field: String,
    /// What is wrong and what to do.
    pub message: Said,
}

impl Fault {
    /// A fault of a field.
    pub fn new(field: &str, vi: &str, en: &str) -> Self {
        Self { field: field.to_owned(), message: Said::new(vi, en) }
    }
}
