//! What an order says about money (haravan.md §3.6, §3.8, §3.10, §11).

use std::collections::HashSet;

use super::gateway::Gateway;
use super::order::Order;
use super::transaction::Transaction;
use crate::money::{Currency, Money};
use crate::text::unaccented;

/// How an order stands financially.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payment {
    /// Void or cancelled: nothing is owed.
    Void,
    /// Money was received in full.
    Paid,
    /// A part was received.
    PartlyPaid,
    /// Money was received and a part of it went back.
    PartlyRefunded,
    /// Money was received and all of it went back.
    Refunded,
    /// Reserved, or to be paid later.
    Unpaid,
}

/// Money that came in or went back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moved<'a> {
    /// The transaction.
    pub transaction: &'a Transaction,
    /// How much, always positive.
    pub amount: Money,
}

/// All the money of an order that moved.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Movements<'a> {
    /// What came in, oldest first.
    pub received: Vec<Moved<'a>>,
    /// What went back, oldest first.
    pub returned: Vec<Moved<'a>>,
    /// Whether a transaction was left out because nobody knows what its status means.
    pub has_unknown_status: bool,
}

impl Order {
    /// How the order stands. Void is tested first, as haravan.md §3.10 orders it.
    pub fn payment(&self) -> Payment {
        let status = self.financial_status.as_deref().unwrap_or_default();
        // `partially_paid` and `partiallypaid` are both written (haravan.md §3.8).
        let letters: String = status.chars().filter(char::is_ascii_alphabetic).collect();
        match letters.as_str() {
            "voided" | "void" => Payment::Void,
            _ if self.is_cancelled() => Payment::Void,
            "paid" => Payment::Paid,
            "partiallypaid" => Payment::PartlyPaid,
            "partiallyrefunded" => Payment::PartlyRefunded,
            "refunded" => Payment::Refunded,
            _ => Payment::Unpaid,
        }
    }

    /// The gateway of this name, as a transaction gives it; the order's own when none is given.
    pub fn gateway_called<'a>(&'a self, name: Option<&'a str>) -> Gateway<'a> {
        let own_names = [&self.gateway, &self.gateway_code].map(|name| name.as_deref().map(unaccented));
        let is_own = |name: &str| own_names.iter().flatten().any(|own| own == name);
        let wanted = name.map(unaccented);
        let own = wanted.as_deref().is_none_or(is_own);
        let of_this = |transaction: &&Transaction| match transaction.gateway.as_deref().map(unaccented) {
            Some(theirs) if own => is_own(&theirs),
            Some(theirs) => wanted.as_deref() == Some(theirs.as_str()),
            None => own,
        };
        let is_cod = self.transactions.iter().filter(of_this).any(|one| one.is_cod_gateway == Some(true));
        if own {
            let is_cod = is_cod || self.is_cod_gateway == Some(true);
            Gateway { is_cod, code: self.gateway_code.as_deref(), name: self.gateway.as_deref() }
        } else {
            Gateway { is_cod, code: None, name }
        }
    }

    /// The money that moved: each transaction once, and only those that went through. A refund stands among the order's
    /// transactions, in `refunds`, or in both (haravan.md §11).
    pub fn movements(&self) -> Movements<'_> {
        let mut rows = distinct(self.transactions.iter().map(|transaction| Row::of(transaction, false)));
        let copies = self.refunds.iter().flat_map(|refund| &refund.transactions);
        let copies = distinct(copies.map(|transaction| Row::of(transaction, true)));
        let mut matched: HashSet<usize> = HashSet::new();
        let mut left = Vec::new();
        for copy in copies {
            match rows.iter_mut().enumerate().find(|(_, row)| row.has_id_of(&copy)) {
                Some((at, row)) => {
                    row.ended = row.ended.max(copy.ended);
                    if row.flow().is_none() {
                        (row.transaction, row.in_refund) = (copy.transaction, true);
                    }
                    matched.insert(at);
                }
                None => left.push(copy),
            }
        }
        for copy in left {
            let mut unmatched = rows.iter_mut().enumerate().filter(|(at, _)| !matched.contains(at));
            match unmatched.find(|(_, row)| row.looks_like(&copy)) {
                Some((at, row)) => {
                    row.ended = row.ended.max(copy.ended);
                    matched.insert(at);
                }
                None => {
                    // Nothing that comes after is a copy of a copy.
                    matched.insert(rows.len());
                    rows.push(copy);
                }
            }
        }
        let (mut movements, currency) = (Movements::default(), self.currency());
        for row in rows {
            let Some(flow) = row.flow() else { continue };
            let theirs = row.transaction.currency.as_deref();
            if theirs.is_some_and(|theirs| Currency::read(Some(theirs)) != currency) {
                movements.has_unknown_status = true;
                continue;
            }
            match row.ended {
                Ended::Untold | Ended::Well => {}
                Ended::Badly => continue,
                Ended::Unclear => {
                    movements.has_unknown_status = true;
                    continue;
                }
            }
            let list = if flow.is_negative() { &mut movements.returned } else { &mut movements.received };
            list.push(Moved { transaction: row.transaction, amount: flow.abs() });
        }
        let by_age = |moved: &Moved<'_>| (moved.transaction.created_at, moved.transaction.id);
        movements.received.sort_by_key(by_age);
        movements.returned.sort_by_key(by_age);
        movements
    }
}

