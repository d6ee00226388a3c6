//! What the form of client id and client secret sends.

/// How long the secret from before is accepted: word and days.
pub(crate) const OLD_SECRET: [(&str, u64); 4] = [("now", 0), ("1_day", 1), ("7_days", 7), ("30_days", 30)];

/// What was entered; an empty secret keeps the one there is.
pub(crate) struct Entered {
    /// Client id.
    pub client_id: String,
    /// Client secret.
    pub secret: String,
    /// How long the old secret stays, a word of [`OLD_SECRET`].
    pub old_secret: String,
}

/// Names of the fields.
pub(crate) mod field {
    /// Client id.
    pub(crate) const CLIENT_ID: &str = "client_id";
    /// Client secret.
    pub(crate) const SECRET: &str = "client_secret";
    /// How long the old secret stays.
    pub(crate) const OLD_SECRET: &str = "old_secret";
}
