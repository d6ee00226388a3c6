//! A change of settings: the one way of the form, the JSON API and the operator's command line.
//!
//! An edge hands over what was given for each setting: a value of JSON, or the text that somebody typed. `set` reads
//! it, checks it and says what is wrong in both languages. What is not given stays as it is.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde_json::{Map, Value};

use super::folded::{Folded, fold};
use super::{ResponseMode, Settings};
use crate::fault::{Fault, Said};
use crate::getfly::user::User;
use crate::id::StaffId;

/// Longest name, in characters.
const NAME: usize = 255;

/// No currency is worth so many dong.
const MOST_DONG: Decimal = Decimal::from_parts(1_000_000_000, 0, 0, false, 0);

/// Most entries of a map.
const ENTRIES: usize = 500;

/// Slowest and fastest CRM writes, per second.
pub const RATE: std::ops::RangeInclusive<f64> = 0.01..=1000.0;

/// The words of the ways in which Haravan answers a login.
pub const MODES: [(&str, ResponseMode); 2] =
    [("form_post", ResponseMode::FormPost), ("query", ResponseMode::Query)];

/// What was given for settings, by name.
#[derive(Debug, Clone, Default)]
pub struct SettingsChange(BTreeMap<String, Given>);

/// What was given for one setting.
#[derive(Debug, Clone, PartialEq)]
pub enum Given {
    /// A value of JSON.
    Json(Value),
    /// What somebody typed. A map is a line for each entry, `from = to`.
    Text(String),
}

impl SettingsChange {
    /// Nothing changes.
    pub fn new() -> Self {
        Self::default()
    }

    /// The change that an object of JSON asks for.
    pub fn of_json(given: Map<String, Value>) -> Self {
        Self(given.into_iter().map(|(name, value)| (name, Given::Json(value))).collect())
    }

    /// With this setting.
    pub fn with(mut self, name: &str, given: Given) -> Self {
        self.0.insert(name.to_owned(), given);
        self
    }

    /// The settings after the change. People who were named before are not doubted again, and nobody is where the CRM
    /// did not tell its users.
    ///
    /// # Errors
    /// What is wrong with each setting that cannot be as it was given.
    pub fn apply(&self, before: &Settings, users: Option<&[User]>) -> Result<Settings, Vec<Fault>> {
        let mut new = before.clone();
        let mut faults: Vec<Fault> =
            self.0.iter().filter_map(|(name, given)| set(&mut new, name, given).err()).collect();
        faults.extend(unknown_people(&new, before, users));
        if faults.is_empty() { Ok(new) } else { Err(faults) }
    }
}

/// Reads one setting.
fn set(new: &mut Settings, name: &str, given: &Given) -> Result<(), Fault> {
    let field = Reader { field: name, given };
    match name {
        "unique_phone" => new.unique_phone = field.tick()?,
        "unique_email" => new.unique_email = field.tick()?,
        "customers" => new.customers = field.tick()?,
        "orders" => new.orders = field.tick()?,
        "auto_approve" => new.auto_approve = field.tick()?,
        "default_manager" => new.default_manager = field.optional_name()?,
        "customer_source" => new.customer_source = field.name()?,
        "cash_method" => new.cash_method = field.name()?,
        "transfer_method" => new.transfer_method = field.name()?,
        "unit_name" => new.unit_name = field.name()?,
        "product_category" => new.product_category = field.name()?,
        "product_origin" => new.product_origin = field.name()?,
        "product_manufacturer" => new.product_manufacturer = field.name()?,
        "source_map" => new.source_map = field.map(name_of_map)?,
        "gateway_map" => new.gateway_map = field.map(name_of_map)?,
        "currency_rates" => new.currency_rates = field.map(rate_of_map)?,
        "foreign_currency_as_written" => new.foreign_currency_as_written = field.tick()?,
        "staff_map" => new.staff_map = field.staff()?,
        "writes_per_second" => new.writes_per_second = field.rate()?,
        "response_mode" => new.response_mode = field.mode()?,
        _ => return Err(unknown(name)),
    }
    Ok(())
}

/// One setting as it was given.
struct Reader<'a> {
    field: &'a str,
    given: &'a Given,
}

