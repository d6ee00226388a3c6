//! Every switch of the simulated tenant (getfly.md §11), with defaults that behave as the aspect table's middle column.
//!
//! The whole struct travels as JSON through the settings route: a patch is merged into the current settings, and a
//! switch this file does not know is refused by name.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::faults::RandomFaults;

/// The switches of one simulated tenant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The tenant's one key, compared with the `X-API-KEY` header.
    pub api_key: String,
    /// The tenant's host, as written in webhooks and in picture links.
    pub domain: String,
    /// Answers every call with 403, as for a key without the right.
    pub key_forbidden: bool,
    /// Answers every call with 401 until it is switched off again.
    pub unauthorised_until_cleared: bool,
    /// Whether this release lacks v6.1, and how it says so.
    pub no_v61: MissingVersion,
    /// Whether the v6 routes exist.
    pub v6_on: bool,
    /// Whether the v3 routes exist.
    pub v3_on: bool,
    /// The largest page a list gives, whatever `limit` asks for.
    pub max_limit: usize,
    /// Whether `/api/v6.1/accounts` works without `fields` (off: 500).
    pub fields_optional: bool,
    /// Refuses unknown filters with 422; off, they are ignored.
    pub strict_filters: bool,
    /// The duplicate rule of each field that has one.
    pub duplicates: Duplicates,
    /// Compares phones by their digits (`+84…` as `0…`) in duplicate checks and filters; off, as typed (§15 U14).
    pub normalise_phones: bool,
    /// Compares e-mail addresses without regard to case in duplicate checks and filters; off, as typed.
    pub ignore_case: bool,
    /// Customer fields that are required besides `account_name`; names of custom fields work too.
    pub required: Vec<String>,
    /// Top-level keys of a create or update body that this tenant refuses with 422, for the refusals of §15 (U3, U11).
    pub refused_keys: Vec<String>,
    /// What happens to an unknown customer source.
    pub source_mode: SourceMode,
    /// What happens to an unknown order source.
    pub order_source_mode: SourceMode,
    /// Drops unknown or inactive user names silently; off, they are refused with 422.
    pub ignore_unknown_user: bool,
    /// What happens to a second order with the same code.
    pub order_dup_mode: OrderDupMode,
    /// What happens to an unknown product on an order line.
    pub product_mode: ProductMode,
    /// What becomes of an order for a customer code that is not there.
    pub unknown_account: UnknownAccount,
    /// How a strict tenant names the products it does not know.
    pub product_refusal: ProductRefusal,
    /// A product code that is refused whenever it is to be made.
    pub refused_product: Option<String>,
    /// Which of the answers seen in the wild a v6.1 order create gives (§6.1).
    pub order_answer: OrderAnswer,
    /// Keeps `f_amount` at 0 while the order waits for approval.
    pub payments_need_approval: bool,
    /// Forgets the payments sent inside an order's create body (§15 U7).
    pub drop_embedded_payments: bool,
    /// Accepts unknown payment methods without a name; off, 422.
    pub ignore_unknown_method: bool,
    /// Refuses edits of an order that no longer waits for approval (§6.2).
    pub approved_refuses_edits: bool,
    /// Answers the GET of an unknown order with 200 `{"data":[]}` instead of 404.
    pub empty_200: bool,
    /// Puts single records under `data` instead of at top level (§3.3).
    pub wrap_single: bool,
    /// Answers successful creates with 201 instead of 200 (§2.5).
    pub created_201: bool,
    /// Writes success messages in English (§2.5).
    pub english: bool,
    /// Requests per second before 429; 0 is no limit.
    pub rps: f64,
    /// The `Retry-After` sent with the limiter's 429, as it stands; it may be a decimal.
    pub retry_after: Option<String>,
    /// Faults that strike at random, for soak runs.
    pub random_faults: Option<RandomFaults>,
    /// Webhooks the tenant sends.
    pub webhooks: Webhooks,
    /// How many requests the log keeps.
    pub keep_requests: usize,
    /// Where each counter starts; read when the simulator is made or reset.
    pub counters: Counters,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            api_key: "khoaThuNghiemGetfly00000000001".to_owned(),
            domain: "hatmam-demo.getflycrm.com".to_owned(),
            key_forbidden: false,
            unauthorised_until_cleared: false,
            no_v61: MissingVersion::Off,
            v6_on: true,
            v3_on: false,
            max_limit: 100,
            fields_optional: false,
            strict_filters: false,
            duplicates: Duplicates::default(),
            normalise_phones: false,
            ignore_case: false,
            required: Vec::new(),
            refused_keys: Vec::new(),
            source_mode: SourceMode::Create,
            order_source_mode: SourceMode::Create,
            ignore_unknown_user: false,
            order_dup_mode: OrderDupMode::Reject,
            product_mode: ProductMode::Create,
            unknown_account: UnknownAccount::Refuse,
            product_refusal: ProductRefusal::EveryLine,
            refused_product: None,
            order_answer: OrderAnswer::Data,
            payments_need_approval: false,
            drop_embedded_payments: false,
            ignore_unknown_method: false,
            approved_refuses_edits: false,
            empty_200: false,
            wrap_single: false,
            created_201: false,
            english: false,
            rps: 0.0,
            retry_after: None,
            random_faults: None,
            webhooks: Webhooks::default(),
            keep_requests: 10_000,
            counters: Counters::default(),
        }
    }
}

