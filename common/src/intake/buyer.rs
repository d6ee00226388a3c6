//! Who bought, as the CRM will know them (getfly.md §3.1, §10; haravan.md §3.4, §4).

use jiff::civil::Date;

use crate::email;
use crate::getfly::account::{Contact, NewAccount};
use crate::haravan::customer::{Address, Customer, Gender};
use crate::haravan::order::Order;
use crate::id::{CustomerId, OrderId};
use crate::phone::PhoneNumber;
use crate::settings::Settings;
use crate::text::{cut, fold};

/// Longest name the CRM takes, in characters.
pub const NAME_LIMIT: usize = 255;

/// A buyer.
#[derive(Debug, Clone)]
pub struct Buyer {
    /// The Haravan customer, where the record stands for one person.
    pub customer: Option<CustomerId>,
    /// The CRM code a new customer gets, by which it is found again.
    pub code: String,
    /// Name, never empty.
    pub name: String,
    /// Number that identifies the person.
    pub phone: Option<PhoneNumber>,
    /// Real e-mail address.
    pub email: Option<String>,
    /// What was typed and nobody can be found by, as warning codes.
    pub unreadable: Vec<&'static str>,
    /// What the customer's record says of the person.
    details: Option<Customer>,
    address: Option<Address>,
}

impl Buyer {
    /// The person of a customer event.
    pub fn of_customer(customer: &Customer, id: CustomerId) -> Self {
        let (phone, email) = (customer.own_phone(), customer.email());
        let typed =
            [customer.phone.as_deref(), customer.default_address.as_ref().and_then(|it| it.phone.as_deref())];
        let typed = typed.into_iter().flatten().map(|phone| (phone, None));
        let unreadable = unreadable(phone.as_ref(), typed, email.as_deref(), customer.raw_email.as_deref());
        let (name, address) = (customer.name(), customer.address());
        let new = Self::new(Some(id), format!("HRV-{id}"), name, phone, email, Some(customer), address);
        Self { unreadable, ..new }
    }

    /// The person of an order.
    ///
    /// The number that *identifies* is the customer's own, else the payer's; the parcel's number only when the parcel is
    /// addressed to the buyer or nothing else says who that is, since it may go to a friend whose account must not get
    /// the order. Where the customer's record stands for nobody ([`Customer::is_someone`]), the order speaks for itself, and
    /// what the record says of a person (note, birthday, gender) is nobody's.
    pub fn of_order(order: &Order, id: OrderId) -> Self {
        let customer = order.customer.as_ref().filter(|customer| customer.is_someone());
        let own_phone = customer.and_then(Customer::own_phone);
        let customer_id = customer.and_then(|customer| customer.id).map(CustomerId);
        let code = customer_id.map_or_else(|| format!("HRV-O{id}"), |customer| format!("HRV-{customer}"));
        let billing_phone = || order.billing_address.as_ref().and_then(Address::phone);
        let parcel_phone = || {
            let address = order.shipping_address.as_ref()?;
            let to_buyer = customer_id.is_none()
                || address.name().map(|name| fold(&name)) == order.buyer_name().map(|name| fold(&name));
            to_buyer.then(|| address.phone()).flatten()
        };
        let phone = own_phone.or_else(billing_phone).or_else(parcel_phone);
        let email = order.email();
        let unreadable =
            unreadable(order.phone().as_ref(), order.typed_phones(), email.as_deref(), order.typed_emails());
        let new = Self::new(customer_id, code, order.buyer_name(), phone, email, customer, order.address());
        Self { unreadable, ..new }
    }

    fn new(
        customer: Option<CustomerId>,
        code: String,
        name: Option<String>,
        phone: Option<PhoneNumber>,
        email: Option<String>,
        details: Option<&Customer>,
        address: Option<&Address>,
    ) -> Self {
        let name =
            name.or_else(|| phone.as_ref().map(PhoneNumber::local)).or_else(|| email.clone()).unwrap_or_else(
                || format!("Khách Haravan {}", code.trim_start_matches("HRV-").trim_start_matches('O')),
            );
        Self {
            customer,
            code,
            name: cut(&name, NAME_LIMIT),
            phone,
            email,
            unreadable: Vec::new(),
            details: details.cloned(),
            address: address.cloned(),
        }
    }

