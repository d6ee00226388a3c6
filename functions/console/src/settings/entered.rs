//! The settings as a form shows and sends them: texts, so that what was entered is kept whatever it is.

use std::collections::BTreeMap;

use common::id::StaffId;
use common::store::tenants::{ResponseMode, Settings};

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
pub(crate) const TICKS: [&str; 5] = ["orders", "customers", "unique_phone", "unique_email", "auto_approve"];

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
        staff.extend(settings.staff_map.clone());
        Self {
            version: version(settings),
            ticks: TICKS.into_iter().zip(ticks).collect(),
            lines: LINES.into_iter().zip(lines).collect(),
            default_manager: settings.default_manager.clone().unwrap_or_default(),
            response_mode: mode_word(settings.response_mode).to_owned(),
            source_map: as_lines(&settings.source_map),
            gateway_map: as_lines(&settings.gateway_map),
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
            staff: form
                .beginning("staff.")
                .map(|(id, login)| (id.to_owned(), login.trim().to_owned()))
                .collect(),
            other_staff: (form.trimmed("other_staff_id"), form.trimmed("other_staff_login")),
        }
    }

    /// The settings they make, on top of `before`, and what cannot be read.
    pub(crate) fn settings(&self, before: &Settings) -> (Settings, Vec<Fault>) {
        let mut faults = Vec::new();
        let tick = |name| self.ticks.get(name).copied().unwrap_or_default();
        let line = |name| self.lines.get(name).cloned().unwrap_or_default();
        let rate: Option<f64> = line("writes_per_second").replace(',', ".").parse().ok();
        if rate.is_none() {
            faults.push(Fault::new(
                "writes_per_second",
                "Nhập một số từ 0,01 đến 1000.",
                "Enter a number from 0.01 to 1000.",
            ));
        }
        let mut staff_map: BTreeMap<String, String> = self
            .staff
            .iter()
            .filter(|(_, login)| !login.is_empty())
            .map(|(id, login)| (id.clone(), login.clone()))
            .collect();
        match &self.other_staff {
            (id, login) if id.is_empty() && login.is_empty() => {}
            (id, login) if id.parse::<StaffId>().is_ok() && !login.is_empty() => {
                staff_map.insert(id.clone(), login.clone());
            }
            (id, _) if id.parse::<StaffId>().is_ok() => faults.push(Fault::new(
                "other_staff_login",
                "Hãy chọn người dùng CRM cho nhân viên này.",
                "Please choose the CRM user for this member of staff.",
            )),
            _ => faults.push(Fault::new(
                "other_staff_id",
                "Mã nhân viên Haravan chỉ gồm chữ số.",
                "A Haravan staff id has digits only.",
            )),
        }
        let settings = Settings {
            unique_phone: tick("unique_phone"),
            unique_email: tick("unique_email"),
            customers: tick("customers"),
            orders: tick("orders"),
            auto_approve: tick("auto_approve"),
            default_manager: Some(self.default_manager.clone()).filter(|login| !login.is_empty()),
            customer_source: line("customer_source"),
            source_map: map(&self.source_map, "source_map", str::to_owned, &mut faults),
            gateway_map: map(&self.gateway_map, "gateway_map", str::to_lowercase, &mut faults),
            cash_method: line("cash_method"),
            transfer_method: line("transfer_method"),
            staff_map,
            unit_name: line("unit_name"),
            product_category: line("product_category"),
            product_origin: line("product_origin"),
            product_manufacturer: line("product_manufacturer"),
            writes_per_second: rate.unwrap_or(before.writes_per_second),
            response_mode: mode(&self.response_mode).unwrap_or(before.response_mode),
        };
        (settings, faults)
    }
}

/// The words of the ways in which Haravan answers a login.
pub(crate) const MODES: [(&str, ResponseMode); 2] =
    [("form_post", ResponseMode::FormPost), ("query", ResponseMode::Query)];

fn mode(word: &str) -> Option<ResponseMode> {
    MODES.into_iter().find(|(known, _)| *known == word).map(|(_, mode)| mode)
}

fn mode_word(mode: ResponseMode) -> &'static str {
    MODES.into_iter().find(|(_, known)| *known == mode).map_or("form_post", |(word, _)| word)
}

fn as_lines(map: &BTreeMap<String, String>) -> String {
    map.iter().map(|(from, to)| format!("{from} = {to}\n")).collect()
}

fn map(
    text: &str,
    field: &str,
    key: fn(&str) -> String,
    faults: &mut Vec<Fault>,
) -> BTreeMap<String, String> {
    let mut map = BTreeMap::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        let pair = line.split_once('=').map(|(from, to)| (from.trim(), to.trim()));
        match pair.filter(|(from, to)| !from.is_empty() && !to.is_empty()) {
            Some((from, to)) => {
                map.insert(key(from), to.to_owned());
            }
            None => {
                faults.push(Fault::new(
                    field,
                    &format!("Dòng {number} chưa đúng: viết tên ở Haravan = tên ở CRM."),
                    &format!("Line {number} is not right: write name at Haravan = name in the CRM."),
                ));
                break;
            }
        }
    }
    map
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
        let (read, faults) = Entered::of(&settings, &Seen::default()).settings(&Settings::default());
        assert_eq!((read, faults), (settings, Vec::new()));
    }

    #[test]
    fn a_line_that_is_no_pair_is_named() {
        let form = Form::read("source_map=web+%3D+Website%0A%0Afacebook&writes_per_second=2,5".as_bytes());
        let (settings, faults) = Entered::read(&form).settings(&Settings::default());
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(faults[0].message.en.starts_with("Line 3"), "{faults:?}");
        assert_eq!(settings.writes_per_second, 2.5);
    }
}