impl Settings {
    /// These settings with the members of `patch` in place of their own, objects merged member by member.
    ///
    /// # Errors
    /// A text for people, naming the switch that is unknown or has a wrong value.
    pub fn patched(&self, patch: &Value) -> Result<Self, String> {
        if !patch.is_object() {
            return Err("the settings must be a JSON object".to_owned());
        }
        let mut merged = serde_json::to_value(self).map_err(|error| error.to_string())?;
        merge(&mut merged, patch);
        let settings: Self =
            serde_json::from_value(merged).map_err(|error| format!("settings refused: {error}"))?;
        if let Some(random) = &settings.random_faults {
            random.check()?;
        }
        if !settings.rps.is_finite() || settings.rps < 0.0 {
            return Err("settings refused: rps must be 0 or more".to_owned());
        }
        Ok(settings)
    }
}

/// Lays `patch` over `target`; members of the faults' own enums replace whole values.
fn merge(target: &mut Value, patch: &Value) {
    match (target, patch) {
        (Value::Object(target), Value::Object(patch)) => {
            for (key, value) in patch {
                match target.get_mut(key) {
                    Some(old) => merge(old, value),
                    None => {
                        target.insert(key.clone(), value.clone());
                    }
                }
            }
        }
        (target, patch) => *target = patch.clone(),
    }
}

/// How a release without v6.1 answers v6.1 routes (getfly.md §2.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MissingVersion {
    /// v6.1 is there.
    #[default]
    Off,
    /// 404 with a "route not found" text.
    NotFound,
    /// 200 with an HTML page.
    #[serde(rename = "html_200")]
    Html200,
}

/// The duplicate rule per field (getfly.md §3.5).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Duplicates {
    /// The rule for the main phone.
    pub phone_office: DuplicateRule,
    /// The rule for the e-mail address.
    pub email: DuplicateRule,
}

/// A field is refused as duplicate only when `check` is on and `allow` is off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DuplicateRule {
    /// "Check for duplicates".
    pub check: bool,
    /// "Allow duplicates".
    pub allow: bool,
}

impl DuplicateRule {
    /// Whether a duplicate is refused.
    #[must_use]
    pub fn forbids(self) -> bool {
        self.check && !self.allow
    }
}

impl Default for DuplicateRule {
    fn default() -> Self {
        Self { check: true, allow: false }
    }
}

/// What happens to a source name (getfly.md §11, row "Sources").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceMode {
    /// An unknown name is added with its slug; a name whose slug belongs to another name clashes (§3.1).
    #[default]
    Create,
    /// An unknown name is refused with 422.
    Strict,
    /// Any sent name is answered with 400 `errors.source_code`, as by the tenant of §3.1.
    Conflict,
}

/// What happens to a second order with the same code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderDupMode {
    /// 400.
    #[default]
    Reject,
    /// A second order is made (§15 U2).
    CreateSecond,
}

