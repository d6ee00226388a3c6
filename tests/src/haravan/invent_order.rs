//! Turns an [`OrderSpec`] into an order whose sums hold (haravan.md §3.9).

use std::time::Duration;

use jiff::Timestamp;
use rust_decimal::{Decimal, RoundingStrategy};

use super::buyers::Parties;
use super::clock::{earlier, later, whole_millis};
use super::generate::{Generator, Kind, Storefront};
use super::given::{Dong, Given};
use super::invented::{self, pick};
use super::model::{Customer, LastOrder, Line, Order, UsedCode, Visit};
use super::money::put_money;
use super::order_body::order_text;
use super::spec::{Buyer, Coupon, CouponKind, LineSpec, OrderSpec};

/// Padding beyond this is not added.
const LARGEST_BODY: usize = 16_000_000;

/// The order `spec` describes, placed at `now`. `known` is the customer record of [`Buyer::Known`]; every other
/// buyer that has a record gets a new one, found in the order's `customer`.
pub(super) fn invent_order(
    from: &mut Generator,
    shop: &Storefront,
    known: Option<Customer>,
    now: Timestamp,
    spec: &OrderSpec,
) -> Order {
    let now = whole_millis(earlier(now, Duration::from_secs(spec.placed_seconds_ago.into())));
    let placed = earlier(now, Duration::from_millis(from.rng.u64(300..700)));
    let id = from.new_id(Kind::Order);
    let name = spec.name.clone().unwrap_or_else(|| order_name(from, shop, spec.buyer, now));
    let source = source(from, spec);
    let staff = spec.staff.map_or(0, |user| user.0);
    let confirmed = spec.confirmed || staff != 0 || spec.buyer == Buyer::WalkIn;
    let parties = Parties::of(from, known, earlier(placed, Duration::from_millis(150)), spec);
    let (gateway, gateway_code) = spec.gateway.texts();
    let rng = &mut from.rng;
    let note =
        spec.note.clone().or_invent(|| (rng.u32(..3) == 0).then(|| pick(rng, invented::NOTES).to_owned()));
    let mut order = Order {
        id,
        name,
        token: from.hex(32),
        created_at: placed,
        updated_at: now,
        confirmed_at: confirmed.then(|| later(placed, Duration::from_millis(289))),
        cancelled_at: None,
        closed_at: None,
        cancel_reason: None,
        payment: spec.payment,
        fulfilled: false,
        gateway,
        gateway_code,
        visit: visit(from, shop, source.as_deref()),
        source,
        customer: parties.customer,
        email: parties.email,
        billing: parties.billing,
        shipping: parties.shipping,
        lines: lines(from, shop, spec),
        shipping_title: None,
        shipping_price: Decimal::ZERO,
        codes: Vec::new(),
        transactions: Vec::new(),
        refunds: Vec::new(),
        note,
        tags: spec.tags.clone().or_invent(|| None),
        attributes: attributes(spec.buyer),
        tax_percent: spec.tax_percent.min(100),
        user_id: staff,
        confirm_user: (confirmed && staff != 0).then_some(staff),
        location_id: shop.location_id,
        location_name: shop.location_name.clone(),
        style: spec.style,
    };
    put_shipping(from, &mut order, spec);
    put_coupon(&mut order, spec.coupon.as_ref());
    put_money(from, &mut order, spec, placed);
    count_order(&mut order);
    pad(from, &mut order, spec.bytes, spec.noise);
    order
}