impl Reader<'_> {
    fn fault(&self, vi: &str, en: &str) -> Fault {
        Fault::new(self.field, vi, en)
    }

    fn wrong_type(&self) -> Fault {
        self.fault("Sai kiểu giá trị.", "The value is of the wrong type.")
    }

    /// Yes or no. A box that is not ticked sends an empty text.
    fn tick(&self) -> Result<bool, Fault> {
        match self.given {
            Given::Json(Value::Bool(on)) => Ok(*on),
            Given::Text(text) => match text.trim() {
                "true" | "on" | "1" => Ok(true),
                "false" | "off" | "0" | "" => Ok(false),
                _ => Err(self.wrong_type()),
            },
            Given::Json(_) => Err(self.wrong_type()),
        }
    }

    /// Writes per second; a decimal comma is one too.
    fn rate(&self) -> Result<f64, Fault> {
        let rate = match self.given {
            Given::Json(Value::Number(number)) => number.as_f64(),
            Given::Json(_) => return Err(self.wrong_type()),
            Given::Text(text) => text.trim().replace(',', ".").parse().ok(),
        };
        rate.filter(|rate| RATE.contains(rate))
            .ok_or_else(|| self.fault("Nhập một số từ 0,01 đến 1000.", "Enter a number from 0.01 to 1000."))
    }

    fn text(&self) -> Result<&str, Fault> {
        match self.given {
            Given::Json(Value::String(text)) | Given::Text(text) => Ok(text.trim()),
            Given::Json(_) => Err(self.wrong_type()),
        }
    }

    fn name(&self) -> Result<String, Fault> {
        match self.text()? {
            "" => Err(self.fault("Không được để trống.", "This must not be empty.")),
            name if is_name(name) => Ok(name.to_owned()),
            _ => Err(too_long(self.field)),
        }
    }

    fn optional_name(&self) -> Result<Option<String>, Fault> {
        match self.given {
            Given::Json(Value::Null) => Ok(None),
            _ if self.text()?.is_empty() => Ok(None),
            _ => self.name().map(Some),
        }
    }

    fn mode(&self) -> Result<ResponseMode, Fault> {
        let word = self.text()?;
        MODES
            .into_iter()
            .find(|(known, _)| *known == word)
            .map(|(_, mode)| mode)
            .ok_or_else(|| self.wrong_type())
    }

    /// The entries of a map, both sides trimmed and no name given twice.
    fn pairs(&self) -> Result<Vec<(String, String)>, Fault> {
        let pairs = match self.given {
            Given::Json(Value::Object(map)) => map
                .iter()
                .map(|(from, to)| match to {
                    Value::String(to) => Ok((from.trim().to_owned(), to.trim().to_owned())),
                    Value::Number(to) => Ok((from.trim().to_owned(), to.to_string())),
                    _ => Err(self.wrong_type()),
                })
                .collect::<Result<Vec<_>, _>>()?,
            Given::Json(_) => return Err(self.wrong_type()),
            Given::Text(text) => self.lines(text)?,
        };
        if pairs.len() > ENTRIES {
            return Err(self.fault("Tối đa 500 dòng.", "At most 500 lines."));
        }
        let mut seen: BTreeMap<String, &str> = BTreeMap::new();
        for (from, _) in &pairs {
            if let Some(other) = seen.insert(fold(from), from) {
                return Err(self.fault(
                    &format!("“{other}” và “{from}” là cùng một tên: chỉ giữ lại một dòng."),
                    &format!("“{other}” and “{from}” are the same name: keep only one of them."),
                ));
            }
        }
        Ok(pairs)
    }

    fn lines(&self, text: &str) -> Result<Vec<(String, String)>, Fault> {
        let mut pairs = Vec::new();
        for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
            let pair = line.split_once('=').map(|(from, to)| (from.trim(), to.trim()));
            let Some((from, to)) = pair.filter(|(from, to)| !from.is_empty() && !to.is_empty()) else {
                return Err(self.fault(
                    &format!("Dòng {number} chưa đúng: viết tên ở Haravan = tên ở CRM."),
                    &format!("Line {number} is not right: write name at Haravan = name in the CRM."),
                ));
            };
            pairs.push((from.to_owned(), to.to_owned()));
        }
        Ok(pairs)
    }

    /// A map from names; `read` makes a value of the text on the right.
    fn map<V>(&self, read: impl Fn(&str) -> Result<V, Said>) -> Result<Folded<V>, Fault> {
        self.pairs()?
            .into_iter()
            .map(|(from, to)| {
                // The form splits a line at its first `=`.
                if !is_name(&from) || fold(&from).is_empty() || from.contains('=') {
                    return Err(self.fault(
                        "Mỗi tên phải có từ 1 đến 255 ký tự, không có dấu =.",
                        "Every name must have 1 to 255 characters, and no =.",
                    ));
                }
                let value = read(&to).map_err(|message| Fault { field: self.field.to_owned(), message })?;
                Ok((from, value))
            })
            .collect()
    }

    /// The map of Haravan's staff: ids to CRM users.
    fn staff(&self) -> Result<Folded<String>, Fault> {
        self.pairs()?
            .into_iter()
            .map(|(id, login)| match staff_id(&id) {
                None => Err(no_staff_id(self.field)),
                Some(id) if !is_name(&login) => Err(too_long(&format!("staff.{id}"))),
                Some(id) => Ok((id.to_string(), login)),
            })
            .collect()
    }
}

