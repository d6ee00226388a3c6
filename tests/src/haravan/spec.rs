//! What a test or a person asks the simulated shop for: orders and changes to them.
//!
//! Everything has a sensible default, so `OrderSpec::default()` is a realistic order of a new buyer. The same
//! types are the JSON bodies of the control API; unknown keys are refused so that a typo is not ignored.

use serde::{Deserialize, Serialize};

use super::customer_spec::CustomerSpec;
use super::given::{Dong, Given};
use super::ids::{CustomerId, OrgId, UserId};
use super::style::BodyStyle;

/// Who buys (haravan.md §3.4, §4 edge shapes).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Buyer {
    /// A person the shop has not seen; a customer record is created with the order.
    #[default]
    New,
    /// A customer the shop has.
    Known(CustomerId),
    /// A storefront guest: `guest@haravan.com`, names `---`, phone only in the addresses.
    Guest,
    /// A new person without e-mail: `{phone}.phone@haravan.com`.
    PhoneOnly,
    /// A new person with e-mail and `phone: null`; the phone stands in the addresses.
    EmailOnly,
    /// A point-of-sale walk-in: `customer: null`, no addresses.
    WalkIn,
    /// A marketplace order: masked name, no phone, guest e-mail, lines without product ids.
    Masked,
}

/// How an order stands financially (haravan.md §3.8).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Payment {
    /// nothing received
    #[default]
    Pending,
    /// reserved on a card
    Authorized,
    /// half received, written `partiallypaid`
    PartiallyPaid,
    /// half received, written `partially_paid`
    PartiallyPaidDocumented,
    /// received in full
    Paid,
    /// received and partly returned
    PartiallyRefunded,
    /// received and returned
    Refunded,
    /// void
    Voided,
}

impl Payment {
    /// The text on the wire.
    pub fn text(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Authorized => "authorized",
            Self::PartiallyPaid => "partiallypaid",
            Self::PartiallyPaidDocumented => "partially_paid",
            Self::Paid => "paid",
            Self::PartiallyRefunded => "partially_refunded",
            Self::Refunded => "refunded",
            Self::Voided => "voided",
        }
    }
}

/// How an order is (to be) paid: `gateway` and `gateway_code` (haravan.md §3.2).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gateway {
    /// cash on delivery
    #[default]
    Cod,
    /// `Chuyển khoản qua ngân hàng`, `bankdeposit`
    BankTransfer,
    /// `Tiền mặt`, `Custom`
    Cash,
    /// both null
    None,
    /// the shop's own
    Custom {
        /// display name
        name: String,
        /// code
        code: String,
    },
}

impl Gateway {
    /// `gateway` and `gateway_code`.
    pub(super) fn texts(&self) -> (Option<String>, Option<String>) {
        let (name, code) = match self {
            Self::Cod => ("Thanh toán khi giao hàng (COD)", "COD"),
            Self::BankTransfer => ("Chuyển khoản qua ngân hàng", "bankdeposit"),
            Self::Cash => ("Tiền mặt", "Custom"),
            Self::None => return (None, None),
            Self::Custom { name, code } => (name.as_str(), code.as_str()),
        };
        (Some(name.to_owned()), Some(code.to_owned()))
    }
}

/// One line of an order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LineSpec {
    /// product title; invented from the shop's catalogue when absent
    pub title: Option<String>,
    /// variant title, `Default Title` when absent on a given `title`
    pub variant_title: Option<String>,
    /// stock code
    pub sku: Given<String>,
    /// list price of one piece
    pub price: Option<Dong>,
    /// pieces; 0 means one
    pub quantity: u32,
    /// discount of the whole line; cut so that it divides by the quantity to four decimals
    pub discount: Dong,
    /// custom line: `product_id` and `variant_id` null
    pub custom: bool,
    /// engraving text and the like, as `properties`
    pub property: Option<String>,
}

impl LineSpec {
    /// `quantity` pieces of `title` at `price`.
    pub fn of(title: &str, price: i64, quantity: u32) -> Self {
        Self { title: Some(title.to_owned()), price: Some(price.into()), quantity, ..Self::default() }
    }

    /// The same line with a stock code.
    pub fn sku(mut self, sku: &str) -> Self {
        self.sku = Given::Is(sku.to_owned());
        self
    }

    /// The same line with a discount.
    pub fn discount(mut self, discount: impl Into<Dong>) -> Self {
        self.discount = discount.into();
        self
    }
}

