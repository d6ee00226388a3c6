//! The rows about orders in the test list of getfly.md §11.

use connect_tests::getfly::{SourceMode, User, WAITING};
use connect_tests::haravan::{
    BodyStyle, Buyer, Coupon, CouponKind, CustomerSpec, Dong, Gateway, Given, LineSpec, NumberStyle,
    OrderSpec, Payment, UserId,
};
use serde_json::{Value, json};

use crate::harness::{World, fixture};
use crate::verbs::*;

/// An order typed in by the shop's staff.
fn staff_order() -> OrderSpec {
    OrderSpec::default().staff(UserId(STAFF.0))
}

/// An order of two notebooks, without shipping.
fn notebooks() -> OrderSpec {
    OrderSpec::default().line(LineSpec::of("Sổ tay", 89_000, 2).sku("ST-01")).shipping(0)
}

#[tokio::test]
async fn an_order_becomes_one_order_with_customer_products_and_channel() {
    let world = World::start().await;
    let event = world.carry("orders/create", fixture::ORDER).await;
    assert_carried_over(&event);
    assert_eq!(event.crm_code.as_deref(), Some("HRV-1791400031"));
    let order = world.order_of(&event);
    assert_eq!(
        (order.account_code.as_str(), order.account_name.as_str()),
        ("HRV-1176400210", "Trần Ngọc Thảo")
    );
    assert_eq!(
        (order.account_phone.as_str(), order.account_email.as_str()),
        ("0903555018", "ngocthao.tran@example.com")
    );
    assert_eq!(order.account_address, "27 Nguyễn Thái Bình, Phường Nguyễn Thái Bình, Quận 1, Hồ Chí Minh");
    assert_eq!((order.order_source_name.as_str(), order.order_date.as_str()), ("web", "2026-06-12"));
    assert_eq!((order.status, order.real_amount), (WAITING, dong("333000")));
    let lines: Vec<_> =
        order.lines.iter().map(|line| (line.product_code.as_str(), line.quantity, line.price)).collect();
    assert_eq!(lines, [("ST-LS-A5-XR", dong("2"), dong("89000")), ("BG-OC-01", dong("1"), dong("150000"))]);
    assert!(order.terms.iter().any(|term| term.contains("#100131")));
    assert!(order.terms.iter().any(|term| term.contains("Giao giờ hành chính")));
}

#[tokio::test]
async fn the_same_order_webhook_twice_creates_one_order() {
    let world = World::start().await;
    assert_eq!(world.post("orders/create", fixture::ORDER).await, 200);
    assert_eq!(world.post("orders/create", fixture::ORDER).await, 200);
    world.work_until_done().await;
    assert_eq!(world.post("orders/create", fixture::ORDER).await, 200);
    world.work_until_done().await;
    assert_carried_over(&world.only_event().await);
    assert_eq!(world.getfly().orders().len(), 1);
    assert_eq!(world.getfly().requests_to(CREATE_ORDER), 1);
}

#[tokio::test]
async fn a_paid_order_has_its_payment_in_the_log() {
    let world = World::start().await;
    let event = world.carry("orders/create", &paid_order()).await;
    assert_carried_over(&event);
    let order = world.order_of(&event);
    assert_eq!(
        world.payments_of(&order),
        [("Chuyển khoản".to_owned(), dong("1260000"), "2026-06-12".to_owned())]
    );
    assert_eq!((order.f_amount, order.payment_status.as_str()), (dong("1260000"), "Đã thanh toán"));
    let payment = world.getfly().payments().remove(0);
    assert!(
        payment.description.contains("#100132") && payment.description.contains("Chuyển khoản qua ngân hàng")
    );
}

