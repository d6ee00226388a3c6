//! What the tenant keeps. Public, so that tests can look at the CRM's books directly.
//!
//! The JSON form is the one the inspection shows and the file keeps: times in the tenant's time, to the second, and
//! amounts as numbers.

use std::borrow::Cow;

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{money, text};

/// A CRM user (getfly.md §4).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct User {
    /// Numeric id; 0 lets the simulator pick the next one.
    pub user_id: u64,
    /// Login, what `assigned_username` and `account_manager_username` take.
    pub user_name: String,
    /// Name of the person.
    pub contact_name: String,
    /// E-mail address, may be empty.
    pub email: String,
    /// Phone.
    pub contact_mobile: String,
    /// Department id.
    pub dept_id: u64,
    /// Department name.
    pub dept_name: String,
    /// 1 for active, 0 for gone.
    pub valid: u8,
}

/// Where customers come from (getfly.md §3.4).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountSource {
    /// Numeric id.
    pub id: u64,
    /// Name as people see it.
    pub source_name: String,
    /// ASCII slug of the name, unique.
    pub source_code: String,
    /// 1 for usable.
    pub valid: u8,
    /// Parent in the tree, 0 at the top.
    pub parent_id: u64,
    /// Left edge in the nested set.
    pub lft: u64,
    /// Right edge in the nested set.
    pub rgt: u64,
    /// Depth in the tree.
    pub lvl: u64,
}

/// Kind of customer (getfly.md §3.4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AccountType {
    /// Numeric id.
    pub id: u64,
    /// Name as people see it.
    pub account_type_name: String,
    /// Code.
    pub account_type_code: String,
    /// 1 for no longer usable.
    pub invalid: u8,
    /// Parent, 0 at the top.
    pub parent_id: u64,
}

/// A custom field's definition (getfly.md §3.4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomField {
    /// Numeric id.
    pub id: u64,
    /// Key in `custom_fields`.
    pub field_name: String,
    /// Label as people see it.
    pub field_description: String,
    /// Kind of input.
    pub field_htmltype: String,
}

/// Where orders come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderSource {
    /// Numeric id, `src_id` in v6.
    pub id: u64,
    /// Name.
    pub name: String,
}

/// A way to pay (getfly.md §7.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentMethod {
    /// Numeric id.
    pub id: u64,
    /// Name.
    pub method_name: String,
}

/// A contact person of a customer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// Numeric id.
    pub id: u64,
    /// Full name.
    pub first_name: String,
    /// Job title.
    pub title: String,
    /// Phone.
    pub phone_home: String,
    /// E-mail address.
    pub email: String,
    /// `YYYY-MM-DD`.
    pub birthdate: Option<String>,
    /// 1 female, 2 male.
    pub gender_id: Option<i64>,
    /// Free text.
    pub description: String,
}

/// A customer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Account {
    /// Numeric id.
    pub id: u64,
    /// Code, unique also among deleted customers.
    pub account_code: String,
    /// Name.
    pub account_name: String,
    /// Free text.
    pub description: String,
    /// One address line.
    pub billing_address_street: String,
    /// Main phone as it was typed.
    pub phone_office: String,
    /// E-mail address as it was typed.
    pub email: String,
    /// Web site.
    pub website: String,
    /// `YYYY-MM-DD`.
    pub birthday: Option<String>,
    /// Tax code.
    pub sic_code: String,
    /// 1 female, 2 male.
    pub gender: Option<i64>,
    /// Ids of kinds.
    pub account_type: Vec<u64>,
    /// Ids of sources.
    pub account_source: Vec<u64>,
    /// Id of the relationship stage.
    pub relation_id: u64,
    /// Id of the person in charge, 0 for nobody.
    pub account_manager: u64,
    /// Country.
    pub country_name: String,
    /// Province.
    pub province_name: String,
    /// District.
    pub district_name: String,
    /// Ward.
    pub ward_name: String,
    /// Industries.
    pub industry_names: Vec<String>,
    /// Contact people.
    pub contacts: Vec<Contact>,
    /// Values of the defined custom fields.
    pub custom_fields: Map<String, Value>,
    /// When it was made.
    #[serde(with = "text::time")]
    pub created_at: Timestamp,
    /// When it last changed.
    #[serde(with = "text::time")]
    pub updated_at: Timestamp,
    /// When it was deleted, if it was.
    #[serde(with = "text::maybe_time")]
    pub deleted_at: Option<Timestamp>,
}

impl Account {
    /// Whether lists and single reads show it.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.deleted_at.is_none()
    }
}

/// A customer put into the books by a test, past every rule of the CRM.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SeedAccount {
    /// Numeric id; none takes the next one.
    pub id: Option<u64>,
    /// Code; none takes the counter's.
    pub account_code: Option<String>,
    /// Name.
    pub account_name: String,
    /// Main phone.
    pub phone_office: String,
    /// E-mail address.
    pub email: String,
    /// User name of the person in charge.
    pub account_manager_username: Option<String>,
}