/// What a discount code takes off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CouponKind {
    /// an amount
    #[default]
    FixedAmount,
    /// an amount that came from a percentage
    Percentage,
    /// the shipping fee, whatever the amount says
    Shipping,
}

/// A discount code; its amount is cut so that the total does not fall below zero.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coupon {
    /// what the buyer typed
    pub code: String,
    /// what it takes off
    pub amount: Dong,
    /// what kind it is
    #[serde(default)]
    pub kind: CouponKind,
}

/// An order to create. Start from [`OrderSpec::default`], or [`OrderSpec::paid`], and chain.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OrderSpec {
    /// the shop; the first one when absent
    pub orgid: Option<OrgId>,
    /// who buys
    pub buyer: Buyer,
    /// details of a new buyer
    pub customer: CustomerSpec,
    /// financial status at creation
    pub payment: Payment,
    /// payment method
    pub gateway: Gateway,
    /// payments tried so far, in place of the one that `payment` stands for
    pub payments: Vec<PaymentSpec>,
    /// money given back so far, in place of what `payment` stands for
    pub refunds: Vec<RefundSpec>,
    /// lines; one to four from the catalogue when empty
    pub lines: Vec<LineSpec>,
    /// shipping fee; `null` gives the all-null line of haravan.md §3.7
    pub shipping: Given<Dong>,
    /// discount code
    pub coupon: Option<Coupon>,
    /// staff user who typed the order in; `user_id` is 0 without
    pub staff: Option<UserId>,
    /// sales channel; `web`, `pos`, `haravan_draft_order` or a marketplace when left to the generator
    pub source: Given<String>,
    /// note
    pub note: Given<String>,
    /// comma separated tags
    pub tags: Given<String>,
    /// VAT included in the prices, in percent; told in `total_tax`, no part of the sums
    pub tax_percent: u32,
    /// visible code; the shop's next `#…` when absent
    pub name: Option<String>,
    /// confirmed at creation; staff orders always are
    pub confirmed: bool,
    /// how long ago it was placed, for histories
    pub placed_seconds_ago: u32,
    /// how the order's bodies are written
    pub style: BodyStyle,
    /// pads the body to at least this many bytes with `note_attributes`
    pub bytes: usize,
    /// pads with random text instead of words, so that it does not compress
    pub noise: bool,
    /// emit `orders/updated` right after `orders/create`
    pub announce_updated: bool,
    /// emit `orders/paid` for an order created paid (haravan.md §10 #18: may or may not come)
    pub announce_paid: bool,
    /// emit `customers/create` for a new buyer
    pub announce_customer: bool,
}

impl Default for OrderSpec {
    fn default() -> Self {
        Self {
            orgid: None,
            buyer: Buyer::default(),
            customer: CustomerSpec::default(),
            payment: Payment::default(),
            gateway: Gateway::default(),
            payments: Vec::new(),
            refunds: Vec::new(),
            lines: Vec::new(),
            shipping: Given::Invented,
            coupon: None,
            staff: None,
            source: Given::Invented,
            note: Given::Invented,
            tags: Given::Invented,
            tax_percent: 0,
            name: None,
            confirmed: false,
            placed_seconds_ago: 0,
            style: BodyStyle::default(),
            bytes: 0,
            noise: false,
            announce_updated: true,
            announce_paid: true,
            announce_customer: true,
        }
    }
}

impl OrderSpec {
    /// A bank-transfer order that is paid at creation.
    pub fn paid() -> Self {
        Self { payment: Payment::Paid, gateway: Gateway::BankTransfer, ..Self::default() }
    }

    /// The same order at another shop.
    pub fn org(mut self, org: OrgId) -> Self {
        self.orgid = Some(org);
        self
    }

    /// The same order by another buyer.
    pub fn buyer(mut self, buyer: Buyer) -> Self {
        self.buyer = buyer;
        self
    }

    /// The same order by this new person.
    pub fn person(mut self, person: CustomerSpec) -> Self {
        self.buyer = Buyer::New;
        self.customer = person;
        self
    }

    /// The same order with another payment status.
    pub fn payment(mut self, payment: Payment) -> Self {
        self.payment = payment;
        self
    }

    /// The same order with another payment method.
    pub fn gateway(mut self, gateway: Gateway) -> Self {
        self.gateway = gateway;
        self
    }

    /// The same order with one more payment tried.
    pub fn tried(mut self, payment: PaymentSpec) -> Self {
        self.payments.push(payment);
        self
    }

    /// The same order with money given back.
    pub fn refunded(mut self, amount: i64, place: RefundPlace) -> Self {
        self.refunds.push(RefundSpec { amount: amount.into(), place });
        self
    }