#[tokio::test]
async fn an_unpaid_order_is_unpaid_and_sends_no_payments_at_all() {
    for payment in [Payment::Pending, Payment::Authorized] {
        let world = World::start().await;
        let event = world.place(notebooks().payment(payment)).await;
        assert_carried_over(&event);
        let order = world.order_of(&event);
        assert_eq!(
            (order.f_amount, order.payment_status.as_str()),
            (dong("0"), "Chưa thanh toán"),
            "{payment:?}"
        );
        assert_eq!(order.payment_method_name, "Tiền mặt", "{payment:?}");
        assert!(world.sent_to(CREATE_ORDER)[0].get("saved_sale_order_payments").is_none(), "{payment:?}");
    }
}

#[tokio::test]
async fn a_partly_paid_order_logs_what_was_received_in_either_spelling() {
    for payment in [Payment::PartiallyPaid, Payment::PartiallyPaidDocumented] {
        let world = World::start().await;
        let event = world.place(notebooks().payment(payment).gateway(Gateway::BankTransfer)).await;
        assert_carried_over(&event);
        let order = world.order_of(&event);
        assert_eq!((order.real_amount, order.f_amount), (dong("178000"), dong("89000")), "{payment:?}");
        assert_eq!(order.payment_status, "Thanh toán một phần", "{payment:?}");
    }
}

#[tokio::test]
async fn a_payment_that_the_crm_does_not_count_is_told() {
    let world = World::start().await;
    world.getfly().settings_mut(|crm| crm.payments_need_approval = true);
    let event = world.place(notebooks().payment(Payment::Paid).gateway(Gateway::BankTransfer)).await;
    assert_done(&event, None, &["payment_not_counted_in_crm"]);
    // With approval it counts.
    world.settings(|settings| settings.auto_approve = true).await;
    assert_carried_over(
        &world.place(notebooks().payment(Payment::Paid).gateway(Gateway::BankTransfer)).await,
    );

    world.getfly().settings_mut(|crm| crm.drop_embedded_payments = true);
    let event = world.place(notebooks().payment(Payment::Paid).gateway(Gateway::BankTransfer)).await;
    assert_done(&event, None, &["payment_not_counted_in_crm"]);
}

#[tokio::test]
async fn a_discount_code_becomes_the_orders_discount() {
    let world = World::start().await;
    let event = world.place(notebooks().shipping(25_000).coupon("CHAOBAN20", 20_000)).await;
    assert_carried_over(&event);
    let order = world.order_of(&event);
    assert_eq!((order.discount_amount, order.transport_amount), (dong("20000"), dong("25000")));
    assert_eq!(order.real_amount, dong("183000"));
    assert!(order.terms.iter().any(|term| term.contains("CHAOBAN20")));
    // A percentage would win over the amount.
    let sent = &world.sent_to(CREATE_ORDER)[0];
    assert!(sent.get("discount").is_none() && sent.get("vat").is_none());
}

#[tokio::test]
async fn a_line_discount_is_inside_the_price_and_told_in_the_note() {
    let world = World::start().await;
    let spec = OrderSpec::default().line(LineSpec::of("Bút gỗ", 165_000, 2).discount(30_000)).shipping(0);
    let event = world.place(spec).await;
    assert_carried_over(&event);
    let order = world.order_of(&event);
    assert_eq!((order.real_amount, order.discount_amount), (dong("300000"), dong("0")));
    let line = &order.lines[0];
    assert_eq!((line.price, line.cash_discount), (dong("150000"), dong("0")));
    assert!(line.note.contains("165000") && line.note.contains("30000"), "{}", line.note);
}

#[tokio::test]
async fn free_shipping_by_code_leaves_fee_and_discount_visible() {
    let world = World::start().await;
    let coupon = Coupon { code: "FREESHIP".to_owned(), amount: 99_000.into(), kind: CouponKind::Shipping };
    let event = world.place(OrderSpec { coupon: Some(coupon), ..notebooks().shipping(30_000) }).await;
    assert_carried_over(&event);
    let order = world.order_of(&event);
    assert_eq!((order.transport_amount, order.discount_amount), (dong("30000"), dong("30000")));
    assert_eq!(order.real_amount, dong("178000"));
}