/// The value of a map from names to names.
fn name_of_map(text: &str) -> Result<String, Said> {
    match is_name(text) {
        true => Ok(text.to_owned()),
        false => {
            Err(Said::new("Mỗi tên phải có từ 1 đến 255 ký tự.", "Every name must have 1 to 255 characters."))
        }
    }
}

/// The value of a map from currencies to rates, as a decimal with a point.
///
/// `25.400` and `25,400` are 25,400 to one reader and 25.4 to the next, a thousandfold. What has one mark with three digits
/// behind it, or several marks, is therefore refused; a rate that has three decimals is stored with a fourth, so that it is
/// read back as it was.
fn rate_of_map(text: &str) -> Result<String, Said> {
    let plain: String = text.chars().filter(|c| !c.is_whitespace() && *c != '₫').collect();
    let decimals = plain.split(['.', ',']).nth(1).map(str::len);
    let is_clear = plain.split(['.', ',']).count() <= 2 && decimals != Some(3);
    let rate = plain.replace(',', ".").parse::<Decimal>().ok();
    let rate = rate
        .filter(|rate| is_clear && *rate > Decimal::ZERO && *rate < MOST_DONG)
        .map(|rate| rate.normalize());
    let stored = rate.map(|rate| if rate.scale() == 3 { format!("{rate}0") } else { rate.to_string() });
    stored.ok_or_else(|| {
        Said::new(
            "Tỷ giá là một số lớn hơn 0, viết liền không có dấu ngăn nghìn, ví dụ USD = 25400 hoặc 25400,5.",
            "A rate is a number above 0 without a mark between thousands, such as USD = 25400 or 25400.5.",
        )
    })
}

/// A Haravan staff id as somebody typed it.
pub fn staff_id(text: &str) -> Option<StaffId> {
    fold(text).parse().ok()
}

/// What is typed is no staff id.
pub fn no_staff_id(field: &str) -> Fault {
    Fault::new(field, "Mã nhân viên Haravan chỉ gồm chữ số.", "A Haravan staff id has digits only.")
}

fn is_name(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().count() <= NAME && !text.chars().any(char::is_control)
}

fn too_long(field: &str) -> Fault {
    Fault::new(
        field,
        "Từ 1 đến 255 ký tự, không có ký tự điều khiển.",
        "1 to 255 characters, and no control characters.",
    )
}

fn unknown(name: &str) -> Fault {
    let known = match serde_json::to_value(Settings::default()) {
        Ok(Value::Object(known)) => known.keys().cloned().collect::<Vec<_>>().join(", "),
        _ => String::new(),
    };
    Fault::new(
        name,
        &format!("Không có cài đặt này; có các cài đặt: {known}."),
        &format!("There is no such setting; there are {known}."),
    )
}