    /// The same order with one more line.
    pub fn line(mut self, line: LineSpec) -> Self {
        self.lines.push(line);
        self
    }

    /// The same order with this shipping fee.
    pub fn shipping(mut self, fee: impl Into<Dong>) -> Self {
        self.shipping = Given::Is(fee.into());
        self
    }

    /// The same order with a fixed-amount discount code.
    pub fn coupon(mut self, code: &str, amount: impl Into<Dong>) -> Self {
        let kind = CouponKind::FixedAmount;
        self.coupon = Some(Coupon { code: code.to_owned(), amount: amount.into(), kind });
        self
    }

    /// The same order typed in by this staff user.
    pub fn staff(mut self, user: UserId) -> Self {
        self.staff = Some(user);
        self
    }

    /// The same order from another sales channel.
    pub fn source(mut self, source: &str) -> Self {
        self.source = Given::Is(source.to_owned());
        self
    }

    /// The same order with this note.
    pub fn note(mut self, note: &str) -> Self {
        self.note = Given::Is(note.to_owned());
        self
    }

    /// The same order written in another style.
    pub fn style(mut self, style: BodyStyle) -> Self {
        self.style = style;
        self
    }

    /// The same order padded to at least `bytes`.
    pub fn bytes(mut self, bytes: usize) -> Self {
        self.bytes = bytes;
        self
    }

    /// The same order announced by `orders/create` alone.
    pub fn quietly(mut self) -> Self {
        self.announce_updated = false;
        self.announce_paid = false;
        self.announce_customer = false;
        self
    }
}

/// A change to an order; what is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OrderChange {
    /// note
    pub note: Given<String>,
    /// tags
    pub tags: Given<String>,
    /// confirm it, by this staff user when given
    pub confirm: bool,
    /// fulfil it; emits `orders/fulfilled` too
    pub fulfil: bool,
    /// close it
    pub close: bool,
    /// the staff user who acts
    pub staff: Option<UserId>,
    /// lines to add
    pub add_lines: Vec<LineSpec>,
    /// takes the last line off, when more than one is there
    pub drop_last_line: bool,
}

/// A payment on an order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentSpec {
    /// by what, when it is not the order's own gateway
    #[serde(default)]
    pub gateway: Option<Gateway>,
    /// how it ended, such as `success` or `failure`; orders mostly do not say it
    #[serde(default)]
    pub status: Option<String>,
    /// how much; everything still owed when absent
    #[serde(default)]
    pub amount: Option<Dong>,
    /// who records it
    #[serde(default)]
    pub staff: Option<UserId>,
}

impl PaymentSpec {
    /// A payment of this amount.
    pub fn of(amount: i64) -> Self {
        Self { amount: Some(amount.into()), ..Self::default() }
    }

    /// The same payment by another gateway.
    pub fn by(mut self, gateway: Gateway) -> Self {
        self.gateway = Some(gateway);
        self
    }

    /// The same payment, ended like this.
    pub fn ended(mut self, status: &str) -> Self {
        self.status = Some(status.to_owned());
        self
    }
}

/// Where a body shows a refund (haravan.md §11).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundPlace {
    /// among the order's transactions and, as a copy, in `refunds`; both negative
    #[default]
    Both,
    /// among the order's transactions, negative; `refunds` has an entry without transactions
    Transactions,
    /// in `refunds` alone, positive
    Refunds,
}

/// Money given back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefundSpec {
    /// how much
    pub amount: Dong,
    /// where it is shown
    #[serde(default)]
    pub place: RefundPlace,
}

/// A cancellation (haravan.md §5.4).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CancelSpec {
    /// `customer`, `fraud`, `inventory`, `declined` or `other`; `customer` when absent
    #[serde(default)]
    pub reason: Option<String>,
    /// return what was received: a `refunds[]` entry and `financial_status: refunded`
    #[serde(default)]
    pub refund: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_key_is_refused_by_name() {
        let refusal = serde_json::from_str::<OrderSpec>(r#"{"buyerr":"new"}"#).unwrap_err().to_string();
        assert!(refusal.contains("buyerr"), "{refusal}");
    }

    #[test]
    fn every_buyer_can_be_named_in_json() {
        let buyers = r#"["new",{"known":1176400210},"guest","phone_only","email_only","walk_in","masked"]"#;
        let buyers: Vec<Buyer> = serde_json::from_str(buyers).unwrap();
        assert_eq!(buyers.get(1), Some(&Buyer::Known(CustomerId(1_176_400_210))));
    }
}
