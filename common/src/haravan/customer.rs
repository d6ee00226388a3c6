//! A customer as Haravan writes it, by webhook, by REST or inside an order (haravan.md §3.3, §3.4, §4).

use jiff::civil::Date;
use serde::Deserialize;

use crate::email::real_email;
use crate::phone::PhoneNumber;
use crate::text::fold;
use crate::wire::lenient;

/// A buyer.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Customer {
    /// API id.
    #[serde(deserialize_with = "lenient::id")]
    pub id: Option<i64>,
    /// Given name, shown last in Vietnamese.
    #[serde(deserialize_with = "lenient::text")]
    pub first_name: Option<String>,
    /// Family and middle name.
    #[serde(deserialize_with = "lenient::text")]
    pub last_name: Option<String>,
    /// E-mail, placeholders included; see [`Customer::email`].
    #[serde(deserialize_with = "lenient::text", rename = "email")]
    pub raw_email: Option<String>,
    /// Phone in free format.
    #[serde(deserialize_with = "lenient::text")]
    pub phone: Option<String>,
    /// Day of birth, stand-ins included; see [`Customer::birthday`].
    #[serde(deserialize_with = "lenient::day", rename = "birthday")]
    pub raw_birthday: Option<Date>,
    /// `1` male, `0` female (haravan.md §4); the wire also has the texts.
    #[serde(deserialize_with = "lenient::word", rename = "gender")]
    pub raw_gender: Option<String>,
    /// The shop's note.
    #[serde(deserialize_with = "lenient::lines")]
    pub note: Option<String>,
    /// The address picked by default.
    #[serde(deserialize_with = "lenient::object")]
    pub default_address: Option<Address>,
    /// The ten most recently updated addresses.
    #[serde(deserialize_with = "lenient::list")]
    pub addresses: Vec<Address>,
}

/// What forms that insist on a birthday are filled with.
const PLACEHOLDER_BIRTHDAY: Date = jiff::civil::date(1900, 1, 1);

/// A postal address with its contact.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Address {
    /// Given name.
    #[serde(deserialize_with = "lenient::text")]
    pub first_name: Option<String>,
    /// Family and middle name.
    #[serde(deserialize_with = "lenient::text")]
    pub last_name: Option<String>,
    /// Full name, `last_name first_name`.
    #[serde(deserialize_with = "lenient::text", rename = "name")]
    pub raw_name: Option<String>,
    /// Phone in free format.
    #[serde(deserialize_with = "lenient::text")]
    pub phone: Option<String>,
    /// Street line.
    #[serde(deserialize_with = "lenient::text")]
    pub address1: Option<String>,
    /// Second line.
    #[serde(deserialize_with = "lenient::text")]
    pub address2: Option<String>,
    /// Ward.
    #[serde(deserialize_with = "lenient::text")]
    pub ward: Option<String>,
    /// District; null since the reform of 2025 (haravan.md §4).
    #[serde(deserialize_with = "lenient::text")]
    pub district: Option<String>,
    /// Province.
    #[serde(deserialize_with = "lenient::text")]
    pub province: Option<String>,
    /// City, rarely filled.
    #[serde(deserialize_with = "lenient::text")]
    pub city: Option<String>,
    /// Postal code, rarely filled.
    #[serde(deserialize_with = "lenient::text")]
    pub zip: Option<String>,
    /// Country name.
    #[serde(deserialize_with = "lenient::text")]
    pub country: Option<String>,
    /// Two letters; upper case in orders, lower case in customers.
    #[serde(deserialize_with = "lenient::word")]
    pub country_code: Option<String>,
}

/// A person's gender, where known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gender {
    /// Haravan's `0`.
    Female,
    /// Haravan's `1`.
    Male,
}

impl Customer {
    /// Full name in Vietnamese order, else that of the default address; `---` and masked names count as none.
    pub fn name(&self) -> Option<String> {
        full_name(self.last_name.as_deref(), self.first_name.as_deref())
            .or_else(|| self.address().and_then(Address::name))
    }

    /// Whether the record stands for a person. One with neither a name, a number nor an address of its own is a guest that
    /// many orders share, or masked (haravan.md §3.4): it stands for nobody.
    pub fn is_someone(&self) -> bool {
        self.own_phone().is_some() || self.email().is_some() || self.name().is_some()
    }

    /// Day of birth. Forms that insist on one are filled with `1900-01-01` or with a day to come: neither is a birthday.
    pub fn birthday(&self, today: Date) -> Option<Date> {
        self.raw_birthday.filter(|day| *day > PLACEHOLDER_BIRTHDAY && *day <= today)
    }

    /// A real e-mail address in lower case; Haravan's placeholders are none (haravan.md §3.4).
    pub fn email(&self) -> Option<String> {
        self.raw_email.as_deref().and_then(real_email)
    }

