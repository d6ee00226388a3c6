//! What was paid, and by what method (getfly.md §7.2; haravan.md §3.6, §3.10, §11).
//!
//! Every transaction that brought money is an entry of the log, with its own gateway and date. What the order's status
//! says was paid beyond that is one entry more. What went back is taken off: the CRM has no call for a refund
//! (getfly.md §16). The log never says more than what was received.

use jiff::Timestamp;

use super::{ROUNDING, vietnam_day};
use crate::getfly::order::Payment;
use crate::haravan::order::Order;
use crate::haravan::payment::{self as haravan, Moved, Movements};
use crate::haravan::transaction::Transaction;
use crate::id::OrderId;
use crate::intake::buyer::NAME_LIMIT;
use crate::money::Money;
use crate::settings::Settings;
use crate::text::cut;

/// The payment log, and what a person should know of it.
pub(super) struct Log {
    pub(super) entries: Vec<Payment>,
    pub(super) warnings: Vec<&'static str>,
}

/// A part of what was received.
struct Entry<'a> {
    /// `None` for what only the order's status tells of.
    transaction: Option<&'a Transaction>,
    /// What is left of it.
    amount: Money,
    /// Whether a part of it went back.
    is_reduced: bool,
}

/// The payment log of an order that arrived at this time.
pub(super) fn payments(order: &Order, id: OrderId, settings: &Settings, received_at: Timestamp) -> Log {
    let moved = order.movements();
    let mut warnings = Vec::new();
    if moved.has_unknown_status {
        warnings.push("payment_status_unknown");
    }
    let mut entries = entries(order, &moved, &mut warnings);
    for back in &moved.returned {
        give_back(&mut entries, back);
    }
    entries.retain(|entry| entry.amount.is_positive());
    let paid: Money = entries.iter().map(|entry| entry.amount).sum();
    if paid.is_positive() && order.total_price.is_some_and(|total| paid - total >= ROUNDING) {
        warnings.push("paid_more_than_total");
    }
    if entries.iter().filter_map(|entry| entry.transaction).any(|one| one.created_at.is_none()) {
        warnings.push("payment_date_unknown");
    }
    let latest = order.updated_at.or(order.created_at).unwrap_or(received_at);
    let log = |entry: &Entry<'_>| {
        let gateway = entry.transaction.and_then(|transaction| transaction.gateway.as_deref());
        let paid_at = entry.transaction.and_then(|transaction| transaction.created_at).unwrap_or(latest);
        Payment {
            method_name: method(order, gateway, settings).unwrap_or_else(|| settings.transfer_method.clone()),
            amount: entry.amount,
            description: description(order, id, entry),
            pay_date: vietnam_day(paid_at),
        }
    };
    Log { entries: entries.iter().map(log).collect(), warnings }
}

/// What was received, before anything went back; nothing where the order's status forbids to speak of it.
fn entries<'a>(order: &Order, moved: &Movements<'a>, warnings: &mut Vec<&'static str>) -> Vec<Entry<'a>> {
    let sum = |moves: &[Moved<'_>]| -> Money { moves.iter().map(|moved| moved.amount).sum() };
    let (received, returned) = (sum(&moved.received), sum(&moved.returned));
    let total = order.total_price.unwrap_or_default();
    if returned.is_positive() || order.payment() == haravan::Payment::Refunded {
        warnings.push("refunded_in_haravan");
    }
    let missing = match order.payment() {
        haravan::Payment::Void | haravan::Payment::Refunded => return Vec::new(),
        haravan::Payment::Unpaid => {
            if (received - returned).is_positive() {
                warnings.push("payment_unlike_status");
            }
            return Vec::new();
        }
        haravan::Payment::PartlyRefunded if !returned.is_positive() => {
            warnings.push("refunded_amount_unknown");
            return Vec::new();
        }
        haravan::Payment::PartlyRefunded if received.is_positive() => Money::ZERO,
        haravan::Payment::PartlyPaid => Money::ZERO,
        haravan::Payment::Paid | haravan::Payment::PartlyRefunded => total - received,
    };
    let of_transaction = |moved: &Moved<'a>| Entry {
        transaction: Some(moved.transaction),
        amount: moved.amount,
        is_reduced: false,
    };
    let mut entries: Vec<Entry<'a>> = moved.received.iter().map(of_transaction).collect();
    if missing >= ROUNDING {
        warnings.push("payment_without_transaction");
        entries.push(Entry { transaction: None, amount: missing, is_reduced: false });
    }
    let is_free = order.total_price.is_some_and(|total| !total.is_positive());
    if entries.is_empty() && !is_free {
        warnings.push("paid_amount_unknown");
    }
    entries
}