    /// The CRM record to create `today`, in charge of `manager`.
    pub fn new_account(&self, settings: &Settings, manager: Option<&str>, today: Date) -> NewAccount {
        let details = self.details.as_ref();
        let phone = self.phone.as_ref().map(PhoneNumber::local);
        let address = self.address.as_ref();
        let contact =
            Contact { first_name: self.name.clone(), phone_home: phone.clone(), email: self.email.clone() };
        NewAccount {
            account_code: self.code.clone(),
            account_name: self.name.clone(),
            gender: details.and_then(Customer::gender).map(|gender| match gender {
                Gender::Female => 1,
                Gender::Male => 2,
            }),
            birthday: details.and_then(|details| details.birthday(today)).map(|day| day.to_string()),
            description: details.and_then(|details| details.note.clone()),
            billing_address_street: address.and_then(Address::one_line),
            country_name: address.filter(|address| address.is_vietnamese()).map(|_| "Việt Nam".to_owned()),
            province_name: address.and_then(Address::province).map(str::to_owned),
            district_name: address.and_then(Address::district).map(str::to_owned),
            account_source_names: vec![settings.customer_source.clone()],
            account_manager_username: manager.or(settings.default_manager.as_deref()).map(str::to_owned),
            contacts: if phone.is_some() || self.email.is_some() { vec![contact] } else { Vec::new() },
            phone_office: phone,
            email: self.email.clone(),
        }
    }
}

/// Warnings about fields that are filled although no number, no address could be read.
fn unreadable<'a>(
    phone: Option<&PhoneNumber>,
    phones: impl IntoIterator<Item = (&'a str, Option<&'a str>)>,
    email: Option<&str>,
    emails: impl IntoIterator<Item = &'a str>,
) -> Vec<&'static str> {
    let no_phone = phone.is_none()
        && phones.into_iter().any(|(text, country)| PhoneNumber::is_unreadable(text, country));
    let no_email = email.is_none() && emails.into_iter().any(email::is_unreadable);
    let warnings = [no_phone.then_some("phone_not_readable"), no_email.then_some("email_not_readable")];
    warnings.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_order(json: &str) -> Buyer {
        Buyer::of_order(&serde_json::from_str(json).unwrap(), OrderId(7))
    }

    #[test]
    fn the_buyers_own_number_identifies_and_not_the_parcels() {
        let buyer = of_order(
            r#"{"customer":{"id":5,"first_name":"Mai","default_address":{"phone":"0900000001"}},"shipping_address":{"phone":"0900000002"}}"#,
        );
        assert_eq!(buyer.phone.unwrap().local(), "0900000001");
    }

    #[test]
    fn a_parcel_to_a_friend_does_not_make_the_friend_the_buyer() {
        let parcel_to = |name: &str| {
            of_order(&format!(
                r#"{{"customer":{{"id":5,"first_name":"Mai","email":"mai@example.com"}},"shipping_address":{{"first_name":"{name}","phone":"0900000002"}}}}"#
            ))
        };
        assert_eq!(parcel_to("Lan").phone, None);
        assert_eq!(parcel_to("mai").phone.unwrap().local(), "0900000002");
    }

    #[test]
    fn a_nameless_guest_record_stands_for_nobody() {
        let buyer = of_order(
            r#"{"customer":{"id":5,"first_name":"---","last_name":"---","email":"guest@haravan.com"},"shipping_address":{"name":"Lan","phone":"0900000002"}}"#,
        );
        assert_eq!((buyer.customer, buyer.code.as_str(), buyer.name.as_str()), (None, "HRV-O7", "Lan"));
        assert!(buyer.phone.is_some());
    }

    #[test]
    fn a_masked_or_missing_buyer_still_has_a_name() {
        for json in [
            "{}",
            r#"{"customer":null}"#,
            r#"{"customer":{"id":5,"first_name":"N******n","email":"guest@haravan.com","phone":""}}"#,
        ] {
            let buyer = of_order(json);
            assert_eq!(
                (buyer.name.as_str(), buyer.phone, buyer.customer),
                ("Khách Haravan 7", None, None),
                "{json}"
            );
        }
    }

    #[test]
    fn a_guest_with_a_name_and_number_is_a_person() {
        let order = include_str!("../../../tests/fixtures/order_create_paid.json");
        let buyer = of_order(order);
        assert_eq!((buyer.code.as_str(), buyer.email.as_deref()), ("HRV-1176400388", None));
    }

    #[test]
    fn a_very_long_name_is_cut() {
        let buyer = of_order(&format!(r#"{{"customer":{{"id":5,"first_name":"{}"}}}}"#, "🙂".repeat(400)));
        assert_eq!(buyer.name.chars().count(), 255);
    }
}