    /// Gender, where the shop knows it.
    pub fn gender(&self) -> Option<Gender> {
        match self.raw_gender.as_deref()? {
            "0" | "female" | "f" | "nữ" | "nu" => Some(Gender::Female),
            "1" | "male" | "m" | "nam" => Some(Gender::Male),
            _ => None,
        }
    }

    /// The address to show: the default one, else the most recent.
    pub fn address(&self) -> Option<&Address> {
        self.default_address.as_ref().or_else(|| self.addresses.first())
    }

    /// The customer's own number, else that of the default address.
    pub fn own_phone(&self) -> Option<PhoneNumber> {
        let country = self.address().and_then(|address| address.country_code.as_deref());
        let own = self.phone.as_deref().and_then(|phone| PhoneNumber::parse_in(phone, country));
        own.or_else(|| self.default_address.as_ref().and_then(Address::phone))
    }
}

impl Address {
    /// Full name of the contact, where there is a real one.
    pub fn name(&self) -> Option<String> {
        let parts = full_name(self.last_name.as_deref(), self.first_name.as_deref());
        parts.or_else(|| full_name(None, self.raw_name.as_deref()))
    }

    /// The contact's number.
    pub fn phone(&self) -> Option<PhoneNumber> {
        self.phone.as_deref().and_then(|phone| PhoneNumber::parse_in(phone, self.country_code.as_deref()))
    }

    /// District, unless masked.
    pub fn district(&self) -> Option<&str> {
        legible(self.district.as_deref())
    }

    /// Province, unless masked.
    pub fn province(&self) -> Option<&str> {
        legible(self.province.as_deref())
    }

    /// One line: street, ward, district, city, province, postal code, and the country if it is not Vietnam. A part that
    /// says the same as one before, or is masked, is left out. `None` when no part names a place within the country.
    pub fn one_line(&self) -> Option<String> {
        let country = if self.is_vietnamese() { &None } else { &self.country };
        let places = [&self.address1, &self.address2, &self.ward, &self.district, &self.city, &self.province];
        let mut line: Vec<&str> = Vec::new();
        for part in places.into_iter().filter_map(|part| legible(part.as_deref())) {
            if line.iter().all(|before| fold(before) != fold(part)) {
                line.push(part);
            }
        }
        if line.is_empty() {
            return None;
        }
        line.extend([&self.zip, country].into_iter().filter_map(|part| legible(part.as_deref())));
        Some(line.join(", "))
    }

    /// Whether the address lies in Vietnam, as far as it says.
    pub fn is_vietnamese(&self) -> bool {
        self.country_code.as_deref() == Some("vn")
            || self.country.as_deref().is_some_and(|name| fold(name) == "vietnam")
    }
}

/// A part of an address that can be read. Marketplaces mask it with asterisks, such as `1******` (haravan.md §3.4).
fn legible(part: Option<&str>) -> Option<&str> {
    part.filter(|part| !part.contains("**") && part.chars().any(char::is_alphanumeric))
}