#[tokio::test]
async fn an_order_without_shipping_sends_no_shipping() {
    let world = World::start().await;
    for shipping in [Given::Nothing, Given::Is(Dong::from(0))] {
        let event = world.place(OrderSpec { shipping, ..notebooks() }).await;
        assert_carried_over(&event);
        assert_eq!(world.order_of(&event).transport_amount, dong("0"));
    }
    assert!(world.sent_to(CREATE_ORDER).iter().all(|body| body.get("transport_amount").is_none()));
}

#[tokio::test]
async fn fractional_amounts_arrive_to_the_last_digit() {
    for numbers in
        [NumberStyle::FourDecimals, NumberStyle::Integers, NumberStyle::Strings, NumberStyle::SevenDecimals]
    {
        let world = World::start().await;
        let spec = OrderSpec::default()
            // 89000.5 less a third of 10000, per piece.
            .line(
                LineSpec { price: Some(Dong::new(dong("89000.5"))), ..LineSpec::of("Sổ tay", 0, 3) }
                    .discount(10_000),
            )
            .shipping(Dong::new(dong("15000.25")))
            .coupon("LE", Dong::new(dong("0.75")))
            .style(BodyStyle { numbers, ..BodyStyle::default() });
        let event = world.place(spec).await;
        assert_carried_over(&event);
        let order = world.order_of(&event);
        assert_eq!(
            (order.lines[0].price, order.transport_amount),
            (dong("85667.1667"), dong("15000.25")),
            "{numbers:?}"
        );
        assert_eq!(order.real_amount, dong("272001.0001"), "{numbers:?}");
    }
}

#[tokio::test]
async fn tax_is_sent_only_when_it_is_on_top_of_the_prices() {
    let world = World::start().await;
    assert_carried_over(&world.place(OrderSpec { tax_percent: 8, ..notebooks() }).await);
    assert!(world.sent_to(CREATE_ORDER)[0].get("vat_amount").is_none());
    let on_top = edited(fixture::ORDER, |body| {
        body["total_tax"] = json!(26_240);
        body["total_price"] = json!(359_240);
    });
    let event = world.carry("orders/create", &on_top).await;
    assert_carried_over(&event);
    let order = world.order_of(&event);
    assert_eq!(
        (order.vat_amount, order.discount_amount, order.real_amount),
        (dong("26240"), dong("20000"), dong("359240"))
    );
}

#[tokio::test]
async fn what_a_total_holds_beyond_its_parts_is_met_by_a_surcharge() {
    let world = World::start().await;
    let event = world
        .carry("orders/create", &edited(fixture::ORDER, |body| body["total_price"] = json!(999_000)))
        .await;
    assert_carried_over(&event);
    let order = world.order_of(&event);
    assert_eq!((order.real_amount, order.installation_amount), (dong("999000"), dong("646000")));
    assert!(order.terms.iter().any(|term| term.contains("Phụ thu: 646.000 ₫")), "{:?}", order.terms);
}

#[tokio::test]
async fn a_line_without_sku_has_its_barcode_or_a_code_of_our_own() {
    let world = World::start().await;
    let order = edited(fixture::ORDER, |body| {
        let lines = body["line_items"].as_array_mut().unwrap();
        let mut line = |sku: Value, barcode: Value, variant: Value, id: i64| {
            let mut line = lines[0].clone();
            line["sku"] = sku;
            line["barcode"] = barcode;
            line["variant_id"] = variant;
            line["id"] = id.into();
            lines.push(line);
        };
        line("".into(), "8936000000117".into(), 1_160_000_101.into(), 1);
        line(Value::Null, " ".into(), 1_160_000_102.into(), 2);
        line(" ".into(), Value::Null, Value::Null, 3);
        lines.drain(..2);
        body["total_price"] = json!(6 * 89_000 + 25_000 - 20_000);
    });
    let event = world.carry("orders/create", &order).await;
    assert_carried_over(&event);
    let codes: Vec<String> = world.order_of(&event).lines.into_iter().map(|line| line.product_code).collect();
    assert_eq!(codes[..2], ["8936000000117", "HRV-1160000102"]);
    assert!(codes[2].starts_with("HRV-") && codes[2].len() == 20, "{}", codes[2]);
}

