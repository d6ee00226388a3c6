//! What an order's money becomes in the CRM: the payment log, refunds, void orders, dates that cannot be read.

use connect_tests::haravan::{Gateway, LineSpec, OrderSpec, Payment, PaymentSpec, RefundPlace};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::harness::{World, fixture};
use crate::verbs::*;

/// An order of 300,000.
fn lamps() -> OrderSpec {
    OrderSpec::default().line(LineSpec::of("Đèn", 150_000, 2).sku("DEN-01")).shipping(0)
}

/// The paid fixture under another id, changed.
fn paid_as(id: i64, edit: impl FnOnce(&mut Value)) -> Vec<u8> {
    edited(&paid_order(), |body| {
        body["id"] = id.into();
        edit(body);
    })
}

/// The paid fixture with these transactions, of which each is received on a day of its own.
fn paid_by(id: i64, status: &str, transactions: &[(i64, &str, i64, &str)]) -> Vec<u8> {
    paid_as(id, |body| {
        let rows = transactions.iter().zip(12..).map(|((id, kind, amount, gateway), day)| {
            json!({"id": id, "kind": kind, "amount": amount, "gateway": gateway, "status": null,
                "created_at": format!("2026-06-{day}T02:00:00Z")})
        });
        body["transactions"] = rows.collect();
        body["financial_status"] = status.into();
        body["gateway"] = "Thanh toán khi giao hàng (COD)".into();
        body["gateway_code"] = "COD".into();
    })
}

fn entry(method: &str, amount: &str, day: &str) -> (String, Decimal, String) {
    (method.to_owned(), dong(amount), day.to_owned())
}

impl World {
    /// The amounts of the payment log of an order that the shop places.
    async fn amounts_of(&self, spec: OrderSpec, warnings: &[&str]) -> Vec<Decimal> {
        let event = self.place(spec).await;
        assert_done(&event, None, warnings);
        self.payments_of(&self.order_of(&event)).into_iter().map(|(_, amount, _)| amount).collect()
    }
}

// One entry for each payment.

#[tokio::test]
async fn each_payment_is_logged_once_by_its_own_gateway_and_day() {
    let world = World::start().await;
    world.getfly().add_payment_method("Momo");
    world
        .settings(|settings| drop(settings.gateway_map.insert("Ví MoMo".to_owned(), "Momo".to_owned())))
        .await;
    let (transfer, momo, cod) = ("Chuyển khoản qua ngân hàng", "Ví MoMo", "Thanh toán khi giao hàng (COD)");

    // A deposit by transfer on an order that is paid at the door.
    let deposit = paid_by(1, "partially_paid", &[(61, "capture", 50_000, transfer)]);
    let event = world.carry("orders/create", &deposit).await;
    assert_carried_over(&event);
    let order = world.order_of(&event);
    assert_eq!(world.payments_of(&order), [entry("Chuyển khoản", "50000", "2026-06-12")]);
    assert_eq!(order.payment_method_name, "Tiền mặt");

    // Three ways, the newest first as REST lists them.
    let mixed =
        [(73, "capture", 710_000, cod), (72, "sale", 500_000, "vi momo"), (71, "Capture", 50_000, transfer)];
    let event = world.carry("orders/create", &paid_by(2, "paid", &mixed)).await;
    assert_carried_over(&event);
    assert_eq!(
        world.payments_of(&world.order_of(&event)),
        [
            entry("Tiền mặt", "710000", "2026-06-12"),
            entry("Chuyển khoản", "500000", "2026-06-13"),
            entry("Chuyển khoản", "50000", "2026-06-14"),
        ]
    );
    let texts: Vec<String> =
        world.getfly().payments().into_iter().map(|payment| payment.description).collect();
    for (id, gateway) in [(61, transfer), (71, transfer), (72, "vi momo"), (73, cod)] {
        let with = |text: &&String| text.contains(&format!("giao dịch {id}")) && text.contains(gateway);
        assert_eq!(texts.iter().filter(with).count(), 1, "{id}: {texts:?}");
    }

    // The tenant's map, and a transaction that the body has twice.
    let twice =
        [(81, "capture", 630_000, momo), (82, "capture", 630_000, "VÍ MOMO"), (81, "capture", 630_000, momo)];
    let event = world.carry("orders/create", &paid_by(3, "paid", &twice)).await;
    assert_carried_over(&event);
    assert_eq!(
        world.payments_of(&world.order_of(&event)),
        [entry("Momo", "630000", "2026-06-12"), entry("Momo", "630000", "2026-06-13")]
    );

    // From the shop itself.
    let deposit = PaymentSpec::of(50_000).by(Gateway::BankTransfer);
    let spec = lamps().payment(Payment::PartiallyPaid).tried(deposit).tried(PaymentSpec::of(70_000));
    let event = world.place(spec).await;
    assert_carried_over(&event);
    let methods: Vec<String> =
        world.payments_of(&world.order_of(&event)).into_iter().map(|(method, ..)| method).collect();
    assert_eq!(methods, ["Chuyển khoản", "Tiền mặt"]);
}

