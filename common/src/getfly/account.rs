//! Customers, which Getfly calls accounts (getfly.md §3).

use serde::Serialize;
use serde_json::Value;

use super::answer::{integer, text};
use crate::email;
use crate::phone::PhoneNumber;

/// A customer to be created. A field that is `None` is not sent: a tenant's "required" rule treats null and empty alike
/// (getfly.md §10).
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct NewAccount {
    /// Our own code, `HRV-{Haravan customer id}`, by which the record is found again after an unknown outcome.
    pub account_code: String,
    /// Name.
    pub account_name: String,
    /// Main phone, in local form.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_office: Option<String>,
    /// E-mail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// 1 female, 2 male (getfly.md §15 U3).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gender: Option<u8>,
    /// `YYYY-MM-DD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub birthday: Option<String>,
    /// Note.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The whole address in one line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub billing_address_street: Option<String>,
    /// Country.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country_name: Option<String>,
    /// Province.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub province_name: Option<String>,
    /// District.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub district_name: Option<String>,
    /// Sources.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub account_source_names: Vec<String>,
    /// Person in charge.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_manager_username: Option<String>,
    /// Contact people.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<Contact>,
}

/// A contact person.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Contact {
    /// Full name.
    pub first_name: String,
    /// Phone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_home: Option<String>,
    /// E-mail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

impl NewAccount {
    /// Leaves out what a refusal named, as far as it can be left out without losing who the customer is. `None` when
    /// nothing could be; else the codes of what was left out.
    pub fn without(&self, fields: &[String]) -> Option<(Self, Vec<&'static str>)> {
        let mut slim = self.clone();
        let mut left_out = Vec::new();
        for field in fields {
            let head = field.split('.').next().unwrap_or_default();
            match head {
                "source" | "source_code" | "source_name" | "account_source_names" | "account_source" => {
                    slim.account_source_names.clear();
                    left_out.push("without_source");
                }
                "account_manager_username" | "account_manager" | "assigned_username" => {
                    slim.account_manager_username = None;
                    left_out.push("without_manager");
                }
                "gender" => {
                    slim.gender = None;
                    left_out.push("without_gender");
                }
                "birthday" => {
                    slim.birthday = None;
                    left_out.push("without_birthday");
                }
                "country_name" | "province_name" | "district_name" | "ward_name" | "country_id"
                | "province_id" | "district_id" => {
                    slim.country_name = None;
                    slim.province_name = None;
                    slim.district_name = None;
                    left_out.push("without_region");
                }
                "contacts" => {
                    slim.contacts.clear();
                    left_out.push("without_contacts");
                }
                "email" if self.phone_office.is_some() => {
                    slim.email = None;
                    slim.contacts.iter_mut().for_each(|contact| contact.email = None);
                    left_out.push("without_email");
                }
                _ => {}
            }
        }
        left_out.sort_unstable();
        left_out.dedup();
        (slim != *self).then_some((slim, left_out))
    }
}

/// A customer that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Numeric id; the oldest of several is the one with the lowest.
    pub id: Option<i64>,
    /// Its code.
    pub code: String,
    /// Every number of its phone field: people type two into one.
    phones: Vec<PhoneNumber>,
    /// Every address of its e-mail field.
    emails: Vec<String>,
}

impl Account {
    /// Reads a row; `None` when it has no code.
    pub fn read(row: &Value) -> Option<Self> {
        Some(Self {
            id: integer(row, "id"),
            code: text(row, "account_code")?,
            phones: text(row, "phone_office").as_deref().map(PhoneNumber::all).unwrap_or_default(),
            emails: text(row, "email").as_deref().map(email::addresses).unwrap_or_default(),
        })
    }

    /// Whether the number asked for really is one of its own.
    pub fn has_phone(&self, phone: &PhoneNumber) -> bool {
        self.phones.contains(phone)
    }

    /// Whether the clean address asked for really is one of its own.
    pub fn has_email(&self, email: &str) -> bool {
        self.emails.iter().any(|own| own == email)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_empty_is_sent() {
        let account =
            NewAccount { account_code: "HRV-1".into(), account_name: "A".into(), ..NewAccount::default() };
        assert_eq!(
            serde_json::to_string(&account).unwrap(),
            r#"{"account_code":"HRV-1","account_name":"A"}"#
        );
    }

    #[test]
    fn a_refused_field_is_left_out_but_never_the_identity() {
        let account = NewAccount {
            account_code: "HRV-1".into(),
            account_name: "A".into(),
            phone_office: Some("0903555018".into()),
            gender: Some(1),
            district_name: Some("Quận 1".into()),
            ..NewAccount::default()
        };
        let (slim, left_out) = account.without(&["gender".into(), "district_name".into()]).unwrap();
        assert_eq!(
            (slim.gender, slim.district_name, left_out),
            (None, None, vec!["without_gender", "without_region"])
        );
        for identity in ["phone_office", "account_name", "account_code", "custom_fields.tax"] {
            assert_eq!(account.without(&[identity.into()]), None, "{identity}");
        }
    }
}
