//! How a body is written: number style, time style, escapes, key set, wrapper.

use serde::{Deserialize, Serialize};

/// How amounts (and ids) appear in the text (haravan.md §3.1, §8).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NumberStyle {
    /// `89000.0000`
    #[default]
    FourDecimals,
    /// `89000`; fractions keep only the digits they need
    Integers,
    /// `"89000.0000"`: amounts are strings, ids stay numbers
    Strings,
    /// amounts **and** ids and counts are strings
    StringsAndIds,
    /// `89000.0000000`
    SevenDecimals,
}

/// How many fractional digits times have (haravan.md §3.1: 0 to 7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeStyle {
    /// the digits the instant has, without trailing zeros, as in the fixtures
    #[default]
    Natural,
    /// always seven digits, `2021-08-18T05:58:03.3618601Z`
    SevenDigits,
    /// none: two changes within one second carry the same `updated_at`
    WholeSeconds,
}

/// Which of the two key sets of haravan.md §3.13 a body has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeySet {
    /// the reduced one captured from a webhook
    #[default]
    Webhook,
    /// the full one of REST answers
    Rest,
}

/// What is put around a body (haravan.md §2.7: normally nothing).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wrapper {
    /// the bare resource
    #[default]
    None,
    /// `{"order":{…}}` or `{"customer":{…}}`
    Entity,
    /// `{"data":{…}}`
    Data,
    /// `{"data":{"order":{…}}}`
    DataEntity,
}

/// The whole style of one body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BodyStyle {
    /// how amounts are written
    pub numbers: NumberStyle,
    /// how times are written
    pub times: TimeStyle,
    /// write non-ASCII characters as `\uXXXX`
    pub ascii: bool,
    /// indent as the fixtures do
    pub pretty: bool,
    /// key set and null patterns
    pub keys: KeySet,
    /// envelope
    pub wrapper: Wrapper,
}

impl BodyStyle {
    /// The style of REST answers.
    pub fn rest() -> Self {
        Self { keys: KeySet::Rest, ..Self::default() }
    }
}