/// Takes off what went back: from the payment that it belongs to, then from the newest ones.
fn give_back(entries: &mut [Entry<'_>], back: &Moved<'_>) {
    let mut left = back.amount;
    let parent = back.transaction.parent_id;
    let belongs = |entry: &Entry<'_>| parent.is_some() && entry.transaction.and_then(|one| one.id) == parent;
    // Stable: the newest first, but for the one it belongs to.
    let mut order: Vec<&mut Entry<'_>> = entries.iter_mut().rev().collect();
    order.sort_by_key(|entry| !belongs(entry));
    for entry in order {
        let taken = left.min(entry.amount);
        if taken.is_positive() {
            entry.amount = entry.amount - taken;
            entry.is_reduced = true;
            left = left - taken;
        }
    }
}

fn description(order: &Order, id: OrderId, entry: &Entry<'_>) -> String {
    let name = order.name.clone().unwrap_or_else(|| id.to_string());
    let own = entry.transaction.and_then(|transaction| transaction.gateway.as_deref());
    let gateway = own.or(order.gateway.as_deref()).unwrap_or("đã thanh toán");
    let transaction = match entry.transaction {
        Some(transaction) => transaction.id.map(|id| format!(", giao dịch {id}")).unwrap_or_default(),
        None => ", không thấy giao dịch".to_owned(),
    };
    let reduced = if entry.is_reduced { ", đã trừ tiền hoàn" } else { "" };
    format!("Haravan {}: {}{transaction}{reduced}", cut(&name, NAME_LIMIT), cut(gateway, NAME_LIMIT))
}

/// The CRM's payment method of a gateway, called as a transaction calls it, or the order's own: by the tenant's map, else
/// cash or transfer; nothing when the gateway is not known.
pub(super) fn method(order: &Order, name: Option<&str>, settings: &Settings) -> Option<String> {
    let gateway = order.gateway_called(name);
    let mapped =
        settings.gateway_method(None, name).or_else(|| settings.gateway_method(gateway.code, gateway.name));
    match mapped {
        Some(method) => Some(method.to_owned()),
        None if gateway.is_cash() => Some(settings.cash_method.clone()),
        None if gateway.is_known() => Some(settings.transfer_method.clone()),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn log(order: Value) -> Log {
        let order: Order = serde_json::from_str(&order.to_string()).unwrap();
        payments(&order, OrderId(7), &Settings::default(), "2026-06-20T20:00:00Z".parse().unwrap())
    }

    /// Method, amount, day.
    fn entries_of(log: &Log) -> Vec<(&str, String, &str)> {
        log.entries
            .iter()
            .map(|one| (one.method_name.as_str(), one.amount.to_string(), one.pay_date.as_str()))
            .collect()
    }

    fn sum(log: &Log) -> String {
        log.entries.iter().map(|one| one.amount).sum::<Money>().to_string()
    }

    fn capture(id: i64, amount: i64) -> Value {
        json!({"id": id, "kind": "capture", "amount": amount, "created_at": "2026-06-12T02:00:00Z"})
    }

    #[test]
    fn a_deposit_is_logged_by_the_way_it_came_and_not_by_the_orders() {
        for (gateway, method) in [
            ("Chuyển khoản qua ngân hàng", "Chuyển khoản"),
            ("VNPAY QR Code", "Chuyển khoản"),
            ("Momo Barcode", "Chuyển khoản"),
            ("Tiền mặt", "Tiền mặt"),
            ("", "Tiền mặt"),
        ] {
            let mut deposit = capture(31, 50_000);
            deposit["gateway"] = gateway.into();
            let log = log(json!({"name": "#1", "total_price": 300_000, "financial_status": "partially_paid",
                "gateway": "Thanh toán khi giao hàng (COD)", "gateway_code": "COD", "transactions": [deposit]}));
            assert_eq!(entries_of(&log), [(method, "50000".to_owned(), "2026-06-12")], "{gateway}");
            assert!(log.entries[0].description.contains("giao dịch 31"), "{}", log.entries[0].description);
            assert!(log.entries[0].description.contains(gateway));
            assert_eq!(log.warnings, [""; 0]);
        }
    }

    #[test]
    fn what_is_missing_from_the_transactions_is_one_entry_more() {
        let of = |status: &str, transactions: Value| {
            log(json!({"total_price": 300_000, "financial_status": status, "gateway": "COD",
                "updated_at": "2026-06-14T02:00:00Z", "transactions": transactions}))
        };
        let missing = ["payment_without_transaction"];
        for (transactions, expected) in [
            (json!([]), vec![300_000]),
            (json!([capture(1, 100_000)]), vec![100_000, 200_000]),
            (json!([capture(1, 100_000), capture(2, 50_000)]), vec![100_000, 50_000, 150_000]),
            (json!([{"id": 1, "kind": "pending", "amount": 300_000}]), vec![300_000]),
        ] {
            let log = of("paid", transactions);
            let amounts: Vec<String> = log.entries.iter().map(|one| one.amount.to_string()).collect();
            assert_eq!(amounts, expected.iter().map(ToString::to_string).collect::<Vec<_>>());
            assert_eq!(log.warnings, missing);
            assert_eq!(log.entries.last().unwrap().pay_date, "2026-06-14");
        }
        let enough = of("paid", json!([capture(1, 300_000)]));
        assert_eq!((sum(&enough).as_str(), enough.warnings.len()), ("300000", 0));
        let more = of("paid", json!([capture(1, 300_000), capture(2, 20_000)]));
        assert_eq!((sum(&more).as_str(), more.warnings), ("320000", vec!["paid_more_than_total"]));
        let unknown = of("partially_paid", json!([]));
        assert_eq!((sum(&unknown).as_str(), unknown.warnings), ("0", vec!["paid_amount_unknown"]));
        for status in ["pending", "authorized", "", "odd"] {
            let unlike = of(status, json!([capture(1, 300_000)]));
            assert_eq!((sum(&unlike).as_str(), unlike.warnings), ("0", vec!["payment_unlike_status"]));
            assert_eq!(of(status, json!([])).warnings, [""; 0]);
        }
    }

    #[test]
    fn rounding_to_whole_dong_is_no_missing_payment() {
        for (total, received) in [("100000", 99_999.92), ("99999.5", 100_000.0), ("100000.0000", 100_000.0)] {
            let log = log(json!({"total_price": total, "financial_status": "paid",
                "transactions": [{"id": 1, "kind": "capture", "amount": received, "created_at": "2026-06-12T02:00:00Z"}]}));
            assert_eq!((log.entries.len(), log.warnings.len()), (1, 0), "{total}");
        }
    }

    #[test]
    fn what_went_back_is_taken_off_where_it_came_from_and_never_below_nothing() {
        let back = |id: i64, amount: i64, parent: i64| json!({"id": id, "parent_id": parent, "kind": "refund", "amount": -amount});
        let of = |status: &str, transactions: Value| {
            log(json!({"total_price": 300_000, "financial_status": status, "transactions": transactions}))
        };
        let amounts = |log: &Log| log.entries.iter().map(|one| one.amount.to_string()).collect::<Vec<_>>();
        let two = [capture(1, 100_000), capture(2, 200_000)];
        let with = |refund: Value| json!([two[0], two[1], refund]);
        for (transactions, expected) in [
            (with(back(9, 40_000, 1)), vec!["60000", "200000"]),
            (with(back(9, 40_000, 77)), vec!["100000", "160000"]),
            (with(back(9, 250_000, 1)), vec!["50000"]),
            (with(back(9, 900_000, 1)), vec![]),
            (json!([back(9, 100_000, 1)]), vec!["200000"]),
        ] {
            let log = of("partially_refunded", transactions.clone());
            assert_eq!(amounts(&log), expected, "{transactions}");
            assert!(log.warnings.contains(&"refunded_in_haravan"));
        }
        for transactions in [json!([]), with(back(9, 300_000, 1)), json!([two[0], two[1]])] {
            let log = of("refunded", transactions);
            assert_eq!((amounts(&log).len(), log.warnings), (0, vec!["refunded_in_haravan"]));
        }
        let unknown = of("partially_refunded", json!([two[0], two[1]]));
        assert_eq!((amounts(&unknown).len(), unknown.warnings), (0, vec!["refunded_amount_unknown"]));
        assert_eq!(amounts(&of("paid", with(back(9, 40_000, 2)))), ["100000", "160000"]);
    }

    #[test]
    fn a_payment_without_a_readable_date_is_of_the_day_that_is_known_best() {
        for date in [json!(null), json!("hôm qua"), json!("2026-13-45"), json!({})] {
            let with = |known: Value| {
                let mut order = json!({"total_price": 5, "financial_status": "paid",
                    "transactions": [{"id": 1, "kind": "sale", "amount": 5, "created_at": date}]});
                order.as_object_mut().unwrap().extend(known.as_object().unwrap().clone());
                let log = log(order);
                assert_eq!(log.warnings, ["payment_date_unknown"], "{date}");
                log.entries[0].pay_date.clone()
            };
            let (created, updated) = ("2026-06-12T02:00:00Z", "2026-06-13T18:00:00Z");
            assert_eq!(with(json!({"created_at": created, "updated_at": updated})), "2026-06-14");
            assert_eq!(with(json!({"created_at": created})), "2026-06-12");
            assert_eq!(with(json!({})), "2026-06-21");
        }
    }

    #[test]
    fn the_tenants_map_is_asked_by_the_transactions_gateway_first() {
        let map = [("COD", "Thu hộ"), ("Ví MoMo", "Momo"), ("vnpay_qr", "VNPay"), ("Quét mã", "Mã QR")];
        let gateway_map = map.map(|(from, to)| (from.to_owned(), to.to_owned())).into();
        let settings = Settings { gateway_map, ..Settings::default() };
        let order = |gateway: &str, code: &str| -> Order {
            serde_json::from_str(&json!({"gateway": gateway, "gateway_code": code}).to_string()).unwrap()
        };
        let cod = order("Thanh toán khi giao hàng", "COD");
        for (name, expected) in [
            (None, "Thu hộ"),
            (Some("Thanh toán khi giao hàng"), "Thu hộ"),
            (Some("cod"), "Thu hộ"),
            (Some("ví momo"), "Momo"),
            (Some("VNPAY_QR"), "VNPay"),
            (Some("Ví khác"), "Chuyển khoản"),
            (Some("Tiền mặt"), "Tiền mặt"),
        ] {
            assert_eq!(method(&cod, name, &settings).as_deref(), Some(expected), "{name:?}");
        }
        let scanned = order("Quét mã", "VNPAY_QR");
        assert_eq!(method(&scanned, None, &settings).as_deref(), Some("VNPay"));
        assert_eq!(method(&scanned, Some("Quét mã"), &settings).as_deref(), Some("Mã QR"));
        assert_eq!(method(&Order::default(), None, &settings), None);
    }

    /// A transaction that may be any, and whether it is a refund that stands in `refunds`, among the transactions, or in
    /// both.
    #[derive(Debug, Clone)]
    struct Any {
        kind: &'static str,
        amount: i64,
        status: Option<&'static str>,
        place: usize,
        twice: bool,
    }

    fn any() -> impl Strategy<Value = Any> {
        let kinds = ["capture", "sale", "Capture", "pending", "authorization", "void", "refund", "odd"];
        let statuses = [
            None,
            None,
            Some("success"),
            Some("Thành công"),
            Some("failure"),
            Some("Thất bại"),
            Some("đối soát"),
        ];
        let parts = (
            prop::sample::select(kinds.to_vec()),
            1..1_000_000_i64,
            prop::sample::select(statuses.to_vec()),
            0..3_usize,
            prop::bool::ANY,
        );
        parts.prop_map(|(kind, amount, status, place, twice)| Any { kind, amount, status, place, twice })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_log_is_what_was_received_minus_what_went_back(
            all in prop::collection::vec(any(), 0..7),
            total in 0..2_000_000_i64,
            status in prop::sample::select(&["paid", "partially_paid", "partially_refunded", "refunded", "pending"][..]),
        ) {
            let (mut listed, mut refunds, mut received, mut returned) = (Vec::new(), Vec::new(), Vec::new(), 0);
            for (id, one) in (1..).zip(&all) {
                let is_refund = one.kind == "refund";
                let went_well = !matches!(one.status, Some("failure" | "Thất bại" | "đối soát"));
                let row = |sign: i64| json!({"id": id, "kind": one.kind, "amount": sign * one.amount, "status": one.status,
                    "created_at": "2026-06-12T02:00:00Z"});
                let times = if one.twice { 2 } else { 1 };
                if !is_refund || one.place != 1 {
                    listed.extend(vec![row(if is_refund { -1 } else { 1 }); times]);
                }
                if is_refund && one.place != 0 {
                    refunds.push(json!({"transactions": vec![row(1); times]}));
                }
                match one.kind {
                    "refund" if went_well => returned += one.amount,
                    "capture" | "sale" | "Capture" if went_well => received.push((id, one.amount)),
                    _ => {}
                }
            }
            let came: i64 = received.iter().map(|(_, amount)| amount).sum();
            let log = log(json!({"total_price": total, "financial_status": status, "transactions": listed, "refunds": refunds}));
            let expected = match status {
                "paid" => came.max(total) - returned,
                "partially_paid" => came - returned,
                "partially_refunded" if returned == 0 => 0,
                "partially_refunded" if came == 0 => total - returned,
                "partially_refunded" => came - returned,
                _ => 0,
            };
            prop_assert_eq!(sum(&log), expected.max(0).to_string());
            prop_assert!(log.entries.iter().all(|one| one.amount.is_positive()));
            let times = |id: i64| log.entries.iter().filter(|one| one.description.contains(&format!("giao dịch {id}"))).count();
            for (id, one) in (1..).zip(&all) {
                prop_assert!(times(id) <= 1, "{one:?}");
            }
            if returned == 0 && matches!(status, "paid" | "partially_paid") {
                prop_assert!(received.iter().all(|(id, _)| times(*id) == 1));
            }
            let unknown = all.iter().any(|one| one.status == Some("đối soát") && matches!(one.kind, "capture" | "sale" | "Capture" | "refund"));
            prop_assert_eq!(log.warnings.contains(&"payment_status_unknown"), unknown);
        }
    }
}