#[tokio::test]
async fn cash_is_told_from_what_only_sounds_like_it() {
    let world = World::start().await;
    for (name, code, flag, method) in [
        ("VNPAY QR Code", "Custom", None, "Chuyển khoản"),
        ("Momo Barcode", "Custom", None, "Chuyển khoản"),
        ("Barcode", "Custom", Some(false), "Chuyển khoản"),
        ("Không dùng tiền mặt", "Custom", None, "Chuyển khoản"),
        ("Thanh toán khi nhận hàng", "Custom", Some(true), "Tiền mặt"),
        ("Giao tận tay", "Custom", Some(true), "Tiền mặt"),
        ("Tiền mặt", "Custom", None, "Tiền mặt"),
        ("Tie\u{302}\u{300}n ma\u{323}\u{306}t", "Custom", None, "Tiền mặt"),
        ("cash", "Custom", Some(false), "Tiền mặt"),
        ("Trả sau", "COD", None, "Tiền mặt"),
    ] {
        let id = 100 + i64::try_from(world.getfly().orders().len()).unwrap();
        let body = paid_as(id, |body| {
            body["source_name"] = "pos".into();
            body["gateway"] = name.into();
            body["gateway_code"] = code.into();
            for transaction in body["transactions"].as_array_mut().unwrap() {
                transaction["gateway"] = name.into();
                transaction["is_cod_gateway"] = flag.into();
            }
        });
        let event = world.carry("orders/create", &body).await;
        assert_carried_over(&event);
        let order = world.order_of(&event);
        assert_eq!(order.payment_method_name, method, "{name}");
        assert_eq!(world.payments_of(&order), [entry(method, "1260000", "2026-06-12")], "{name}");
    }
}

#[tokio::test]
async fn a_payment_that_did_not_go_through_is_no_money() {
    let world = World::start().await;
    for failed in ["failure", "Thất bại", "pending", "VOID"] {
        let spec = lamps()
            .payment(Payment::PartiallyPaidDocumented)
            .tried(PaymentSpec::of(300_000).ended(failed))
            .tried(PaymentSpec::of(100_000).ended("success"));
        assert_eq!(world.amounts_of(spec, &[]).await, [dong("100000")], "{failed}");
    }
    for good in ["Thành công", "SUCCESS", "thanh cong"] {
        let spec = lamps().payment(Payment::PartiallyPaid).tried(PaymentSpec::of(100_000).ended(good));
        assert_eq!(world.amounts_of(spec, &[]).await, [dong("100000")], "{good}");
    }
    let spec = lamps()
        .payment(Payment::PartiallyPaid)
        .tried(PaymentSpec::of(200_000).ended("Đang đối soát"))
        .tried(PaymentSpec::of(100_000));
    assert_eq!(world.amounts_of(spec, &["payment_status_unknown"]).await, [dong("100000")]);

    // A later payment that fails changes nothing of an order that is not in the CRM yet.
    let id = world.haravan().create_order(lamps().quietly()).unwrap();
    world.haravan().pay_order(id, PaymentSpec::of(300_000).ended("failure")).unwrap();
    world.deliver_everything_due().await;
    assert!(world.getfly().orders().iter().any(|order| order.payment_status == "Chưa thanh toán"));
}

