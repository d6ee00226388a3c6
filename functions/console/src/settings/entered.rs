//! The settings as a form shows and sends them: texts, so that what was entered is kept whatever it is.

use std::collections::BTreeMap;

use common::settings::change::{Given, MODES, SettingsChange, no_staff_id, staff_id};
use common::settings::folded::Folded;
use common::settings::{ResponseMode, Settings};

use super::save::version;
use super::seen::Seen;
use crate::form::{Fault, Form};

/// The names of the one-line fields.
pub(crate) const LINES: [&str; 8] = [
    "customer_source",
    "cash_method",
    "transfer_method",
    "unit_name",
    "product_category",
    "product_origin",
    "product_manufacturer",
    "writes_per_second",
];

/// The names of the boxes to tick.
pub(crate) const TICKS: [&str; 6] =
    ["orders", "customers", "unique_phone", "unique_email", "auto_approve", "foreign_currency_as_written"];

/// What stands in the fields.
#[derive(Debug, Clone, Default)]
pub(crate) struct Entered {
    /// The version of the settings that the form was made of.
    pub version: String,
    /// Boxes.
    pub ticks: BTreeMap<&'static str, bool>,
    /// One-line fields.
    pub lines: BTreeMap<&'static str, String>,
    /// The person in charge.
    pub default_manager: String,
    /// How Haravan answers a login.
    pub response_mode: String,
    /// Sales channels, a line each.
    pub source_map: String,
    /// Gateways, a line each.
    pub gateway_map: String,
    /// Currencies, a line each.
    pub currency_rates: String,
    /// Members of staff: id and CRM user.
    pub staff: BTreeMap<String, String>,
    /// A further member of staff.
    pub other_staff: (String, String),
}

impl Entered {
    /// The fields of settings; members of staff who were seen get one too.
    pub(crate) fn of(settings: &Settings, seen: &Seen) -> Self {
        let ticks = [
            settings.orders,
            settings.customers,
            settings.unique_phone,
            settings.unique_email,
            settings.auto_approve,
            settings.foreign_currency_as_written,
        ];
        let lines = [
            settings.customer_source.clone(),
            settings.cash_method.clone(),
            settings.transfer_method.clone(),
            settings.unit_name.clone(),
            settings.product_category.clone(),
            settings.product_origin.clone(),
            settings.product_manufacturer.clone(),
            settings.writes_per_second.to_string(),
        ];
        let mut staff: BTreeMap<String, String> =
            seen.staff.keys().map(|id| (id.to_string(), String::new())).collect();
        staff.extend(settings.staff_map.iter().map(|(id, login)| (id.to_owned(), login.clone())));
        Self {
            version: version(settings),
            ticks: TICKS.into_iter().zip(ticks).collect(),
            lines: LINES.into_iter().zip(lines).collect(),
            default_manager: settings.default_manager.clone().unwrap_or_default(),
            response_mode: mode_word(settings.response_mode).to_owned(),
            source_map: as_lines(&settings.source_map),
            gateway_map: as_lines(&settings.gateway_map),
            currency_rates: as_lines(&settings.currency_rates),
            staff,
            other_staff: Default::default(),
        }
    }

    /// What a form sent.
    pub(crate) fn read(form: &Form) -> Self {
        Self {
            version: form.trimmed("version"),
            ticks: TICKS.into_iter().map(|name| (name, form.is_on(name))).collect(),
            lines: LINES.into_iter().map(|name| (name, form.trimmed(name))).collect(),
            default_manager: form.trimmed("default_manager"),
            response_mode: form.trimmed("response_mode"),
            source_map: form.text("source_map").to_owned(),
            gateway_map: form.text("gateway_map").to_owned(),
            currency_rates: form.text("currency_rates").to_owned(),
            staff: form
                .beginning("staff.")
                .map(|(id, login)| (id.to_owned(), login.trim().to_owned()))
                .collect(),
            other_staff: (form.trimmed("other_staff_id"), form.trimmed("other_staff_login")),
        }
    }

    /// The change they ask for, and what is wrong with the further member of staff.
    pub(crate) fn change(&self) -> (SettingsChange, Vec<Fault>) {
        let mut faults = Vec::new();
        let mut staff: serde_json::Map<String, serde_json::Value> = self
            .staff
            .iter()
            .filter(|(_, login)| !login.is_empty())
            .map(|(id, login)| (id.clone(), login.clone().into()))
            .collect();
        let (id, login) = &self.other_staff;
        match staff_id(id) {
            None if id.is_empty() && login.is_empty() => {}
            None => faults.push(no_staff_id("other_staff_id")),
            Some(_) if login.is_empty() => faults.push(Fault::new(
                "other_staff_login",
                "Hãy chọn người dùng CRM cho nhân viên này.",
                "Please choose the CRM user for this member of staff.",
            )),
            Some(id) => drop(staff.insert(id.to_string(), login.clone().into())),
        }
        let ticks = self.ticks.iter().map(|(name, on)| (*name, Given::Json((*on).into())));
        let lines = self.lines.iter().map(|(name, text)| (*name, Given::Text(text.clone())));
        let others = [
            ("default_manager", &self.default_manager),
            ("response_mode", &self.response_mode),
            ("source_map", &self.source_map),
            ("gateway_map", &self.gateway_map),
            ("currency_rates", &self.currency_rates),
        ]
        .map(|(name, text)| (name, Given::Text(text.clone())));
        let change = ticks
            .chain(lines)
            .chain(others)
            .chain([("staff_map", Given::Json(staff.into()))])
            .fold(SettingsChange::new(), |change, (name, given)| change.with(name, given));
        (change, faults)
    }
}

fn mode_word(mode: ResponseMode) -> &'static str {
    MODES.into_iter().find(|(_, known)| *known == mode).map_or("form_post", |(word, _)| word)
}

fn as_lines(map: &Folded<String>) -> String {
    map.iter().map(|(from, to)| format!("{from} = {to}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_come_back_from_their_fields() {
        let settings = Settings {
            orders: false,
            default_manager: Some("thao.vo".to_owned()),
            source_map: [("Facebook".to_owned(), "Mạng xã hội".to_owned())].into(),
            gateway_map: [("cod".to_owned(), "Tiền mặt".to_owned())].into(),
            staff_map: [("7".to_owned(), "huy".to_owned())].into(),
            writes_per_second: 2.5,
            response_mode: ResponseMode::Query,
            ..Settings::default()
        };
        let (change, faults) = Entered::of(&settings, &Seen::default()).change();
        assert_eq!((change.apply(&Settings::default(), None), faults), (Ok(settings), Vec::new()));
    }

    #[test]
    fn a_further_member_of_staff_needs_both_halves_and_replaces_the_same_one() {
        let entered = |id: &str, login: &str| Entered {
            staff: [("7".to_owned(), "huy".to_owned())].into(),
            other_staff: (id.to_owned(), login.to_owned()),
            ..Entered::of(&Settings::default(), &Seen::default())
        };
        let fields = |id, login| -> Vec<String> {
            entered(id, login).change().1.into_iter().map(|fault| fault.field).collect()
        };
        assert_eq!(fields("abc", "huy"), ["other_staff_id"]);
        assert_eq!(fields("", "huy"), ["other_staff_id"]);
        assert_eq!(fields("8", ""), ["other_staff_login"]);
        let (change, faults) = entered("７", "thao").change();
        assert_eq!(faults, []);
        let staff_map = [("7".to_owned(), "thao".to_owned())].into();
        assert_eq!(
            change.apply(&Settings::default(), None),
            Ok(Settings { staff_map, ..Settings::default() })
        );
    }
}
