//! A customer as Haravan writes it, by webhook, by REST or inside an order (haravan.md §3.3, §3.4, §4).

use jiff::civil::Date;
use serde::Deserialize;

use super::lenient;
use crate::email::real_email;
use crate::phone::PhoneNumber;
use crate::text::fold;

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
    /// Day of birth.
    #[serde(deserialize_with = "lenient::day")]
    pub birthday: Option<Date>,
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
    /// Full name in Vietnamese order; `---` and masked names count as none.
    pub fn name(&self) -> Option<String> {
        full_name(self.last_name.as_deref(), self.first_name.as_deref())
    }

    /// A real e-mail address in lower case; Haravan's placeholders are none (haravan.md §3.4).
    pub fn email(&self) -> Option<String> {
        self.raw_email.as_deref().and_then(real_email)
    }

    /// Gender, where the shop knows it.
    pub fn gender(&self) -> Option<Gender> {
        match self.raw_gender.as_deref() {
            Some("0" | "female") => Some(Gender::Female),
            Some("1" | "male") => Some(Gender::Male),
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

    /// One line: street, ward, district, province.
    pub fn one_line(&self) -> Option<String> {
        let parts = [&self.address1, &self.address2, &self.ward, &self.district, &self.province];
        let line = parts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(", ");
        (!line.is_empty()).then_some(line)
    }

    /// Whether the address lies in Vietnam, as far as it says.
    pub fn is_vietnamese(&self) -> bool {
        self.country_code.as_deref() == Some("vn")
            || self.country.as_deref().is_some_and(|name| fold(name) == "vietnam")
    }
}

fn full_name(family: Option<&str>, given: Option<&str>) -> Option<String> {
    let parts: Vec<&str> = [family, given].into_iter().flatten().filter(|part| is_real_name(part)).collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// Guests are named `---`; marketplaces mask names with asterisks (haravan.md §3.4).
fn is_real_name(part: &str) -> bool {
    part.chars().any(|c| !c.is_ascii_punctuation()) && !part.contains('*')
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
    fn gender_is_read_from_numbers_and_text() {
        let gender = |json: &str| serde_json::from_str::<Customer>(json).unwrap().gender();
        assert_eq!(gender(r#"{"gender":0}"#), Some(Gender::Female));
        assert_eq!(gender(r#"{"gender":"1"}"#), Some(Gender::Male));
        assert_eq!(gender(r#"{"gender":null}"#), None);
        assert_eq!(gender(r#"{"gender":7}"#), None);
    }
}
