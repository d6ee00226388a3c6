//! An error that is shown to the person and never sent to the app.

/// What an error page says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PageError {
    /// The OAuth error code.
    pub code: &'static str,
    /// What is wrong, in Vietnamese.
    pub reason: String,
}

impl PageError {
    pub(super) fn new(code: &'static str, reason: impl Into<String>) -> Self {
        Self { code, reason: reason.into() }
    }
}