/// A product.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Product {
    /// Numeric id.
    pub product_id: u64,
    /// Code, unique.
    pub product_code: String,
    /// Name.
    pub product_name: String,
    /// Unit.
    pub unit_name: String,
    /// Category.
    pub category_name: String,
    /// Origin.
    pub origin_name: String,
    /// Manufacturer.
    pub manufacturer_name: String,
    /// List price.
    #[serde(with = "money")]
    pub cover_price: Decimal,
    /// Bar code.
    pub barcode: String,
    /// When it was made.
    #[serde(with = "text::time")]
    pub created_at: Timestamp,
}

/// A line of an order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OrderLine {
    /// Numeric id.
    pub id: u64,
    /// The product.
    pub product_id: u64,
    /// Its code.
    pub product_code: String,
    /// Its name on this order.
    pub product_name: String,
    /// Its unit on this order.
    pub unit_name: String,
    /// How many.
    #[serde(with = "money")]
    pub quantity: Decimal,
    /// Price of one.
    #[serde(with = "money")]
    pub price: Decimal,
    /// Discount in percent, as sent.
    #[serde(with = "money")]
    pub product_sale_off: Decimal,
    /// Discount that counted.
    #[serde(with = "money")]
    pub cash_discount: Decimal,
    /// VAT in percent, as sent.
    #[serde(with = "money")]
    pub vat: Decimal,
    /// VAT that counted.
    #[serde(with = "money")]
    pub vat_amount: Decimal,
    /// What the line adds to the order.
    #[serde(with = "money")]
    pub amount: Decimal,
    /// Quantity times price.
    #[serde(with = "money")]
    pub origin_amount: Decimal,
    /// Free text.
    pub note: String,
}

/// A sale order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// Numeric id.
    pub id: u64,
    /// Code; unique unless the tenant makes second orders.
    pub order_code: String,
    /// The customer.
    pub account_id: u64,
    /// The customer's code when the order was made.
    pub account_code: String,
    /// Name on the order.
    pub account_name: String,
    /// Contact's name on the order.
    pub contact_name: String,
    /// Phone on the order.
    pub account_phone: String,
    /// E-mail address on the order.
    pub account_email: String,
    /// Address on the order.
    pub account_address: String,
    /// `YYYY-MM-DD`.
    pub order_date: String,
    /// Id of the assignee, 0 for nobody.
    pub assigned_user: u64,
    /// Id of the order source, 0 for none.
    pub order_source_id: u64,
    /// Name of the order source.
    pub order_source_name: String,
    /// Warehouse.
    pub store_name: String,
    /// Carrier's number.
    pub lading_code: String,
    /// 1 waiting, 2 approved, 5 cancelled.
    pub status: u8,
    /// Discount in percent, as sent.
    #[serde(with = "money")]
    pub discount: Decimal,
    /// Discount that counted.
    #[serde(with = "money")]
    pub discount_amount: Decimal,
    /// VAT in percent, as sent.
    #[serde(with = "money")]
    pub vat: Decimal,
    /// VAT that counted.
    #[serde(with = "money")]
    pub vat_amount: Decimal,
    /// Shipping.
    #[serde(with = "money")]
    pub transport_amount: Decimal,
    /// Installation.
    #[serde(with = "money")]
    pub installation_amount: Decimal,
    /// Total.
    #[serde(with = "money")]
    pub real_amount: Decimal,
    /// Paid so far; filled in when the order is read.
    #[serde(with = "money")]
    pub f_amount: Decimal,
    /// Label of how far it is paid; filled in when the order is read.
    pub payment_status: String,
    /// Planned way to pay.
    pub payment_method_name: String,
    /// Printed terms.
    pub terms: Vec<String>,
    /// Custom values as sent.
    pub custom_fields: Map<String, Value>,
    /// Lines.
    pub lines: Vec<OrderLine>,
    /// Ids of its payments.
    pub payment_ids: Vec<u64>,
    /// When it was made.
    #[serde(with = "text::time")]
    pub created_at: Timestamp,
    /// When it last changed.
    #[serde(with = "text::time")]
    pub updated_at: Timestamp,
}

/// Waiting for approval.
pub const WAITING: u8 = 1;
/// Approved.
pub const APPROVED: u8 = 2;
/// Rejected or cancelled.
pub const CANCELLED: u8 = 5;

impl Order {
    /// The label of the status, "Chờ duyệt" for a waiting order (getfly.md §6.5).
    #[must_use]
    pub fn status_label(&self) -> &'static str {
        match self.status {
            WAITING => "Chờ duyệt",
            APPROVED => "Đã duyệt",
            CANCELLED => "Đã hủy",
            _ => "",
        }
    }
}

/// An entry of an order's payment log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Payment {
    /// Numeric id.
    pub id: u64,
    /// The order.
    pub order_id: u64,
    /// VND.
    #[serde(with = "money")]
    pub amount: Decimal,
    /// Name of the way to pay, empty when the tenant ignored an unknown one.
    pub method_name: String,
    /// Free text.
    pub description: String,
    /// `YYYY-MM-DD`.
    pub pay_date: String,
    /// `embedded`, `direct` or `fund`.
    pub via: Cow<'static, str>,
    /// When it was recorded.
    #[serde(with = "text::time")]
    pub created_at: Timestamp,
}