/// A line as `spec` describes it.
pub(super) fn invent_line(from: &mut Generator, shop: &Storefront, spec: &LineSpec) -> Line {
    let id = from.new_id(Kind::Line);
    let rng = &mut from.rng;
    let choice = rng.usize(..invented::PRODUCTS.len().max(1));
    let product = invented::PRODUCTS.get(choice).copied().unwrap_or_default();
    let variant = rng.usize(..product.variants.len().max(1));
    let listed = spec.title.is_none();
    let title = spec.title.clone().unwrap_or_else(|| product.title.to_owned());
    let variant_title = match (&spec.variant_title, product.variants.get(variant)) {
        (Some(given), _) => given.clone(),
        (None, Some(known)) if listed => (*known).to_owned(),
        _ => "Default Title".to_owned(),
    };
    let code = if listed { (choice * 10 + variant) as u64 } else { 1000 + digest(&title, &variant_title) };
    let code = i64::try_from(code).unwrap_or_default();
    let stem = if listed { product.sku.to_owned() } else { initials(&title) };
    let price_original = spec.price.map_or(Decimal::from(product.price), Dong::amount);
    let quantity = spec.quantity.clamp(1, 100_000);
    let off_each = (spec.discount.amount() / Decimal::from(quantity))
        .round_dp_with_strategy(4, RoundingStrategy::ToZero)
        .min(price_original);
    let image_token = from.hex(16);
    Line {
        id,
        product_id: (!spec.custom).then_some(1_070_000_201 + code / 10),
        variant_id: (!spec.custom).then_some(1_160_000_101 + code),
        sku: spec.sku.clone().or_invent(|| (!spec.custom).then(|| format!("{stem}-{:02}", code % 1000))),
        barcode: listed.then(|| format!("8936{:09}", code * 7 + 117)),
        vendor: Some(shop.name.clone()).filter(|_| !spec.custom),
        kind: listed.then(|| product.kind.to_owned()),
        image: (!spec.custom && code % 3 > 0).then(|| {
            let file = invented::ascii(&title);
            format!("https://product.hstatic.net/{}/product/{file}_{image_token}.jpg", shop.orgid)
        }),
        grams: if listed { product.grams.into() } else { Decimal::ZERO },
        cost: (price_original * Decimal::new(45, 2)).round_dp(4),
        quantity,
        price: price_original - off_each,
        price_original,
        total_discount: off_each * Decimal::from(quantity),
        property: spec.property.as_ref().map(|text| ("Khắc tên".to_owned(), text.clone())),
        fulfilled: false,
        title,
        variant_title,
    }
}

/// Writes down that the embedded customer has bought this order.
fn count_order(order: &mut Order) {
    let total = order.total();
    if let Some(customer) = &mut order.customer {
        customer.orders_count += 1;
        customer.total_spent += total;
        customer.last_order =
            Some(LastOrder { id: order.id, name: order.name.clone(), at: order.created_at });
        customer.updated_at = customer.updated_at.max(order.updated_at);
    }
}

/// Adds `note_attributes` until the body has at least `bytes` bytes.
pub(super) fn pad(from: &mut Generator, order: &mut Order, bytes: usize, noise: bool) {
    const CHUNK: usize = 900;
    if bytes == 0 {
        return;
    }
    let missing = bytes.min(LARGEST_BODY).saturating_sub(order_text(order, &order.style).len());
    for place in 0..missing.div_ceil(CHUNK) {
        let mut value = String::new();
        while value.len() < CHUNK {
            if noise {
                value.push(from.rng.alphanumeric());
            } else {
                value.push_str(pick(&mut from.rng, invented::WORDS));
                value.push(' ');
            }
        }
        order.attributes.push((format!("Ghi chú thêm {place}"), value));
    }
}

fn order_name(from: &mut Generator, shop: &Storefront, buyer: Buyer, now: Timestamp) -> String {
    if buyer != Buyer::Masked {
        return from.new_order_name(shop.orgid);
    }
    let tail: String = (0..8).map(|_| from.rng.alphanumeric().to_ascii_uppercase()).collect();
    format!("{}{tail}", now.strftime("%y%m%d"))
}

fn source(from: &mut Generator, spec: &OrderSpec) -> Option<String> {
    spec.source.clone().or_invent(|| {
        let source = match (spec.buyer, spec.staff) {
            (Buyer::WalkIn, _) => "pos",
            (Buyer::Masked, _) => pick(&mut from.rng, invented::MARKETPLACES),
            (_, Some(_)) => "haravan_draft_order",
            _ => "web",
        };
        Some(source.to_owned())
    })
}

