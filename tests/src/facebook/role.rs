//! What roles on a page give (pages.md §1.8).

use serde::{Deserialize, Serialize};

/// The tasks of a person with full control of a page of the New Pages Experience.
pub const NEW_PAGE_FULL_CONTROL: [&str; 6] = [
    "PROFILE_PLUS_FULL_CONTROL",
    "PROFILE_PLUS_CREATE_CONTENT",
    "PROFILE_PLUS_MODERATE",
    "PROFILE_PLUS_MESSAGING",
    "PROFILE_PLUS_ADVERTISE",
    "PROFILE_PLUS_ANALYZE",
];

/// The tasks that may subscribe an app to a page (pages.md §1.8, F5).
const MAY_SUBSCRIBE: [&str; 7] = [
    "CREATE_CONTENT",
    "MANAGE",
    "MODERATE",
    "PROFILE_PLUS_CREATE_CONTENT",
    "PROFILE_PLUS_MANAGE",
    "PROFILE_PLUS_FULL_CONTROL",
    "PROFILE_PLUS_MODERATE",
];

/// The classic roles on a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClassicRole {
    /// everything
    Admin,
    /// everything but managing roles
    Editor,
    /// messages, comments, ads and insights
    Moderator,
    /// ads and insights
    Advertiser,
    /// insights
    Analyst,
}

impl ClassicRole {
    /// The tasks Graph returns for the role.
    pub fn tasks(self) -> &'static [&'static str] {
        match self {
            Self::Admin => &["ADVERTISE", "ANALYZE", "CREATE_CONTENT", "MESSAGING", "MODERATE", "MANAGE"],
            Self::Editor => &["ADVERTISE", "ANALYZE", "CREATE_CONTENT", "MESSAGING", "MODERATE"],
            Self::Moderator => &["ADVERTISE", "ANALYZE", "MESSAGING", "MODERATE"],
            Self::Advertiser => &["ADVERTISE", "ANALYZE"],
            Self::Analyst => &["ANALYZE"],
        }
    }
}

/// Whether one of the tasks may subscribe an app to the page.
pub(super) fn may_subscribe(tasks: &[String]) -> bool {
    tasks.iter().any(|task| MAY_SUBSCRIBE.contains(&task.as_str()))
}