/// How a transaction ended. Of several copies the greatest counts: a word says more than none, and success comes last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Ended {
    /// No word: so it is inside orders (haravan.md §3.6).
    Untold,
    Badly,
    Unclear,
    Well,
}

impl Ended {
    fn of(status: Option<&str>) -> Self {
        let Some(status) = status else { return Self::Untold };
        let words: Vec<String> = unaccented(status)
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect();
        match words.join(" ").as_str() {
            "success"
            | "successful"
            | "successfully"
            | "succeeded"
            | "succeed"
            | "thanh cong"
            | "giao dich thanh cong"
            | "da thanh cong"
            | "completed"
            | "complete"
            | "hoan tat"
            | "hoan thanh"
            | "da hoan tat"
            | "da hoan thanh"
            | "paid"
            | "da thanh toan"
            | "refunded"
            | "da hoan tien"
            | "hoan tien thanh cong" => Self::Well,
            "failure"
            | "failed"
            | "fail"
            | "error"
            | "pending"
            | "void"
            | "voided"
            | "declined"
            | "rejected"
            | "cancelled"
            | "canceled"
            | "cancel"
            | "expired"
            | "timeout"
            | "processing"
            | "waiting"
            | "in progress"
            | "unsuccessful"
            | "that bai"
            | "bi that bai"
            | "giao dich that bai"
            | "khong thanh cong"
            | "chua thanh cong"
            | "giao dich khong thanh cong"
            | "loi"
            | "bi loi"
            | "tu choi"
            | "bi tu choi"
            | "huy"
            | "da huy"
            | "bi huy"
            | "het han"
            | "cho"
            | "dang cho"
            | "cho xu ly"
            | "dang xu ly"
            | "cho thanh toan"
            | "chua thanh toan" => Self::Badly,
            _ => Self::Unclear,
        }
    }
}

/// A transaction, and how it ended by all that the body says.
struct Row<'a> {
    transaction: &'a Transaction,
    /// Whether it stands in `refunds`, where a sum is given back whatever its sign.
    in_refund: bool,
    ended: Ended,
}

impl<'a> Row<'a> {
    fn of(transaction: &'a Transaction, in_refund: bool) -> Self {
        Self { transaction, in_refund, ended: Ended::of(transaction.status.as_deref()) }
    }

    /// What came in, or negative what went back.
    fn flow(&self) -> Option<Money> {
        let amount = self.transaction.amount.filter(|amount| *amount != Money::ZERO)?;
        match self.transaction.kind.as_deref() {
            Some("refund") => Some(-amount.abs()),
            None | Some("capture" | "sale") if self.in_refund => Some(-amount.abs()),
            Some("capture" | "sale") => Some(amount),
            _ => None,
        }
    }

    fn has_id_of(&self, other: &Self) -> bool {
        self.transaction.id.is_some() && self.transaction.id == other.transaction.id
    }

    /// Whether two refunds of which one has no id, or which have ids of their own, are one: by sum and time.
    fn looks_like(&self, copy: &Self) -> bool {
        let (this, that) = (self.transaction, copy.transaction);
        let without_id = this.id.is_none() || that.id.is_none();
        let at_once = this.created_at.is_some() && this.created_at == that.created_at;
        self.flow().is_some_and(Money::is_negative) && self.flow() == copy.flow() && (without_id || at_once)
    }
}

