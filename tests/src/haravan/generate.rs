//! Invents customers and orders that look like real ones, the same ones for the same seed.
//!
//! Used by the simulated shop, and directly by tests and dictionary training that want thousands of bodies:
//!
//! ```
//! use connect_tests::haravan::generate::Generator;
//! use connect_tests::haravan::OrderSpec;
//!
//! let mut generator = Generator::new(7);
//! let now = "2026-06-12T03:25:41Z".parse()?;
//! let body = generator.order_text(now, &OrderSpec::paid());
//! assert!(body.contains(r#""financial_status":"paid""#));
//! # Ok::<(), jiff::Error>(())
//! ```

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::clock::whole_millis;
use super::customer_body::customer_text;
use super::customer_spec::CustomerSpec;
use super::given::Given;
use super::ids::{OrgId, UserId};
use super::invent_order::invent_order;
use super::invented::{self, pick};
use super::model::{Address, Customer};
use super::order_body::order_text;
use super::spec::{Buyer, Coupon, CouponKind, Gateway, OrderSpec, Payment};
use crate::sim::{Kept, Parts, Table};

/// The shop an order belongs to.
#[derive(Clone, Debug)]
pub struct Storefront {
    /// organisation id
    pub orgid: OrgId,
    /// shop name, the vendor of its products
    pub name: String,
    /// subdomain of myharavan.com
    pub subdomain: String,
    /// warehouse id
    pub location_id: i64,
    /// warehouse name
    pub location_name: String,
}

impl Storefront {
    /// The shop of the fixtures.
    pub fn demo() -> Self {
        Self {
            orgid: OrgId(200_000_987_654),
            name: "Hạt Mầm".to_owned(),
            subdomain: "hat-mam-demo".to_owned(),
            location_id: 1_581_234,
            location_name: "Kho Quận 1".to_owned(),
        }
    }
}

/// What ids are counted for; each kind has its own range, as on the platform.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    Order,
    Customer,
    Address,
    Line,
    Transaction,
    Refund,
}

/// A seeded source of people, orders and ids. Ids, phones and e-mails never repeat within one generator.
pub struct Generator {
    pub(super) rng: Rng,
    storefront: Storefront,
    last_ids: Table<Kind, i64>,
    order_numbers: Table<OrgId, i64>,
    /// Phones and e-mails somebody has.
    taken: Table<String, bool>,
    /// Where the random numbers stood when they were last written.
    random: Kept<u64>,
}

impl Generator {
    /// A generator for the shop of the fixtures.
    pub fn new(seed: u64) -> Self {
        Self::for_shop(seed, Storefront::demo())
    }

    /// A generator for another shop.
    pub fn for_shop(seed: u64, storefront: Storefront) -> Self {
        Self {
            rng: Rng::with_seed(seed),
            storefront,
            last_ids: Table::default(),
            order_numbers: Table::default(),
            taken: Table::default(),
            random: Kept::from(seed),
        }
    }