#[tokio::test]
async fn what_an_order_calls_paid_without_transactions_is_one_payment_with_a_warning() {
    let world = World::start().await;
    let cod = "Thanh toán khi giao hàng (COD)";
    for (id, transactions, amounts) in [
        (1, vec![], vec!["1260000"]),
        (2, vec![(21, "capture", 260_000, cod)], vec!["260000", "1000000"]),
        (3, vec![(31, "pending", 1_260_000, cod)], vec!["1260000"]),
        (4, vec![(41, "capture", 1, cod), (42, "sale", 2, cod)], vec!["1", "2", "1259997"]),
    ] {
        let event = world.carry("orders/create", &paid_by(id, "paid", &transactions)).await;
        assert_done(&event, None, &["payment_without_transaction"]);
        let order = world.order_of(&event);
        let logged: Vec<Decimal> =
            world.payments_of(&order).into_iter().map(|(_, amount, _)| amount).collect();
        assert_eq!(logged, amounts.into_iter().map(dong).collect::<Vec<_>>(), "{id}");
        assert_eq!(order.f_amount, dong("1260000"), "{id}");
    }
    // An order that costs nothing is paid without money.
    let free = paid_as(5, |body| {
        body["total_discounts"] = 1_260_000.into();
        body["total_price"] = 0.into();
        body["transactions"] = json!([]);
    });
    let event = world.carry("orders/create", &free).await;
    assert_carried_over(&event);
    assert_eq!(world.payments_of(&world.order_of(&event)), []);
}

// Money that went back.

#[tokio::test]
async fn what_went_back_before_the_order_was_first_seen_is_taken_off() {
    let world = World::start().await;
    let back = &["refunded_in_haravan"];
    for place in [RefundPlace::Both, RefundPlace::Transactions, RefundPlace::Refunds] {
        let part = lamps().payment(Payment::PartiallyRefunded).refunded(120_000, place);
        assert_eq!(world.amounts_of(part, back).await, [dong("180000")], "{place:?}");
        let two = lamps()
            .payment(Payment::PartiallyRefunded)
            .tried(PaymentSpec::of(100_000).by(Gateway::Cash))
            .tried(PaymentSpec::of(200_000).by(Gateway::BankTransfer))
            .refunded(150_000, place)
            .refunded(100_000, place);
        assert_eq!(world.amounts_of(two, back).await, [dong("50000")], "{place:?}");
        let all = lamps().payment(Payment::Refunded).refunded(300_000, place);
        assert!(world.amounts_of(all, back).await.is_empty(), "{place:?}");
        let deposit = lamps()
            .payment(Payment::Refunded)
            .tried(PaymentSpec::of(50_000).by(Gateway::BankTransfer))
            .refunded(50_000, place);
        assert!(world.amounts_of(deposit, back).await.is_empty(), "{place:?}");
    }
    // As the shop makes them by itself, and with nothing but the status.
    assert_eq!(world.amounts_of(lamps().payment(Payment::PartiallyRefunded), back).await, [dong("150000")]);
    assert!(world.amounts_of(lamps().payment(Payment::Refunded), back).await.is_empty());
    let unknown = edited(&paid_order(), |body| body["financial_status"] = "partially_refunded".into());
    let event = world.carry("orders/create", &unknown).await;
    assert_done(&event, None, &["refunded_amount_unknown"]);
    assert_eq!(world.payments_of(&world.order_of(&event)), []);
}

// Void orders.

/// The fixture's order as of this minute, with this financial status.
fn standing(minute: u32, status: &str) -> Vec<u8> {
    edited(fixture::ORDER, |body| {
        body["updated_at"] = format!("2026-06-12T04:{minute:02}:00Z").into();
        body["financial_status"] = status.into();
    })
}