/// What becomes of an order for a customer code that is not there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownAccount {
    /// 422 `errors.account.account_code`.
    #[default]
    Refuse,
    /// 400 with words only.
    RefuseInWords,
    /// 404 with words only.
    NotFound,
    /// 200 with an error text.
    ErrorIn200,
    /// Makes a new customer of the order's snapshot, without a word.
    Create,
}

/// How a strict tenant names the products it does not know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProductRefusal {
    /// `errors` names every such line.
    #[default]
    EveryLine,
    /// `errors` names the first such line.
    FirstLine,
    /// The message says that there is one, and not which.
    InWords,
}

/// What happens to an unknown product on an order line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProductMode {
    /// The product is made from the line.
    #[default]
    Create,
    /// 422.
    Strict,
}

/// The answers an order create may give (getfly.md §6.1, §15 U1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderAnswer {
    /// `{"message","data":{"order_id","order_code"}}`.
    #[default]
    Data,
    /// `{"message","id"}`.
    Id,
    /// The bare number.
    Bare,
    /// `{"message"}` and nothing else.
    MessageOnly,
}

/// The webhooks the tenant sends (getfly.md §8).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Webhooks {
    /// Whether events are sent at all.
    pub on: bool,
    /// Where they are posted to.
    pub callback_url: String,
    /// The secret sent in plain text in every event.
    pub secret_key: String,
    /// How deep the data lies.
    pub nesting: Nesting,
}

impl Default for Webhooks {
    fn default() -> Self {
        Self {
            on: false,
            callback_url: String::new(),
            secret_key: "bi-mat-thu-nghiem".to_owned(),
            nesting: Nesting::Flat,
        }
    }
}

/// Where a webhook puts its ids; releases differ (getfly.md §8).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Nesting {
    /// `data[order_id]`.
    #[default]
    Flat,
    /// `data[data][order_id]`.
    Data,
    /// `data[data][data][order_id]`.
    DataData,
}

/// The next number of each kind. The defaults give the numbers of the fixtures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Counters {
    /// Next `account_id`.
    pub account_id: u64,
    /// Next six-digit number of a made-up account code.
    pub account_number: u64,
    /// Next contact id.
    pub contact_id: u64,
    /// Next order id.
    pub order_id: u64,
    /// Next five-digit number of a made-up order code.
    pub order_number: u64,
    /// Next order line id.
    pub line_id: u64,
    /// Next payment id.
    pub payment_id: u64,
    /// Next product id.
    pub product_id: u64,
    /// Next account source id.
    pub source_id: u64,
    /// Next order source id.
    pub order_source_id: u64,
}

impl Default for Counters {
    fn default() -> Self {
        Self {
            account_id: 9001,
            account_number: 412,
            contact_id: 15_001,
            order_id: 5501,
            order_number: 1,
            line_id: 301,
            payment_id: 801,
            product_id: 2507,
            source_id: 13,
            order_source_id: 6,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_patch_changes_only_what_it_names() {
        let patched = Settings::default()
            .patched(&json!({"no_v61": "html_200", "duplicates": {"email": {"allow": true}}}))
            .unwrap();
        assert_eq!(patched.no_v61, MissingVersion::Html200);
        assert!(patched.duplicates.email.check && !patched.duplicates.email.forbids());
        assert!(patched.duplicates.phone_office.forbids());
    }

    #[test]
    fn an_unknown_switch_is_refused_by_name() {
        for patch in [json!({"no_v62": true}), json!({"webhooks": {"no_v62": 1}})] {
            assert!(Settings::default().patched(&patch).unwrap_err().contains("no_v62"));
        }
        assert!(Settings::default().patched(&json!([1])).is_err());
        assert!(Settings::default().patched(&json!({"rps": -1})).is_err());
    }

    #[test]
    fn a_patch_can_clear_what_was_set() {
        let set = Settings { retry_after: Some("1.5".to_owned()), ..Settings::default() };
        assert_eq!(set.patched(&json!({"retry_after": null})).unwrap().retry_after, None);
    }
}