    /// What outlives the process.
    pub(super) fn parts(&mut self) -> Parts<'_> {
        let random = self.rng.get_seed();
        if *self.random != random {
            *self.random = random;
        }
        vec![
            ("random".into(), &mut self.random),
            ("last_id".into(), &mut self.last_ids),
            ("order_number".into(), &mut self.order_numbers),
            ("taken".into(), &mut self.taken),
        ]
    }

    /// Goes on where the generator of an earlier process stood.
    pub(super) fn read_back(&mut self) {
        self.rng = Rng::with_seed(*self.random);
    }

    /// From here on everything counts as changed.
    pub(super) fn note_all(&mut self) {
        *self.random = self.rng.get_seed();
        self.last_ids.note_all();
        self.order_numbers.note_all();
        self.taken.note_all();
    }

    /// The body of an `orders/create` for `spec` placed at `now`. [`Buyer::Known`] is taken for a new buyer here,
    /// as there is no shop to look in.
    pub fn order_text(&mut self, now: Timestamp, spec: &OrderSpec) -> String {
        let order = invent_order(self, &self.storefront.clone(), None, now, spec);
        order_text(&order, &order.style)
    }

    /// The same, parsed. Amounts lose their digits on the way (`89000.0000` → `89000.0`).
    pub fn order_value(&mut self, now: Timestamp, spec: &OrderSpec) -> serde_json::Value {
        serde_json::from_str(&self.order_text(now, spec)).unwrap_or_default()
    }

    /// The body of a `customers/create`.
    pub fn customer_text(&mut self, now: Timestamp, spec: &CustomerSpec) -> String {
        let customer = self.customer(now, spec);
        customer_text(&customer, &customer.style)
    }

    /// A specification such as a busy shop produces: any kind of buyer, payment, channel and discount.
    pub fn any_order(&mut self) -> OrderSpec {
        let rng = &mut self.rng;
        let buyer = match rng.u32(..20) {
            0..12 => Buyer::New,
            12..14 => Buyer::Guest,
            14 | 15 => Buyer::PhoneOnly,
            16 => Buyer::EmailOnly,
            17 => Buyer::WalkIn,
            _ => Buyer::Masked,
        };
        let gateway = match rng.u32(..8) {
            0..4 => Gateway::Cod,
            4..6 => Gateway::BankTransfer,
            6 => Gateway::Cash,
            _ => Gateway::None,
        };
        let payment = match rng.u32(..10) {
            0..6 => Payment::Pending,
            6..9 => Payment::Paid,
            _ => Payment::PartiallyPaid,
        };
        let coupon = (rng.u32(..4) == 0).then(|| Coupon {
            code: format!("CHAOBAN{}", rng.u32(1..99)),
            amount: i64::from(rng.u32(1..20) * 5000).into(),
            kind: pick_kind(rng),
        });
        let staff = (rng.u32(..3) == 0).then(|| UserId(200_001_038_421 + i64::from(rng.u32(..3))));
        let note = if rng.bool() { Given::Invented } else { Given::Nothing };
        OrderSpec { buyer, gateway, payment, coupon, staff, note, ..OrderSpec::default() }
    }

    /// A customer record.
    pub(super) fn customer(&mut self, now: Timestamp, spec: &CustomerSpec) -> Customer {
        let female = match &spec.gender {
            Given::Is(gender) => *gender == 0,
            _ => self.rng.bool(),
        };
        let (middles, givens) = if female {
            (invented::MIDDLE_FEMALE, invented::GIVEN_FEMALE)
        } else {
            (invented::MIDDLE_MALE, invented::GIVEN_MALE)
        };
        let spec = spec.clone();
        let rng = &mut self.rng;
        let last_name = spec
            .last_name
            .or_invent(|| Some(format!("{} {}", pick(rng, invented::FAMILY), pick(rng, middles))));
        let first_name = spec.first_name.or_invent(|| Some(pick(rng, givens).to_owned()));
        let phone = spec.phone.or_invent(|| Some(self.new_phone()));
        let email =
            spec.email.or_invent(|| Some(self.new_email(first_name.as_deref(), last_name.as_deref())));
        let gender = spec.gender.or_invent(|| (self.rng.u32(..3) > 0).then_some(u8::from(!female)));
        let birthday = spec.birthday.or_invent(|| self.new_birthday());
        let mut addresses = Vec::new();
        if !spec.without_address {
            let mut address = self.address(first_name.as_deref(), last_name.as_deref(), phone.as_deref());
            spec.address1.change(&mut address.address1);
            address.with_district = !spec.without_district;
            addresses.push(address);
        }
        let rng = &mut self.rng;
        let tags = spec.tags.or_invent(|| (rng.u32(..3) == 0).then(|| pick(rng, invented::TAGS).to_owned()));
        Customer {
            id: self.new_id(Kind::Customer),
            first_name,
            last_name,
            email,
            phone,
            gender,
            birthday,
            accepts_marketing: self.rng.bool(),
            enabled: false,
            addresses,
            tags,
            note: spec.note.or_invent(|| None),
            orders_count: 0,
            total_spent: rust_decimal::Decimal::ZERO,
            last_order: None,
            created_at: self.with_ticks(now),
            updated_at: self.with_ticks(now),
            style: spec.style,
        }
    }

    /// An address of this person.
    pub(super) fn address(
        &mut self,
        first_name: Option<&str>,
        last_name: Option<&str>,
        phone: Option<&str>,
    ) -> Address {
        let id = self.new_id(Kind::Address);
        let rng = &mut self.rng;
        let number = match rng.u32(..3) {
            0 => format!("{}/{}", rng.u32(1..300), rng.u32(1..40)),
            _ => rng.u32(1..400).to_string(),
        };
        let zip = (rng.u32(..3) == 0).then(|| "700000".to_owned());
        let place = invented::PLACES.get(rng.usize(..invented::PLACES.len())).copied();
        Address {
            id,
            first_name: first_name.map(str::to_owned),
            last_name: last_name.map(str::to_owned),
            phone: phone.map(str::to_owned),
            address1: Some(format!("{number} {}", pick(rng, invented::STREETS))),
            zip,
            place: place.or(Some(invented::HOME)),
            with_district: true,
        }
    }

    /// The next id of this kind; ids grow with gaps, as they do on a platform many shops share.
    pub(super) fn new_id(&mut self, kind: Kind) -> i64 {
        let (start, spread) = match kind {
            Kind::Order => (1_791_400_000, 9_000_000),
            Kind::Customer => (1_176_400_000, 5_000_000),
            Kind::Address => (1_190_010_000, 5_000_000),
            Kind::Line => (1_900_300_000, 50_000_000),
            Kind::Transaction => (1_601_500_000, 20_000_000),
            Kind::Refund => (1_301_200_000, 1_000_000),
        };
        let rng = &mut self.rng;
        let last = self.last_ids.get(&kind).copied().unwrap_or_else(|| start + rng.i64(0..spread));
        let id = last + rng.i64(1..40);
        self.last_ids.insert(kind, id);
        id
    }

    /// The shop's next visible order code, `#100131`.
    pub(super) fn new_order_name(&mut self, org: OrgId) -> String {
        let number = self.order_numbers.get(&org).map_or(100_131, |last| last + 1);
        self.order_numbers.insert(org, number);
        format!("#{number}")
    }

    /// `digits` lower-case hexadecimal digits.
    pub(super) fn hex(&mut self, digits: usize) -> String {
        (0..digits).map(|_| char::from_digit(self.rng.u32(..16), 16).unwrap_or('0')).collect()
    }

    /// A mobile number nobody in this generator has yet, `09xxxxxxxx`.
    pub(super) fn new_phone(&mut self) -> String {
        loop {
            let phone = format!("09{:08}", self.rng.u32(..100_000_000));
            if self.taken.insert(phone.clone(), true).is_none() {
                return phone;
            }
        }
    }

    fn new_email(&mut self, first_name: Option<&str>, last_name: Option<&str>) -> String {
        let last_name = last_name.unwrap_or_default();
        let (family, middle) = last_name.split_once(' ').unwrap_or((last_name, ""));
        let local = format!(
            "{}{}.{}",
            invented::ascii(middle),
            invented::ascii(first_name.unwrap_or_default()),
            invented::ascii(family)
        );
        loop {
            let email = format!("{local}{}@example.com", self.rng.u32(1..100_000));
            if self.taken.insert(email.clone(), true).is_none() {
                return email;
            }
        }
    }

    fn new_birthday(&mut self) -> Option<jiff::civil::Date> {
        let rng = &mut self.rng;
        let known = rng.u32(..2) == 0;
        known
            .then(|| jiff::civil::Date::new(rng.i16(1958..2008), rng.i8(1..=12), rng.i8(1..=28)).ok())
            .flatten()
    }

    /// The instant with digits below the millisecond, as customer records have.
    fn with_ticks(&mut self, now: Timestamp) -> Timestamp {
        let ticks = SignedDuration::from_nanos(self.rng.i64(1..9999) * 100);
        whole_millis(now).checked_add(ticks).unwrap_or(now)
    }
}

fn pick_kind(rng: &mut Rng) -> CouponKind {
    match rng.u32(..3) {
        0 => CouponKind::FixedAmount,
        1 => CouponKind::Percentage,
        _ => CouponKind::Shipping,
    }
}