fn visit(from: &mut Generator, shop: &Storefront, source: Option<&str>) -> Visit {
    match source {
        Some("web") => {
            let site = pick(&mut from.rng, &["facebook", "google", "zalo"]);
            Visit {
                landing_site: Some(format!(
                    "https://{}.myharavan.com/products/so-tay-la-sen?utm_source={site}",
                    shop.subdomain
                )),
                referring_site: Some(format!("https://www.{site}.com/")),
                utm_source: Some(site.to_owned()),
                utm_medium: Some("cpc".to_owned()),
            }
        }
        Some("haravan_draft_order") => {
            Visit { referring_site: Some("haravan_draft_order".to_owned()), ..Visit::default() }
        }
        _ => Visit::default(),
    }
}

fn attributes(buyer: Buyer) -> Vec<(String, String)> {
    if buyer != Buyer::Masked {
        return Vec::new();
    }
    vec![
        ("X-Haravan-SalesChannel-BranchName".to_owned(), "Gian hàng chính hãng".to_owned()),
        ("X-Haravan-SalesChannel-BranchId".to_owned(), "889012".to_owned()),
    ]
}

fn lines(from: &mut Generator, shop: &Storefront, spec: &OrderSpec) -> Vec<Line> {
    let wanted = if spec.lines.is_empty() {
        (0..from.rng.u32(1..=4)).map(|_| any_line(from)).collect()
    } else {
        spec.lines.clone()
    };
    let custom = spec.buyer == Buyer::Masked;
    let line = |line: LineSpec| LineSpec { custom: custom || line.custom, ..line };
    wanted.into_iter().take(20_000).map(|spec| invent_line(from, shop, &line(spec))).collect()
}

fn any_line(from: &mut Generator) -> LineSpec {
    let rng = &mut from.rng;
    let discount = if rng.u32(..4) == 0 { i64::from(rng.u32(1..20)) * 1000 } else { 0 };
    let property = (rng.u32(..6) == 0).then(|| pick(rng, invented::GIVEN_FEMALE).to_owned());
    LineSpec { quantity: rng.u32(1..=3), discount: discount.into(), property, ..LineSpec::default() }
}

fn put_shipping(from: &mut Generator, order: &mut Order, spec: &OrderSpec) {
    let fee = match spec.shipping {
        Given::Nothing => None,
        Given::Is(fee) => Some(fee.amount()),
        Given::Invented if spec.staff.is_some() || spec.buyer == Buyer::WalkIn => None,
        Given::Invented => Some(pick(&mut from.rng, &[0, 15_000, 25_000, 30_000, 45_000]).into()),
    };
    order.shipping_title = fee.map(|_| "Giao hàng tận nơi".to_owned());
    order.shipping_price = fee.unwrap_or_default();
}

fn put_coupon(order: &mut Order, coupon: Option<&Coupon>) {
    let Some(coupon) = coupon else { return };
    let (amount, kind) = match coupon.kind {
        CouponKind::FixedAmount => (coupon.amount.amount(), "fixed_amount"),
        CouponKind::Percentage => (coupon.amount.amount(), "percentage"),
        CouponKind::Shipping => (coupon.amount.amount().min(order.shipping_price), "shipping"),
    };
    let amount = amount.min(order.subtotal() + order.shipping_price);
    order.codes.push(UsedCode { code: coupon.code.clone(), amount, kind: kind.into() });
}

/// A number that is always the same for the same product.
fn digest(title: &str, variant: &str) -> u64 {
    let start = 0xcbf2_9ce4_8422_2325_u64;
    let mixed = title
        .bytes()
        .chain([0])
        .chain(variant.bytes())
        .fold(start, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    mixed % 7_000_000
}

/// `Sổ tay bìa vải` → `STBV`.
fn initials(title: &str) -> String {
    title
        .split_whitespace()
        .filter_map(|word| invented::ascii(word).chars().next())
        .collect::<String>()
        .to_ascii_uppercase()
}