#[tokio::test]
async fn a_void_order_is_not_created_and_neither_is_an_older_body_of_it() {
    for topic in ["orders/create", "orders/updated", "orders/paid", "orders/fulfilled"] {
        let world = World::start().await;
        let void = world.carry(topic, &standing(10, "voided")).await;
        assert_done(&void, Some("voided_before_it_reached_the_crm"), &[]);
        assert_eq!(void.crm_code, None);
        let late = world.carry("orders/create", &standing(5, "pending")).await;
        assert_done(&late, Some("cancelled_before_it_reached_the_crm"), &[]);
        let again = world.carry("orders/updated", &standing(20, "Voided")).await;
        assert_done(&again, Some("voided_before_it_reached_the_crm"), &[]);
        // Newer than the first void body, and older than the last one.
        let between = world.carry("orders/updated", &standing(15, "pending")).await;
        assert_done(&between, Some("cancelled_before_it_reached_the_crm"), &[]);
        assert_eq!((world.getfly().orders().len(), world.getfly().accounts().len()), (0, 0), "{topic}");
    }
}

#[tokio::test]
async fn an_order_that_ended_is_created_once_a_newer_body_says_that_it_lives() {
    let cancelled = edited(&standing(10, "pending"), |body| body["cancelled_status"] = "cancelled".into());
    let ageless = edited(&standing(10, "voided"), |body| body["updated_at"] = Value::Null);
    for (ended, minute) in [(standing(10, "voided"), 20), (cancelled, 11)] {
        let world = World::start().await;
        assert_eq!(world.carry("orders/updated", &ended).await.crm_code, None);
        let alive = world.carry("orders/updated", &standing(minute, "pending")).await;
        assert_carried_over(&alive);
        world.order_of(&alive);
        let late = world.carry("orders/create", &standing(1, "pending")).await;
        assert_done(&late, Some("superseded"), &[]);
        assert_eq!(world.getfly().orders().len(), 1);
    }
    // A body that does not say its age is as old as its arrival.
    let world = World::start().await;
    let void = world.carry("orders/updated", &ageless).await;
    assert_done(&void, Some("voided_before_it_reached_the_crm"), &[]);
    let late = world.carry("orders/create", &standing(20, "pending")).await;
    assert_done(&late, Some("cancelled_before_it_reached_the_crm"), &[]);
    let alive = edited(&standing(20, "pending"), |body| body["updated_at"] = "2026-06-13T00:00:00Z".into());
    assert_carried_over(&world.carry("orders/updated", &alive).await);
}

// Dates that cannot be read.

#[tokio::test]
async fn an_order_without_a_readable_date_is_of_the_day_that_is_known_best() {
    for (created, updated, day) in [
        (json!("hôm qua"), json!("2026-06-10T20:00:00Z"), "2026-06-11"),
        (json!("2026-02-30"), json!("2026-06-10T03:00:00Z"), "2026-06-10"),
        (json!(null), json!("2026-06-10T03:00:00Z"), "2026-06-10"),
        (json!([]), json!("2026-06-10T03:00:00Z"), "2026-06-10"),
        // The world's clock stands at 08:30 UTC on 12 June.
        (json!(""), json!(null), "2026-06-12"),
        (json!("12 tháng 6"), json!("sau này"), "2026-06-12"),
    ] {
        let world = World::start().await;
        let body = edited(fixture::ORDER, |body| {
            body["created_at"] = created.clone();
            body["updated_at"] = updated.clone();
        });
        let event = world.carry("orders/create", &body).await;
        assert_done(&event, None, &["order_date_unknown"]);
        assert_eq!(world.order_of(&event).order_date, day, "{created} {updated}");
    }
}

#[tokio::test]
async fn a_payment_without_a_readable_date_is_of_the_day_that_is_known_best() {
    for date in [json!("hôm qua"), json!(null), json!("2026-02-30"), json!({})] {
        let world = World::start().await;
        let body = edited(&paid_order(), |body| {
            body["updated_at"] = "2026-06-10T20:00:00Z".into();
            for transaction in body["transactions"].as_array_mut().unwrap() {
                transaction["created_at"] = date.clone();
            }
        });
        let event = world.carry("orders/create", &body).await;
        assert_done(&event, None, &["payment_date_unknown"]);
        let payments = world.payments_of(&world.order_of(&event));
        assert_eq!(payments, [entry("Chuyển khoản", "1260000", "2026-06-11")], "{date}");
    }
}
