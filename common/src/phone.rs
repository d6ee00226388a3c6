//! Phone numbers, normalised by Google's metadata.

use std::fmt;

use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat, Region};

/// A dialable number in E.164 form (`+84903555018`). Prints redacted.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PhoneNumber {
    e164: String,
}

impl PhoneNumber {
    /// Reads a number as typed in Vietnam: `0903555018`, `+84 903 555 018`, `84903555018`, or foreign with `+`.
    /// `None` for masked, empty or impossible numbers.
    pub fn parse(text: &str) -> Option<Self> {
        if text.contains('*') {
            return None;
        }
        let typed = text.trim();
        Self::possible(typed).or_else(|| {
            // Nine digits without the leading zero are how spreadsheets hand numbers over.
            let digits: String = typed.chars().filter(char::is_ascii_digit).collect();
            (digits.len() == 9 && typed.chars().all(|c| c.is_ascii_digit() || c == ' '))
                .then(|| Self::possible(&format!("0{digits}")))
                .flatten()
        })
    }

    fn possible(text: &str) -> Option<Self> {
        let number = PHONE_NUMBER_UTIL.parse(text, Some(Region::VN)).ok()?;
        if !PHONE_NUMBER_UTIL.is_possible_number(&number) {
            return None;
        }
        let e164 = PHONE_NUMBER_UTIL.format(&number, PhoneNumberFormat::E164).into_owned();
        Some(Self { e164 })
    }

    /// The international form, for keys and comparison.
    pub fn e164(&self) -> &str {
        &self.e164
    }

    /// The form a Vietnamese CRM user types: `0…` for Vietnam, `+…` for abroad (getfly.md §10).
    pub fn local(&self) -> String {
        match self.e164.strip_prefix("+84") {
            Some(rest) => format!("0{rest}"),
            None => self.e164.clone(),
        }
    }

    /// The last nine digits, by which a search finds `0…`, `84…` and `+84…` alike (getfly.md §3.3).
    pub fn tail(&self) -> &str {
        self.e164.get(self.e164.len().saturating_sub(9)..).unwrap_or(&self.e164)
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PhoneNumber([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_vietnamese_number_is_one_number() {
        for typed in [
            "0903555018",
            "+84903555018",
            "84903555018",
            "090 355 5018",
            "(090) 355-50.18",
            "+84 0903555018",
            "903555018",
        ] {
            let phone = PhoneNumber::parse(typed).unwrap_or_else(|| panic!("{typed}"));
            assert_eq!(
                (phone.e164(), phone.local().as_str(), phone.tail()),
                ("+84903555018", "0903555018", "903555018"),
                "{typed}"
            );
        }
    }

    #[test]
    fn foreign_numbers_stay_foreign() {
        let phone = PhoneNumber::parse("+65 6123 4567").unwrap();
        assert_eq!(phone.local(), "+6561234567");
    }

    #[test]
    fn what_is_no_number_is_none() {
        for typed in ["", " ", "090***5018", "abc", "0", "12", "không có", "🙂", "0903555018 0918222407 1234"]
        {
            assert_eq!(PhoneNumber::parse(typed), None, "{typed}");
        }
    }

    #[test]
    fn a_number_never_prints() {
        assert_eq!(format!("{:?}", PhoneNumber::parse("0903555018").unwrap()), "PhoneNumber([redacted])");
    }
}