fn full_name(family: Option<&str>, given: Option<&str>) -> Option<String> {
    let parts: Vec<&str> = [family, given].into_iter().flatten().filter(|part| is_real_name(part)).collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// Guests are named `---`; marketplaces mask names with asterisks (haravan.md §3.4).
fn is_real_name(part: &str) -> bool {
    part.chars().any(|c| !c.is_ascii_punctuation() && !c.is_whitespace()) && !part.contains('*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guest_and_masked_names_are_no_names() {
        let name = |json: &str| serde_json::from_str::<Customer>(json).unwrap().name();
        assert_eq!(name(r#"{"first_name":"---","last_name":"---"}"#), None);
        assert_eq!(name(r#"{"first_name":"N******n","last_name":null}"#), None);
        assert_eq!(name(r#"{"first_name":"Mai","last_name":"Phạm  Thu"}"#).as_deref(), Some("Phạm Thu Mai"));
    }

    #[test]
    fn an_address_after_2025_has_no_district() {
        let address: Address =
            serde_json::from_str(r#"{"address1":"5 Lê Lợi","ward":"Phường Sài Gòn","district":null,"district_code":null,"province":"Hồ Chí Minh","country_code":"vn"}"#)
                .unwrap();
        assert_eq!(address.one_line().as_deref(), Some("5 Lê Lợi, Phường Sài Gòn, Hồ Chí Minh"));
        assert!(address.is_vietnamese());
    }

    #[test]
    fn an_address_keeps_city_postal_code_and_a_foreign_country() {
        let line = |json: &str| serde_json::from_str::<Address>(json).unwrap().one_line();
        assert_eq!(
            line(r#"{"address1":"1 Main St","city":"Austin","province":"Texas","zip":"78701","country":"United States","country_code":"US"}"#).as_deref(),
            Some("1 Main St, Austin, Texas, 78701, United States")
        );
        assert_eq!(
            line(
                r#"{"address1":"5 Lê Lợi","city":"HỒ CHÍ MINH","province":"Hồ Chí Minh","country":"Vietnam"}"#
            )
            .as_deref(),
            Some("5 Lê Lợi, HỒ CHÍ MINH")
        );
        assert_eq!(
            line(r#"{"address1":"5 Lê Lợi","city":"Thủ Đức","province":"Hồ Chí Minh","zip":"","country_code":"vn","country":"Việt Nam"}"#).as_deref(),
            Some("5 Lê Lợi, Thủ Đức, Hồ Chí Minh")
        );
        // A country or a postal code alone is no address.
        assert_eq!(line(r#"{"zip":"700000","country":"Vietnam"}"#), None);
        assert_eq!(line(r#"{"country":"Japan"}"#), None);
    }

    #[test]
    fn a_masked_part_of_an_address_is_left_out() {
        let line = |json: &str| serde_json::from_str::<Address>(json).unwrap().one_line();
        assert_eq!(line(r#"{"address1":"1******","country":"Vietnam"}"#), None);
        assert_eq!(
            line(r#"{"address1":"****","ward":"P****g","province":"Hà Nội"}"#).as_deref(),
            Some("Hà Nội")
        );
        assert_eq!(
            line(r#"{"address1":"---","address2":".","district":"Quận 1"}"#).as_deref(),
            Some("Quận 1")
        );
        assert_eq!(line(r#"{"address1":"Số 5 * ngõ 3"}"#).as_deref(), Some("Số 5 * ngõ 3"));
        let masked: Address = serde_json::from_str(r#"{"district":"Q**","province":"H*****"}"#).unwrap();
        assert_eq!((masked.district(), masked.province()), (None, None));
    }

    #[test]
    fn a_birthday_that_stands_in_for_none_is_none() {
        let today = jiff::civil::date(2026, 6, 12);
        let birthday = |text: &str| {
            let customer: Customer = serde_json::from_str(&format!(r#"{{"birthday":"{text}"}}"#)).unwrap();
            customer.birthday(today).map(|day| day.to_string())
        };
        for none in [
            "0001-01-01T00:00:00",
            "1900-01-01T00:00:00Z",
            "2026-06-13",
            "2062-01-01",
            "9999-12-31",
            "01/02/1990",
            "",
        ] {
            assert_eq!(birthday(none), None, "{none}");
        }
        assert_eq!(birthday("2026-06-12T00:00:00Z").as_deref(), Some("2026-06-12"));
        assert_eq!(birthday("1931-05-06").as_deref(), Some("1931-05-06"));
    }

    #[test]
    fn a_record_without_name_number_and_address_stands_for_nobody() {
        let is_someone = |json: &str| serde_json::from_str::<Customer>(json).unwrap().is_someone();
        for nobody in [
            r#"{"id":5,"first_name":"---","last_name":"---","email":"guest@haravan.com"}"#,
            r#"{"id":5,"first_name":"N******n","phone":"","email":"guest@haravan.com"}"#,
            r#"{"id":5,"first_name":null,"default_address":{"first_name":"---","name":" ","address1":"1******"}}"#,
            r#"{"id":5,"birthday":"1990-01-01","note":"khách quen","gender":1}"#,
        ] {
            assert!(!is_someone(nobody), "{nobody}");
        }
        for person in [
            r#"{"first_name":"Lan"}"#,
            r#"{"email":"lan@example.com"}"#,
            r#"{"default_address":{"phone":"0903555018"}}"#,
            r#"{"first_name":"---","default_address":{"name":"Trần Lan"}}"#,
        ] {
            assert!(is_someone(person), "{person}");
        }
    }

    #[test]
    fn gender_is_read_from_numbers_and_text() {
        let gender = |json: &str| serde_json::from_str::<Customer>(json).unwrap().gender();
        assert_eq!(gender(r#"{"gender":0}"#), Some(Gender::Female));
        assert_eq!(gender(r#"{"gender":"1"}"#), Some(Gender::Male));
        for (female, male) in [("Nữ", "Nam"), ("nu", "NAM"), ("F", "M"), ("Female", " male ")] {
            assert_eq!(gender(&format!(r#"{{"gender":"{female}"}}"#)), Some(Gender::Female), "{female}");
            assert_eq!(gender(&format!(r#"{{"gender":"{male}"}}"#)), Some(Gender::Male), "{male}");
        }
        assert_eq!(gender(r#"{"gender":"Nu\u031b\u0303"}"#), Some(Gender::Female));
        assert_eq!(gender(r#"{"gender":null}"#), None);
        assert_eq!(gender(r#"{"gender":7}"#), None);
    }
}
