//! The providers of pages, by the words of forms, addresses and logs.

use serde::{Deserialize, Serialize};

/// Whose pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Provider {
    Facebook,
    Zalo,
}

impl Provider {
    /// Reads the word of a form.
    pub(crate) fn read(word: &str) -> Option<Self> {
        [Self::Facebook, Self::Zalo].into_iter().find(|provider| provider.word() == word)
    }

    /// The word of forms, addresses and logs.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Facebook => "facebook",
            Self::Zalo => "zalo",
        }
    }

    /// Its name for people.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Facebook => "Facebook",
            Self::Zalo => "Zalo",
        }
    }

    /// Where it sends browsers back to.
    pub(crate) fn callback(self) -> &'static str {
        match self {
            Self::Facebook => "/api/pages/facebook/callback",
            Self::Zalo => "/api/pages/zalo/callback",
        }
    }
}
