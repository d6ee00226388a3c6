//! How a tenant wants things done.
//!
//! [`Settings`] are stored with the tenant's record. The form, the JSON API and the operator's command line all change
//! them through [`change::SettingsChange`], so that one set of rules holds. The maps compare names as [`folded`] does.

pub mod change;
pub mod folded;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::id::StaffId;
use folded::Folded;

/// How a tenant wants things done. Every field has a default, so that older records stay readable.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// The CRM checks and forbids duplicate phone numbers (getfly.md §3.5).
    pub unique_phone: bool,
    /// The CRM checks and forbids duplicate e-mail addresses.
    pub unique_email: bool,
    /// Customers are carried over.
    pub customers: bool,
    /// Orders are carried over.
    pub orders: bool,
    /// The CRM user in charge of customers that no order's assignee is in charge of.
    pub default_manager: Option<String>,
    /// The name of the customer source.
    pub customer_source: String,
    /// Haravan sales channel → CRM order source; read by [`Settings::source_of`].
    pub source_map: Folded<String>,
    /// Haravan gateway, by code or display name → CRM payment method; read by [`Settings::gateway_method`].
    pub gateway_map: Folded<String>,
    /// Currency → dong for one of it, a decimal in text; read by [`Settings::rate_of`].
    pub currency_rates: Folded<String>,
    /// Orders in a currency without a rate go over with their figures as they are, instead of being set aside.
    pub foreign_currency_as_written: bool,
    /// CRM payment method for cash on delivery.
    pub cash_method: String,
    /// CRM payment method for everything else.
    pub transfer_method: String,
    /// Haravan staff id → CRM user name; read by [`Settings::staff`].
    pub staff_map: Folded<String>,
    /// Unit of order lines and of products that are made for them.
    pub unit_name: String,
    /// Category of products that are made for order lines.
    pub product_category: String,
    /// Origin of products that are made for order lines.
    pub product_origin: String,
    /// Manufacturer of products that are made for order lines.
    pub product_manufacturer: String,
    /// Orders are approved in the CRM as they are made.
    pub auto_approve: bool,
    /// CRM writes per second (getfly.md §15 U8).
    pub writes_per_second: f64,
    /// How Haravan answers a login (haravan.md §1.3).
    pub response_mode: ResponseMode,
}

/// How Haravan hands the answer to a login over (haravan.md §1.3, §1.7).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseMode {
    /// `code id_token`, posted by a form: what Haravan recommends.
    #[default]
    FormPost,
    /// `code` alone, in the query of a redirect.
    Query,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            unique_phone: true,
            unique_email: true,
            customers: true,
            orders: true,
            default_manager: None,
            customer_source: "haravan".to_owned(),
            source_map: Folded::default(),
            gateway_map: Folded::default(),
            currency_rates: Folded::default(),
            foreign_currency_as_written: false,
            cash_method: "Tiền mặt".to_owned(),
            transfer_method: "Chuyển khoản".to_owned(),
            staff_map: Folded::default(),
            unit_name: "Cái".to_owned(),
            product_category: "Haravan".to_owned(),
            product_origin: "Việt Nam".to_owned(),
            product_manufacturer: "Haravan".to_owned(),
            auto_approve: false,
            writes_per_second: 1.0,
            response_mode: ResponseMode::FormPost,
        }
    }
}

impl Settings {
    /// Whether existing customers are looked for by phone and e-mail: only when the CRM checks *and* forbids duplicates
    /// of both (the owner's rule; getfly.md §3.5).
    pub fn looks_for_duplicates(&self) -> bool {
        self.unique_phone && self.unique_email
    }

    /// The CRM's order source for a sales channel; a channel that the map does not name keeps its own name.
    pub fn source_of(&self, channel: &str) -> String {
        self.source_map.get(channel).cloned().unwrap_or_else(|| channel.to_owned())
    }

    /// The CRM's payment method that the map gives a gateway: by code first, then by display name.
    pub fn gateway_method(&self, code: Option<&str>, name: Option<&str>) -> Option<&str> {
        [code, name].into_iter().flatten().find_map(|key| self.gateway_map.get(key)).map(String::as_str)
    }

    /// How many dong one of this currency is.
    pub fn rate_of(&self, currency: &str) -> Option<Decimal> {
        self.currency_rates.get(currency)?.parse().ok()
    }

    /// The CRM user, by login or e-mail, that the map gives a member of Haravan's staff.
    pub fn staff(&self, id: StaffId) -> Option<&str> {
        self.staff_map.get(&id.to_string()).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_finds_its_name_however_either_side_spells_it() {
        let map =
            [("Web", "Website"), ("Thanh toa\u{301}n  khi giao ha\u{300}ng", "Thu hộ"), ("ＣＯＤ", "Tiền")];
        let map: Folded<String> =
            map.into_iter().map(|(from, to)| (from.to_owned(), to.to_owned())).collect();
        let settings = Settings { source_map: map.clone(), gateway_map: map, ..Settings::default() };
        for channel in ["web", "WEB", " Web ", "ｗｅｂ", "w\u{200b}eb"] {
            assert_eq!(settings.source_of(channel), "Website", "{channel:?}");
        }
        assert_eq!(settings.source_of("Facebook"), "Facebook");
        let named = |code, name| settings.gateway_method(code, name);
        assert_eq!(named(None, Some("thanh toán khi giao hàng")), Some("Thu hộ"));
        assert_eq!(named(None, Some("Thanh  Toán khi\u{a0}giao hàng ")), Some("Thu hộ"));
        assert_eq!(named(Some("cod"), Some("web")), Some("Tiền"), "the code comes first");
        assert_eq!(named(Some("momo"), Some("Cod")), Some("Tiền"));
        assert_eq!(named(Some("momo"), None), None);
    }

    #[test]
    fn a_record_that_was_stored_before_keys_were_folded_matches_too() {
        let stored = r#"{"gateway_map":{"COD":"Thu hộ","Ví  MoMo":"Momo"},"staff_map":{"7":"thao"},
            "source_map":{"WEB":"A","Web":"B","web":"C"}}"#;
        let settings: Settings = serde_json::from_str(stored).unwrap();
        assert_eq!(settings.gateway_method(Some("cod"), None), Some("Thu hộ"));
        assert_eq!(settings.gateway_method(None, Some("ví momo")), Some("Momo"));
        assert_eq!(settings.staff(StaffId(7)), Some("thao"));
        assert_eq!(settings.source_of("wEb"), "C", "the spelling that is folded already wins");
    }
}