#[tokio::test]
async fn two_lines_with_the_same_sku_stay_two_lines_of_one_product() {
    let world = World::start().await;
    let spec = notebooks().line(LineSpec::of("Sổ tay (quà tặng)", 0, 1).sku("ST-01"));
    let event = world.place(spec).await;
    assert_carried_over(&event);
    let order = world.order_of(&event);
    let lines: Vec<_> =
        order.lines.iter().map(|line| (line.product_name.as_str(), line.quantity, line.amount)).collect();
    assert_eq!(lines, [("Sổ tay", dong("2"), dong("178000")), ("Sổ tay (quà tặng)", dong("1"), dong("0"))]);
    assert_eq!(world.getfly().products().len(), 1);
}

#[tokio::test]
async fn the_assignee_is_the_crm_user_with_the_staffs_email() {
    let world = World::start().await;
    world.getfly().add_user(crm_user("anh.le", "ThuHa@Example.com"));
    let event = world.place(staff_order()).await;
    assert_carried_over(&event);
    assert_eq!(world.assignee_of(&world.order_of(&event)).as_deref(), Some("anh.le"));
}

#[tokio::test]
async fn a_login_that_is_an_email_finds_the_assignee_too() {
    let world = World::start().await;
    world.getfly().add_user(crm_user(STAFF.1, ""));
    let event = world.place(staff_order()).await;
    assert_carried_over(&event);
    assert_eq!(world.assignee_of(&world.order_of(&event)).as_deref(), Some(STAFF.1));
}

#[tokio::test]
async fn an_order_whose_staff_is_no_crm_user_arrives_unassigned_with_a_warning() {
    let world = World::start().await;
    let event = world.place(staff_order()).await;
    assert_done(&event, None, &["no_crm_user_with_this_email"]);
    assert_eq!(world.assignee_of(&world.order_of(&event)), None);
}

#[tokio::test]
async fn an_inactive_crm_user_is_no_assignee() {
    let world = World::start().await;
    world.getfly().add_user(User { valid: 0, ..crm_user("anh.le", STAFF.1) });
    let event = world.place(staff_order()).await;
    assert_done(&event, None, &["no_crm_user_with_this_email"]);
    assert_eq!(world.assignee_of(&world.order_of(&event)), None);
}

#[tokio::test]
async fn an_assignee_who_left_a_moment_ago_is_left_out_with_a_warning() {
    let world = World::start().await;
    let user = world.getfly().add_user(crm_user("anh.le", STAFF.1));
    assert_carried_over(&world.place(staff_order()).await);
    // The list of users is believed for a few minutes.
    world.getfly().add_user(User { valid: 0, ..user });
    let event = world.place(staff_order()).await;
    assert_done(&event, None, &["customer_without_manager", "order_without_assignee"]);
    assert_eq!(world.assignee_of(&world.order_of(&event)), None);
}

#[tokio::test]
async fn a_storefront_order_has_no_assignee_and_no_warning() {
    let world = World::start().await;
    let event = world.place(notebooks()).await;
    assert_carried_over(&event);
    assert_eq!(world.assignee_of(&world.order_of(&event)), None);
    assert_eq!(world.getfly().requests_to("GET /api/v6.1/users"), 0);
}

#[tokio::test]
async fn an_unknown_order_source_is_made_by_a_crm_that_makes_sources() {
    let world = World::start().await;
    let event = world.place(notebooks().source("livestream")).await;
    assert_carried_over(&event);
    assert_eq!(world.order_of(&event).order_source_name, "livestream");
    assert!(world.getfly().order_sources().iter().any(|source| source.name == "livestream"));
}