/// The people whom the change names and the CRM does not know.
fn unknown_people(new: &Settings, before: &Settings, users: Option<&[User]>) -> Vec<Fault> {
    let Some(users) = users else { return Vec::new() };
    let is_known = |login: &str| {
        users.iter().any(|user| {
            user.user_name == login
                || (login.contains('@') && user.email.as_deref() == Some(login.to_lowercase().as_str()))
        })
    };
    let nobody = |field: &str| {
        Fault::new(
            field,
            "CRM không có người dùng này. Hãy chọn lại, hoặc để trống.",
            "The CRM has no such user. Choose another, or leave it empty.",
        )
    };
    let manager = new
        .default_manager
        .iter()
        .filter(|login| before.default_manager.as_ref() != Some(login) && !is_known(login))
        .map(|_| nobody("default_manager"));
    let staff = new
        .staff_map
        .iter()
        .filter(|(id, login)| before.staff_map.get(id) != Some(login) && !is_known(login))
        .map(|(id, _)| nobody(&format!("staff.{id}")));
    manager.chain(staff).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_rate_is_read_as_people_write_it_and_nothing_else_is_one() {
        let read = |text: &str| rate_of_map(text).ok();
        for (typed, rate) in [
            ("25400", "25400"),
            ("25400,5", "25400.5"),
            ("25 400 ₫", "25400"),
            ("0,5", "0.5"),
            ("0.5", "0.5"),
            ("18,1250", "18.1250"),
            ("25400.00", "25400"),
        ] {
            assert_eq!(read(typed).as_deref(), Some(rate), "{typed}");
            assert_eq!(read(rate).as_deref(), Some(rate), "{rate} is read back as it was stored");
        }
        for none in [
            "",
            "0",
            "-1",
            "một",
            "25400 USD",
            "1e9",
            "1000000000",
            "25.400",
            "25,400",
            "1.234.567",
            "25.400,5",
            "0,125",
        ] {
            assert_eq!(read(none), None, "{none}");
        }
    }

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn json(given: Value) -> Result<Settings, Vec<Fault>> {
        let Value::Object(given) = given else { panic!("an object") };
        SettingsChange::of_json(given).apply(&Settings::default(), None)
    }

    fn text(name: &str, text: &str) -> Result<Settings, Vec<Fault>> {
        let change = SettingsChange::new().with(name, Given::Text(text.to_owned()));
        change.apply(&Settings::default(), None)
    }

    fn named(answer: Result<Settings, Vec<Fault>>) -> Vec<String> {
        answer.unwrap_err().into_iter().map(|fault| fault.field).collect()
    }

    #[test]
    fn every_setting_can_be_changed() {
        let Ok(Value::Object(defaults)) = serde_json::to_value(Settings::default()) else {
            panic!("an object")
        };
        assert_eq!(
            SettingsChange::of_json(defaults).apply(&Settings::default(), None),
            Ok(Settings::default())
        );
    }

    #[test]
    fn json_and_text_are_read_by_the_same_rules() {
        let pairs = json!({"COD": "Thu hộ", "Ví MoMo": "Momo"});
        let new = json(json!({"gateway_map": pairs})).unwrap();
        assert_eq!(text("gateway_map", "\r\nCOD = Thu hộ\r\n  Ví MoMo=Momo ").unwrap(), new);
        assert_eq!(new.gateway_method(Some("cod"), None), Some("Thu hộ"));
        assert_eq!(text("writes_per_second", " 2,5 "), json(json!({"writes_per_second": 2.5})));
        assert_eq!(text("orders", ""), json(json!({"orders": false})));
        assert_eq!(text("default_manager", " "), json(json!({"default_manager": null})));
        assert_eq!(text("unit_name", " 7 "), json(json!({"unit_name": "7"})));
        assert_eq!(text("response_mode", "query"), json(json!({"response_mode": "query"})));
    }

    #[test]
    fn what_is_not_given_stays() {
        let new = json(json!({"orders": false})).unwrap();
        assert_eq!(new, Settings { orders: false, ..Settings::default() });
    }

    #[test]
    fn two_spellings_of_one_name_are_refused_wherever_they_are_entered() {
        for (one, other) in
            [("web", "Web"), ("COD", "cod "), ("Ví", "Vi\u{301}"), ("a b", "a  b"), ("ａ", "a")]
        {
            for field in ["source_map", "gateway_map"] {
                let faults = json(json!({field: {one: "x", other: "y"}})).unwrap_err();
                assert!(faults[0].message.vi.contains("cùng một tên"), "{faults:?}");
                let typed = text(field, &format!("{one} = x\n{other} = y")).unwrap_err();
                assert!(typed[0].message.en.contains("the same name"), "{typed:?}");
            }
        }
        assert_eq!(named(json(json!({"staff_map": {"7": "a", "７": "b"}}))), ["staff_map"]);
    }

    #[test]
    fn every_bad_value_is_named_by_its_field() {
        for (given, field) in [
            (json!({"colour": 1}), "colour"),
            (json!({"orders": "no"}), "orders"),
            (json!({"writes_per_second": []}), "writes_per_second"),
            (json!({"writes_per_second": 0}), "writes_per_second"),
            (json!({"cash_method": " "}), "cash_method"),
            (json!({"cash_method": "a\u{0}b"}), "cash_method"),
            (json!({"unit_name": "x".repeat(256)}), "unit_name"),
            (json!({"default_manager": 7}), "default_manager"),
            (json!({"default_manager": "x".repeat(256)}), "default_manager"),
            (json!({"response_mode": "fragment"}), "response_mode"),
            (json!({"source_map": {"web": ""}}), "source_map"),
            (json!({"source_map": {"": "web"}}), "source_map"),
            (json!({"source_map": {"\u{200b}": "web"}}), "source_map"),
            (json!({"source_map": {"a=b": "web"}}), "source_map"),
            (json!({"source_map": ["web"]}), "source_map"),
            (json!({"gateway_map": {"cod": null}}), "gateway_map"),
            (json!({"staff_map": {"x": "a"}}), "staff_map"),
            (json!({"staff_map": {"7": ""}}), "staff.7"),
        ] {
            assert_eq!(named(json(given.clone())), [field], "{given}");
        }
        for (field, given) in [
            ("writes_per_second", "fast"),
            ("writes_per_second", "NaN"),
            ("writes_per_second", "inf"),
            ("writes_per_second", ""),
            ("source_map", "no pair"),
            ("source_map", "= to"),
            ("gateway_map", "from ="),
            ("orders", "perhaps"),
        ] {
            assert_eq!(named(text(field, given)), [field], "{given}");
        }
        let third = text("source_map", "web = Website\n\nfacebook").unwrap_err();
        assert!(third[0].message.en.starts_with("Line 3"), "{third:?}");
        let long: Map<String, Value> = (0..501).map(|at| (at.to_string(), "x".into())).collect();
        assert_eq!(named(json(json!({"source_map": long}))), ["source_map"]);
        let mut all = named(json(json!({"orders": "no", "colour": 1, "unit_name": ""})));
        all.sort();
        assert_eq!(all, ["colour", "orders", "unit_name"]);
    }

    proptest! {
        #[test]
        fn whatever_is_typed_is_refused_or_comes_back_as_it_was_read(at in 0..18_usize, typed in "\\PC*|[^=]{1,9} ?= ?[^=]{1,9}") {
            let Ok(Value::Object(all)) = serde_json::to_value(Settings::default()) else { panic!("an object") };
            let name = all.keys().nth(at % all.len()).unwrap();
            match text(name, &typed) {
                Ok(new) => {
                    let Ok(Value::Object(told)) = serde_json::to_value(&new) else { panic!("an object") };
                    prop_assert_eq!(SettingsChange::of_json(told).apply(&Settings::default(), None), Ok(new));
                }
                Err(faults) => prop_assert!(faults.iter().all(|fault| fault.message.vi != fault.message.en)),
            }
        }
    }

    #[test]
    fn people_whom_the_crm_does_not_know_are_refused_unless_they_were_there_before() {
        let users = [User { user_name: "thao.vo".to_owned(), email: Some("thao@x.vn".to_owned()) }];
        let change = |manager: &str, staff: &str| {
            let map = json!({"7": staff});
            SettingsChange::new()
                .with("default_manager", Given::Text(manager.to_owned()))
                .with("staff_map", Given::Json(map))
        };
        let before = Settings::default();
        let good = change("thao.vo", "Thao@x.vn").apply(&before, Some(&users)).unwrap();
        assert_eq!(good.staff(StaffId(7)), Some("Thao@x.vn"));
        let bad = change("nobody", "nobody@x.vn");
        assert_eq!(named(bad.apply(&before, Some(&users))), ["default_manager", "staff.7"]);
        let told_before = bad.apply(&before, None).unwrap();
        assert_eq!(bad.apply(&told_before, Some(&users)), Ok(told_before.clone()));
    }
}
