//! Who stands in an order: new, known, guest, walk-in and masked buyers (haravan.md §3.4, §4 edge shapes).

use jiff::Timestamp;

use super::generate::Generator;
use super::invented;
use super::model::{Address, Customer};
use super::spec::{Buyer, OrderSpec};

/// What a guest's e-mail is.
pub(super) const GUEST_EMAIL: &str = "guest@haravan.com";

/// Who stands in an order, and where it goes.
pub(super) struct Parties {
    pub customer: Option<Customer>,
    pub email: Option<String>,
    pub billing: Option<Address>,
    pub shipping: Option<Address>,
}

impl Parties {
    pub(super) fn of(from: &mut Generator, known: Option<Customer>, at: Timestamp, spec: &OrderSpec) -> Self {
        if spec.buyer == Buyer::WalkIn {
            return Self { customer: None, email: None, billing: None, shipping: None };
        }
        let mut customer = known.unwrap_or_else(|| from.customer(at, &spec.customer));
        let phone = customer.phone.clone();
        let mut address = match customer.addresses.first() {
            Some(address) => address.clone(),
            None => from.address(
                customer.first_name.as_deref(),
                customer.last_name.as_deref(),
                customer.phone.as_deref(),
            ),
        };
        match spec.buyer {
            Buyer::Guest => make_guest(&mut customer),
            Buyer::PhoneOnly => customer.email = phone.map(|phone| format!("{phone}.phone@haravan.com")),
            Buyer::EmailOnly => customer.phone = None,
            Buyer::Masked => {
                make_masked(&mut customer);
                if let Some(hidden) = customer.addresses.first() {
                    address = hidden.clone();
                }
            }
            Buyer::New | Buyer::Known(_) | Buyer::WalkIn => {}
        }
        let email = customer.email.clone().or_else(|| Some(GUEST_EMAIL.to_owned()));
        let mut billing = address.clone();
        billing.zip = None;
        let shipping = billing.clone();
        Self { customer: Some(customer), email, billing: Some(billing), shipping: Some(shipping) }
    }
}

/// A storefront guest's record: placeholder e-mail, no names, no phone (haravan.md §3.4).
pub(super) fn make_guest(customer: &mut Customer) {
    customer.email = Some(GUEST_EMAIL.to_owned());
    customer.first_name = None;
    customer.last_name = None;
    customer.phone = None;
    for address in &mut customer.addresses {
        address.first_name = Some("---".to_owned());
        address.last_name = Some("---".to_owned());
    }
}

/// A marketplace buyer's record: masked name, no phone, placeholder e-mail.
pub(super) fn make_masked(customer: &mut Customer) {
    let shown = invented::masked(customer.last_name.as_deref().unwrap_or("n"));
    customer.email = Some(GUEST_EMAIL.to_owned());
    customer.first_name = Some(shown.clone());
    customer.last_name = None;
    customer.phone = None;
    customer.birthday = None;
    customer.gender = None;
    for address in &mut customer.addresses {
        mask_address(address, &shown);
    }
}

/// An address as a marketplace shows it.
pub(super) fn mask_address(address: &mut Address, shown: &str) {
    address.first_name = Some(shown.to_owned());
    address.last_name = None;
    address.phone = Some(String::new());
    address.address1 = Some("******".to_owned());
}