#[tokio::test]
async fn an_unknown_order_source_is_left_out_with_a_warning_where_the_crm_refuses_it() {
    for mode in [SourceMode::Strict, SourceMode::Conflict] {
        let world = World::start().await;
        world.getfly().settings_mut(|crm| crm.order_source_mode = mode);
        let event = world.place(notebooks().source("livestream")).await;
        assert_done(&event, None, &["order_without_source"]);
        assert_eq!(world.order_of(&event).order_source_id, 0, "{mode:?}");
        assert_eq!(world.getfly().order_sources().len(), 5, "{mode:?}");
    }
}

#[tokio::test]
async fn an_order_placed_at_2330_utc_is_of_the_next_day_in_vietnam() {
    let world = World::start().await;
    let late = edited(fixture::PAID_ORDER, |body| {
        body["created_at"] = "2026-06-12T16:59:59.9Z".into();
        for transaction in body["transactions"].as_array_mut().unwrap() {
            transaction["created_at"] = "2026-06-12T23:30:00Z".into();
        }
    });
    let event = world.carry("orders/create", &late).await;
    let order = world.order_of(&event);
    assert_eq!(order.order_date, "2026-06-12", "one tenth of a second before midnight in Vietnam");
    assert_eq!(world.payments_of(&order)[0].2, "2026-06-13");

    let later = edited(fixture::ORDER, |body| body["created_at"] = "2026-06-12T23:30:00Z".into());
    let event = world.carry("orders/create", &later).await;
    assert_eq!(world.order_of(&event).order_date, "2026-06-13");
}

#[tokio::test]
async fn very_long_names_on_an_order_do_not_stop_it() {
    let world = World::start().await;
    let long = "Đặng ".repeat(200);
    let order = edited(fixture::ORDER, |body| {
        body["customer"]["first_name"] = long.clone().into();
        body["shipping_address"]["first_name"] = long.clone().into();
        body["line_items"][0]["name"] = long.clone().into();
    });
    let event = world.carry("orders/create", &order).await;
    assert_carried_over(&event);
    let order = world.order_of(&event);
    assert_eq!(world.buyer_of(&event).account_name.chars().count(), 255);
    for name in [&order.account_name, &order.contact_name, &order.lines[0].product_name] {
        assert_eq!(name.chars().count(), 255, "{name}");
    }
}

#[tokio::test]
async fn emoji_and_combining_accents_on_an_order_arrive_composed() {
    for ascii in [false, true] {
        let world = World::start().await;
        let person = CustomerSpec::person("Tra\u{302}\u{300}n", "Mai 🌸", "0905000111", "mai@example.com");
        let spec = notebooks()
            .person(person)
            .line(LineSpec::of("Nến thơm 🕯️ Hoa nha\u{300}i", 10_000, 1))
            .note("Gói quà 🎁")
            .style(BodyStyle { ascii, ..BodyStyle::default() });
        let event = world.place(spec).await;
        assert_carried_over(&event);
        let order = world.order_of(&event);
        assert_eq!(
            (order.account_name.as_str(), order.lines[1].product_name.as_str()),
            ("Trần Mai 🌸", "Nến thơm 🕯️ Hoa nhài")
        );
        assert!(order.terms.iter().any(|term| term.contains("Gói quà 🎁")));
    }
}

#[tokio::test]
async fn a_walk_in_order_gets_an_account_of_its_own() {
    let world = World::start().await;
    let first = world.place(notebooks().buyer(Buyer::WalkIn)).await;
    let second = world.place(notebooks().buyer(Buyer::WalkIn)).await;
    for event in [&first, &second] {
        assert_carried_over(event);
        let id = event.key.id().unwrap();
        assert_eq!(world.buyer_of(event).account_name, format!("Khách Haravan {id}"));
        assert_eq!(world.order_of(event).order_source_name, "pos");
    }
    assert_eq!(world.getfly().accounts().len(), 2);
}