/// Each id once. What has none cannot be told from another and stays.
fn distinct<'a>(rows: impl Iterator<Item = Row<'a>>) -> Vec<Row<'a>> {
    let mut kept: Vec<Row<'a>> = Vec::new();
    for row in rows {
        match kept.iter_mut().find(|known| known.has_id_of(&row)) {
            Some(known) => {
                known.ended = known.ended.max(row.ended);
                if known.flow().is_none() {
                    known.transaction = row.transaction;
                }
            }
            None => kept.push(row),
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(json: &str) -> Order {
        serde_json::from_str(json).unwrap_or_else(|error| panic!("{json}: {error}"))
    }

    /// Sums of what came in and of what went back, as whole numbers.
    fn sums(json: &str) -> (Vec<String>, Vec<String>) {
        let order = order(json);
        let moved = order.movements();
        let amounts = |moves: &[Moved<'_>]| moves.iter().map(|one| one.amount.to_string()).collect();
        (amounts(&moved.received), amounts(&moved.returned))
    }

    fn received(json: &str) -> Vec<String> {
        sums(json).0
    }

    #[test]
    fn a_refund_that_only_its_copy_tells_is_taken_off() {
        for listed in [
            r#"{"id":7,"kind":"refund","amount":null}"#,
            r#"{"id":7,"kind":"refund","amount":0}"#,
            r#"{"id":7,"kind":"pending","amount":40000}"#,
        ] {
            let copy = r#"{"id":7,"kind":"refund","amount":40000,"status":"Thành công"}"#;
            let body = format!(
                r#"{{"transactions":[{{"id":1,"kind":"capture","amount":300000}},{listed}],"refunds":[{{"transactions":[{copy}]}}]}}"#
            );
            assert_eq!(sums(&body), (vec!["300000".to_owned()], vec!["40000".to_owned()]), "{listed}");
        }
        for word in ["Hoàn tiền thành công", "refunded", "Đã hoàn tiền"] {
            let body = format!(
                r#"{{"transactions":[{{"id":1,"kind":"capture","amount":300000}},{{"id":7,"kind":"refund","amount":-40000,"status":"{word}"}}]}}"#
            );
            assert_eq!(sums(&body).1, ["40000"], "{word}");
        }
    }

    #[test]
    fn payment_is_read_from_either_spelling() {
        for (json, expected) in [
            (r#"{"financial_status":"paid"}"#, Payment::Paid),
            (r#"{"financial_status":"Paid"}"#, Payment::Paid),
            (r#"{"financial_status":"refunded"}"#, Payment::Refunded),
            (r#"{"financial_status":"partially_refunded"}"#, Payment::PartlyRefunded),
            (r#"{"financial_status":"PartiallyRefunded"}"#, Payment::PartlyRefunded),
            (r#"{"financial_status":"partially_paid"}"#, Payment::PartlyPaid),
            (r#"{"financial_status":"partiallypaid"}"#, Payment::PartlyPaid),
            (r#"{"financial_status":"pending"}"#, Payment::Unpaid),
            (r#"{"financial_status":"authorized"}"#, Payment::Unpaid),
            (r#"{"financial_status":"voided"}"#, Payment::Void),
            (r#"{"financial_status":"paid","cancelled_status":"cancelled"}"#, Payment::Void),
            (r#"{}"#, Payment::Unpaid),
        ] {
            assert_eq!(order(json).payment(), expected, "{json}");
        }
    }

    #[test]
    fn only_no_word_or_a_word_of_success_is_money() {
        let with = |kind: &str, status: &str| {
            let json =
                format!(r#"{{"transactions":[{{"id":1,"kind":"{kind}","amount":-5,"status":{status}}}]}}"#);
            let order = order(&if kind == "refund" { json } else { json.replace("-5", "5") });
            let moved = order.movements();
            (moved.received.len() + moved.returned.len(), moved.has_unknown_status)
        };
        for kind in ["capture", "sale", "Capture", "refund"] {
            for status in [
                "null",
                r#""""#,
                r#""success""#,
                r#""SUCCESS""#,
                r#""Thành công""#,
                r#""Tha\u0300nh co\u0302ng""#,
                r#""thanh cong""#,
                r#""Completed""#,
            ] {
                assert_eq!(with(kind, status), (1, false), "{kind} {status}");
            }
            for status in [
                "failure",
                "Failed",
                "error",
                "pending",
                "void",
                "Thất bại",
                "THAT BAI",
                "Không thành công",
                "Đã hủy",
                "Chờ xử lý",
            ] {
                assert_eq!(with(kind, &format!("{status:?}")), (0, false), "{kind} {status}");
            }
            for status in ["Đang đối soát", "settling", "unknown", "success?maybe", "1", "true"] {
                assert_eq!(with(kind, &format!("{status:?}")), (0, true), "{kind} {status}");
            }
        }
        for kind in ["pending", "authorization", "void", ""] {
            for status in ["null", r#""success""#, r#""Đang đối soát""#] {
                assert_eq!(with(kind, status), (0, false), "{kind} {status}");
            }
        }
    }

    #[test]
    fn a_transaction_that_a_body_has_twice_counts_once() {
        let capture = r#"{"id":5,"kind":"capture","amount":100}"#;
        for list in [
            format!("[{capture},{capture}]"),
            format!(r#"[{capture},{{"id":"5","kind":"sale","amount":100}},{capture}]"#),
            format!(r#"[{capture},{{"id":5,"kind":"capture","amount":100,"status":"success"}}]"#),
            r#"[{"id":5,"kind":"capture","amount":100,"status":"pending"},{"id":5,"kind":"capture","amount":100,"status":"success"}]"#.to_owned(),
            format!(r#"[{{"id":5,"kind":"pending","amount":100}},{capture}]"#),
        ] {
            assert_eq!(received(&format!(r#"{{"transactions":{list}}}"#)), ["100"], "{list}");
        }
        // Of one transaction, a word that it failed says more than no word.
        let failed = r#"{"id":5,"kind":"capture","amount":100,"status":"failure"}"#;
        assert!(received(&format!(r#"{{"transactions":[{capture},{failed}]}}"#)).is_empty());
        // What has no id may be two.
        let without = r#"{"kind":"capture","amount":100}"#;
        assert_eq!(received(&format!(r#"{{"transactions":[{without},{without}]}}"#)).len(), 2);
    }

    #[test]
    fn a_refund_counts_once_wherever_it_stands() {
        let at = r#""created_at":"2026-06-12T03:00:00Z""#;
        let listed = format!(r#"{{"id":7,"kind":"refund","amount":-40,{at}}}"#);
        for copy in [
            r#"{"id":7,"kind":"refund","amount":40,"status":"Thành công"}"#.to_owned(),
            r#"{"id":7,"kind":"refund","amount":-40,"status":"Thành công"}"#.to_owned(),
            r#"{"kind":"Refund","amount":40}"#.to_owned(),
            r#"{"amount":40,"status":"success"}"#.to_owned(),
            format!(r#"{{"id":8,"kind":"refund","amount":40,{at}}}"#),
        ] {
            for json in [
                format!(r#"{{"transactions":[{listed}],"refunds":[{{"transactions":[{copy}]}}]}}"#),
                format!(r#"{{"transactions":[],"refunds":[{{"transactions":[{copy},{copy}]}}]}}"#),
                format!(r#"{{"transactions":[{listed}],"refunds":[{{"transactions":[]}},{{"id":3}}]}}"#),
            ] {
                // Without an id two of them may be two.
                let twice = json.contains(&format!("{copy},{copy}")) && !copy.contains("\"id\"");
                let expected = vec!["40".to_owned(); if twice { 2 } else { 1 }];
                assert_eq!(sums(&json), (Vec::new(), expected), "{json}");
            }
        }
        // Two refunds of one sum are two, and their copies as well.
        let two = r#"{"id":7,"kind":"refund","amount":-40},{"id":8,"kind":"refund","amount":-40}"#;
        for copies in [two, r#"{"kind":"refund","amount":40},{"id":8,"kind":"refund","amount":40}"#] {
            let json = format!(r#"{{"transactions":[{two}],"refunds":[{{"transactions":[{copies}]}}]}}"#);
            assert_eq!(sums(&json).1, ["40", "40"], "{json}");
        }
        // A refund that failed gave nothing back, wherever that is said.
        let failed = r#"{"id":7,"kind":"refund","amount":40,"status":"Thất bại"}"#;
        let json = format!(r#"{{"transactions":[{listed}],"refunds":[{{"transactions":[{failed}]}}]}}"#);
        assert!(sums(&json).1.is_empty());
    }

    #[test]
    fn a_gateway_of_a_transaction_is_its_own_unless_it_is_called_as_the_orders() {
        let order = order(
            r#"{"gateway":"Thanh toán khi nhận hàng","gateway_code":"Custom","transactions":[
                {"kind":"pending","gateway":"thanh toan khi nhan hang","is_cod_gateway":true},
                {"kind":"capture","gateway":"Ví tại quầy"},{"kind":"sale","gateway":"Hộp tiền","is_cod_gateway":"true"}]}"#,
        );
        let own = Gateway { is_cod: true, code: Some("custom"), name: Some("Thanh toán khi nhận hàng") };
        for name in [None, Some("Thanh toán khi nhận hàng"), Some("THANH TOAN KHI NHAN HANG"), Some("custom")]
        {
            assert_eq!(order.gateway_called(name), own, "{name:?}");
        }
        let other = |name, is_cod| Gateway { is_cod, code: None, name: Some(name) };
        assert_eq!(order.gateway_called(Some("Ví tại quầy")), other("Ví tại quầy", false));
        assert_eq!(order.gateway_called(Some("Hộp tiền")), other("Hộp tiền", true));
    }
}
