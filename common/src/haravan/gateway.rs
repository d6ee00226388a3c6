//! Whether a payment gateway brings cash (haravan.md §3.10, §11).
//!
//! Shops name their gateways as they like, and there is no list of codes. The flag `is_cod_gateway` decides when it is
//! set; then the code; then the words of the name. What counts is whole words, so that `Barcode` and `VNPAY QR Code` have
//! nothing to do with `COD`. A word for another way to pay beside the cash word means that other way, and so does a "no"
//! before it.

use crate::text::unaccented;

/// A gateway, as far as an order tells of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Gateway<'a> {
    /// Whether `is_cod_gateway` is set.
    pub is_cod: bool,
    /// Code, such as `COD`, `bankdeposit` or `Custom`.
    pub code: Option<&'a str>,
    /// Display name.
    pub name: Option<&'a str>,
}

impl Gateway<'_> {
    /// Whether anything is known of it.
    pub fn is_known(&self) -> bool {
        self.is_cod || self.code.is_some() || self.name.is_some()
    }

    /// Whether it brings cash: at the door, by the courier, at the till.
    pub fn is_cash(&self) -> bool {
        let told = || self.code.and_then(means_cash).or_else(|| self.name.and_then(means_cash));
        self.is_cod || told().unwrap_or(false)
    }
}

/// Words for cash, unaccented of accents.
const CASH: [&str; 17] = [
    "cash",
    "cashondelivery",
    "cod",
    "khi giao hang",
    "khi nhan duoc hang",
    "khi nhan hang",
    "luc giao hang",
    "luc nhan hang",
    "nhan hang roi thanh toan",
    "nhan hang thanh toan",
    "nhan hang tra tien",
    "on delivery",
    "shipcod",
    "thu ho",
    "thu tien ho",
    "thu tien tan noi",
    "tien mat",
];

/// Words for other ways to pay, some of which stand beside a word for cash.
const OTHER: [&str; 45] = [
    "airpay",
    "atm",
    "bang the",
    "bank",
    "bankdeposit",
    "banking",
    "banktransfer",
    "ca the",
    "card",
    "cash app",
    "cash back",
    "cashless",
    "chuyen khoan",
    "ck",
    "credit",
    "fundiin",
    "gift",
    "grabpay",
    "kredivo",
    "mastercard",
    "moca",
    "momo",
    "napas",
    "ngan hang",
    "onepay",
    "paypal",
    "payoo",
    "phi tien mat",
    "qr",
    "quet ma",
    "quet the",
    "shopeepay",
    "stripe",
    "the ghi no",
    "the noi dia",
    "the tin dung",
    "tra gop",
    "transfer",
    "vi dien tu",
    "vietqr",
    "visa",
    "vnpay",
    "voucher",
    "wallet",
    "zalopay",
];

/// A "no" that turns the words after it around: `Không dùng tiền mặt`.
const NO: [&str; 6] = ["khong", "ko", "no", "non", "not", "without"];

/// What a code or a name says about cash, if it says anything.
fn means_cash(text: &str) -> Option<bool> {
    let clauses = clauses(text);
    let cash = |clause: &String| CASH.iter().find_map(|words| clause.find(&format!(" {words} ")));
    if clauses.iter().any(|clause| has_any(clause, &OTHER)) {
        return Some(false);
    }
    let said = clauses.iter().find_map(|clause| Some((clause, cash(clause)?)));
    said.map(|(clause, at)| !clause.get(..=at).is_some_and(|before| has_any(before, &NO)))
}

fn has_any(clause: &str, phrases: &[&str]) -> bool {
    phrases.iter().any(|words| clause.contains(&format!(" {words} ")))
}

/// The parts between brackets, commas and dashes, as ` words with spaces around `.
fn clauses(text: &str) -> Vec<String> {
    let words = |clause: &str| {
        let words: Vec<&str> =
            clause.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
        format!(" {} ", words.join(" "))
    };
    unaccented(text)
        .replace(" - ", ",")
        .split(['(', ')', '[', ']', ',', ';', '/', '|', '+', '&', ':', '–', '—'])
        .map(words)
        .collect()
}

#[cfg(test)]
mod tests {
    use unicode_normalization::UnicodeNormalization;

    use super::*;

    fn named(name: &str) -> bool {
        let spelled = |name: &str| Gateway { name: Some(name), ..Gateway::default() }.is_cash();
        let composed: String = name.nfc().collect();
        let (decomposed, loud): (String, String) = (name.nfd().collect(), name.to_uppercase());
        assert_eq!(spelled(&composed), spelled(&decomposed), "{name}");
        assert_eq!(spelled(&composed), spelled(&loud), "{name}");
        spelled(&composed)
    }

    #[test]
    fn cash_is_known_by_whole_words_however_they_are_spelled() {
        for name in [
            "COD",
            "Ship COD",
            "COD - GHTK",
            "(cod)",
            "ＣＯＤ",
            "COD (không cho xem hàng)",
            "Thanh toán khi giao hàng (COD)",
            "Thanh toán khi nhận hàng",
            "Thanh toan khi nhan hang",
            "Trả tiền lúc nhận hàng",
            "Nhận hàng trả tiền",
            "Thu hộ",
            "Viettel Post thu hộ",
            "Tiền mặt",
            "Tiền  mặt tại quầy",
            "TIỀN MẶT (POS)",
            "Cash",
            "Cash on delivery",
            "Pay on Delivery",
        ] {
            assert!(named(name), "{name}");
        }
    }

    #[test]
    fn a_cash_word_inside_another_word_or_beside_another_way_to_pay_is_no_cash() {
        for name in [
            "VNPAY QR Code",
            "Barcode",
            "Momo Barcode",
            "Mã barcode",
            "Discode",
            "Codex Pay",
            "GCash",
            "Cash App",
            "Cash back",
            "Cashback",
            "Cashless",
            "Cash card",
            "Không dùng tiền mặt",
            "Thanh toán không tiền mặt",
            "Phi tiền mặt",
            "Non-cash",
            "No COD",
            "Không thu hộ",
            "Chuyển khoản khi nhận hàng",
            "Quẹt thẻ khi nhận hàng",
            "Thanh toán bằng thẻ khi giao hàng",
            "Chuyển khoản (đơn COD)",
            "Thu hộ Payoo",
            "Nộp tiền mặt tại ngân hàng",
            "Tiền mặc",
            "Chuyển khoản qua ngân hàng",
            "Ví MoMo",
            "Khác",
            "",
        ] {
            assert!(!named(name), "{name}");
        }
    }

    #[test]
    fn the_flag_decides_first_then_the_code_then_the_name() {
        let is_cash = |is_cod, code, name| Gateway { is_cod, code, name }.is_cash();
        for name in ["Thanh toán khi nhận hàng", "Giao tận tay", "VNPAY QR Code", "Chuyển khoản"] {
            assert!(is_cash(true, Some("Custom"), Some(name)), "{name}");
        }
        for code in ["COD", "cod", "cash", "ghn_cod", "cash_on_delivery"] {
            assert!(is_cash(false, Some(code), Some("Trả sau")), "{code}");
            assert!(is_cash(false, Some(code), None), "{code}");
        }
        for code in ["bankdeposit", "vnpay", "momo", "bank_transfer"] {
            assert!(!is_cash(false, Some(code), Some("Thanh toán đơn COD")), "{code}");
        }
        assert!(is_cash(false, Some("Custom"), Some("Tiền mặt")));
        assert!(!is_cash(false, Some("Custom"), Some("Barcode")));
        assert!(!is_cash(false, None, None));
    }
}
