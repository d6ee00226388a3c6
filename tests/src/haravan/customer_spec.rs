//! What a test or a person asks for about customers. As with orders, everything has a sensible default and
//! unknown keys are refused.

use jiff::civil::Date;
use serde::Deserialize;

use super::given::Given;
use super::ids::OrgId;
use super::style::BodyStyle;

/// A customer to create, or the person behind a new buyer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CustomerSpec {
    /// the shop; the first one when absent
    pub orgid: Option<OrgId>,
    /// given name
    pub first_name: Given<String>,
    /// family and middle name
    pub last_name: Given<String>,
    /// e-mail
    pub email: Given<String>,
    /// phone, in any format
    pub phone: Given<String>,
    /// 1 male, 0 female
    pub gender: Given<u8>,
    /// date of birth
    pub birthday: Given<Date>,
    /// street and number
    pub address1: Given<String>,
    /// no address at all: `addresses: []`, `default_address: null`
    pub without_address: bool,
    /// an address after the 2025 reform: no district
    pub without_district: bool,
    /// comma separated
    pub tags: Given<String>,
    /// the shop's note
    pub note: Given<String>,
    /// how the customer's own bodies are written
    pub style: BodyStyle,
}

impl CustomerSpec {
    /// A person with this family name, given name, phone and e-mail.
    pub fn person(last_name: &str, first_name: &str, phone: &str, email: &str) -> Self {
        Self {
            last_name: Given::Is(last_name.to_owned()),
            first_name: Given::Is(first_name.to_owned()),
            phone: Given::Is(phone.to_owned()),
            email: Given::Is(email.to_owned()),
            ..Self::default()
        }
    }

    /// The same person written in another style.
    pub fn style(mut self, style: BodyStyle) -> Self {
        self.style = style;
        self
    }
}

/// A change to a customer; what is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CustomerChange {
    /// given name
    pub first_name: Given<String>,
    /// family and middle name
    pub last_name: Given<String>,
    /// e-mail
    pub email: Given<String>,
    /// phone
    pub phone: Given<String>,
    /// 1 male, 0 female
    pub gender: Given<u8>,
    /// date of birth
    pub birthday: Given<Date>,
    /// street and number of the default address
    pub address1: Given<String>,
    /// comma separated
    pub tags: Given<String>,
    /// the shop's note
    pub note: Given<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_specification_tells_absent_from_null() {
        let spec: CustomerSpec = serde_json::from_str(r#"{"email":null,"phone":"0903 555 018"}"#).unwrap();
        assert_eq!(spec.email, Given::Nothing);
        assert_eq!(spec.phone, Given::Is("0903 555 018".to_owned()));
        assert_eq!(spec.first_name, Given::Invented);
    }
}
