//! E-mail addresses, read from what people paste into a field.

use crate::text::{fold, visible};

/// The first real address of a field, clean and in lower case. Haravan's stand-ins for "no e-mail" are none
/// (haravan.md §3.4).
pub fn real_email(text: &str) -> Option<String> {
    addresses(text).into_iter().next()
}

/// Every real address of a field, in the order typed.
pub fn addresses(text: &str) -> Vec<String> {
    shaped(text).into_iter().filter(|email| !is_stand_in(email)).collect()
}

/// Whether somebody typed something into this field that is neither an address nor a stand-in nor masked by Haravan.
pub fn is_unreadable(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric) && !text.contains('*') && shaped(text).is_empty()
}

/// What has the shape of an address. Words beside an address are not taken for a part of it, nor it for one of them:
/// `thu mai@x.vn` may be `thumai@x.vn`.
fn shaped(text: &str) -> Vec<String> {
    let text = fold(&visible(text));
    let mut addresses: Vec<String> = Vec::new();
    for piece in text.split([',', ';', '|', '/', '<', '>', '"', '(', ')', '[', ']', ':', '\n']) {
        let words: Vec<&str> =
            piece.split_whitespace().map(trimmed).filter(|word| !word.is_empty()).collect();
        if words.iter().all(|word| is_address(word)) {
            addresses.extend(words.into_iter().map(str::to_owned));
        }
    }
    addresses
}

fn trimmed(word: &str) -> &str {
    word.trim_matches(['.', '\'', '’', '‘', '“', '”', '`'])
}

fn is_address(word: &str) -> bool {
    word.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty()
            && domain.contains('.')
            && domain.split('.').all(|label| !label.is_empty())
            && !domain.contains('@')
            && !word.contains('*')
            && !word.contains(char::is_control)
    })
}

fn is_stand_in(email: &str) -> bool {
    let Some(local) = email.strip_suffix("@haravan.com") else { return false };
    local == "guest"
        || local == "khachhang"
        || local.strip_prefix("guest+").is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit()))
        || local
            .strip_suffix(".phone")
            .is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit() || b == b'+'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn placeholder_addresses_are_no_email() {
        for stand_in in [
            "guest@haravan.com",
            "Guest@Haravan.com",
            "khachhang@haravan.com",
            "guest+12@haravan.com",
            "0903555018.phone@haravan.com",
            "guest@haravan.com.",
            "\u{200b}guest@haravan.com",
        ] {
            assert_eq!(real_email(stand_in), None, "{stand_in}");
            assert!(!is_unreadable(stand_in), "{stand_in}");
        }
        for broken in ["", "a", "a@b", "@x.vn", "a b@x.vn", "n***@x.vn", "a@x..vn", "a@@x.vn", "a @x.vn"] {
            assert_eq!(real_email(broken), None, "{broken}");
        }
        assert_eq!(real_email(" Thu.Mai@Example.com ").as_deref(), Some("thu.mai@example.com"));
        assert_eq!(real_email("guest+vip@haravan.com").as_deref(), Some("guest+vip@haravan.com"));
    }

    #[test]
    fn junk_around_an_address_is_no_part_of_it() {
        for typed in [
            "a@x.vn\u{200b}",
            "\u{feff}a@x.vn",
            "a\u{ad}@x.vn",
            "\u{202a}a@x.vn\u{202c}",
            "a@x.vn.",
            "a@x.vn,",
            "a@x.vn;",
            "a@x.vn:",
            "<a@x.vn>",
            "Lan <A@X.vn>",
            "\"a@x.vn\"",
            "'a@x.vn'",
            "mailto:a@x.vn",
            "a@x.vn;b@y.vn",
            "a@x.vn, b@y.vn",
            "a@x.vn b@y.vn",
            "a@x.vn/b@y.vn",
            "guest@haravan.com; a@x.vn",
            "a@x.vn (Lan)",
        ] {
            assert_eq!(real_email(typed).as_deref(), Some("a@x.vn"), "{typed:?}");
        }
        assert_eq!(addresses("a@x.vn; b@y.vn"), ["a@x.vn", "b@y.vn"]);
    }

    #[test]
    fn only_what_somebody_typed_and_nobody_can_read_is_unreadable() {
        for typed in ["không có", "mai@", "thu mai@x.vn", "a@b"] {
            assert!(is_unreadable(typed), "{typed}");
        }
        for typed in ["", " ", "-", "n***@x.vn", "a@x.vn", "guest@haravan.com"] {
            assert!(!is_unreadable(typed), "{typed}");
        }
    }

    proptest! {
        #[test]
        fn a_clean_address_stays_as_it_is(
            text in prop_oneof![".{0,40}", "[aB.@;:<>\"' \u{200b}\u{feff}+x]{0,20}", "[a-z.;]{1,6}@[a-z]{1,4}[.]{1,2}[a-z;]{1,3}"],
        ) {
            for email in addresses(&text) {
                prop_assert_eq!(real_email(&email), Some(email.clone()));
            }
        }
    }
}
