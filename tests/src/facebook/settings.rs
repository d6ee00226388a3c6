//! How the simulated Facebook behaves until told otherwise.

use serde::{Deserialize, Serialize};

/// Standing behaviour; changed with `Simulator::settings_mut` or `POST /control/settings`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// "Require App Secret": calls without `appsecret_proof` are refused (pages.md §1.14)
    pub require_proof: bool,
    /// no list page is longer, whatever `limit` says
    pub page_size_cap: usize,
    /// rows of `owned_pages` and `client_pages` carry `tasks` when asked for (pages.md §1.9: they may lack it)
    pub tasks_on_business_edges: bool,
    /// what `client_pages` tells of a person's tasks, where it differs
    pub tasks_of_clients: Option<Vec<String>>,
    /// `owned_pages` and `client_pages` do not know the field `tasks` and refuse it
    pub business_edges_without_tasks: bool,
    /// how tasks are written
    pub tasks_written: TasksWritten,
    /// token answers carry `expires_in`
    pub tell_expiry: bool,
    /// life of a short user token, seconds
    pub short_token_seconds: u64,
    /// life of a long user token, seconds
    pub long_token_seconds: u64,
    /// the version that answers, whatever was asked for
    pub served_version: Option<String>,
    /// what the rate headers say is used, percent
    pub usage_percent: u8,
}

/// How a row's tasks are written, those who have any.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TasksWritten {
    /// as Meta documents them
    Plain,
    /// in small letters
    Small,
    /// under their older name `perms`
    Perms,
    /// `null`
    Null,
    /// an empty list
    Empty,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            require_proof: false,
            page_size_cap: 100,
            tasks_on_business_edges: false,
            tasks_of_clients: None,
            business_edges_without_tasks: false,
            tasks_written: TasksWritten::Plain,
            tell_expiry: true,
            short_token_seconds: 5_107,
            long_token_seconds: 5_183_944,
            served_version: None,
            usage_percent: 3,
        }
    }
}
