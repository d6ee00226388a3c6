//! Phone numbers that identify a person, read from what people type.
//!
//! A number that is wrong gives an order to the wrong customer, so nothing is guessed: a Vietnamese number must have
//! exactly the digits of a mobile or of a landline with its area code, a foreign one needs `+`, `00` or an address in
//! its country. What is left over (short numbers, hotlines, stand-ins, masks, letters among digits) identifies nobody.

mod field;

use std::fmt;

use rlibphonenumber::{
    NumberLengthType, PHONE_NUMBER_UTIL, PhoneNumberFormat, Region, get_national_significant_number_owned,
};

/// Mobile prefixes of before 2018 without their leading zero, and what each became (haravan.md §11).
const BEFORE_2018: [(&str, &str); 21] = [
    ("120", "70"),
    ("121", "79"),
    ("122", "77"),
    ("123", "83"),
    ("124", "84"),
    ("125", "85"),
    ("126", "76"),
    ("127", "81"),
    ("128", "78"),
    ("129", "82"),
    ("162", "32"),
    ("163", "33"),
    ("164", "34"),
    ("165", "35"),
    ("166", "36"),
    ("167", "37"),
    ("168", "38"),
    ("169", "39"),
    ("186", "56"),
    ("188", "58"),
    ("199", "59"),
];

/// So many digits that are equal or count up or down are typed by somebody who gives no number.
const STAND_IN_RUN: usize = 8;

/// A dialable number in E.164 form (`+84903555018`). Prints redacted.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PhoneNumber {
    e164: String,
}

impl PhoneNumber {
    /// The first number of a field as it is typed in Vietnam: see [`PhoneNumber::parse_in`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::parse_in(text, None)
    }

    /// The first number of a field: `0903555018`, `+84 903 555 018`, `84903555018`, a foreign one with `+`, and what
    /// spreadsheets make of them. `country` is the two-letter code of the address it belongs to, in either case.
    /// `None` when the field has no number that identifies somebody.
    pub fn parse_in(text: &str, country: Option<&str>) -> Option<Self> {
        Self::all_in(text, country).into_iter().next()
    }

    /// Every number of a field, in the order typed.
    pub fn all(text: &str) -> Vec<Self> {
        Self::all_in(text, None)
    }

    fn all_in(text: &str, country: Option<&str>) -> Vec<Self> {
        let abroad = country
            .and_then(|code| code.trim().to_ascii_uppercase().parse::<Region>().ok())
            .filter(|region| *region != Region::VN);
        let mut numbers = Vec::new();
        for number in field::numbers(text, |typed, sure| Self::one(typed, abroad, sure)) {
            if !numbers.contains(&number) {
                numbers.push(number);
            }
        }
        numbers
    }

    /// The number that this text is, with its digits grouped in any way. `abroad` is the foreign region of its address;
    /// a foreign number must be at least as `sure` as this.
    fn one(typed: &str, abroad: Option<Region>, sure: Sure) -> Option<Self> {
        let digits: String = typed.chars().filter(char::is_ascii_digit).collect();
        let international =
            if typed.contains('+') { Some(digits.as_str()) } else { digits.strip_prefix("00") };
        if let Some(international) = international {
            return match international.strip_prefix("84") {
                Some(rest) => Self::vietnamese(rest.strip_prefix('0').unwrap_or(rest)),
                None => Self::foreign(&format!("+{international}"), None, sure),
            };
        }
        let in_region = |sure| abroad.and_then(|region| Self::foreign(&digits, Some(region), sure));
        let with_code = digits.strip_prefix("84").filter(|_| digits.len() > 10);
        let vietnamese = || match digits.strip_prefix('0') {
            Some(national) => Self::vietnamese(national),
            // Spreadsheets drop the leading zero. A landline is not guessed: it may be anybody's in the world.
            None if abroad.is_none() && !digits.starts_with('2') => Self::vietnamese(&digits),
            None => None,
        };
        with_code
            .and_then(|national| Self::vietnamese(national.strip_prefix('0').unwrap_or(national)))
            .or_else(|| in_region(Sure::Valid))
            .or_else(vietnamese)
            .or_else(|| in_region(sure))
    }

    /// A Vietnamese number by its digits without the leading zero: a mobile, a mobile as it was before 2018, or a
    /// landline with its area code. Hotlines (`1900 xxxx`) and numbers without area code are none.
    fn vietnamese(national: &str) -> Option<Self> {
        let national = match (national.len(), national.as_bytes().first()) {
            (9, Some(b'3' | b'5' | b'7' | b'8' | b'9')) | (10, Some(b'2')) => national.to_owned(),
            (10, Some(b'1')) => BEFORE_2018
                .iter()
                .find_map(|(old, new)| Some(format!("{new}{}", national.strip_prefix(old)?)))?,
            _ => return None,
        };
        (!is_stand_in(&national)).then(|| Self { e164: format!("+84{national}") })
    }

    fn foreign(typed: &str, region: Option<Region>, sure: Sure) -> Option<Self> {
        let number = PHONE_NUMBER_UTIL.parse(typed, region).ok()?;
        let fits = match sure {
            Sure::Valid => PHONE_NUMBER_UTIL.is_valid_number(&number),
            Sure::Length => matches!(
                PHONE_NUMBER_UTIL.is_possible_number_with_reason(&number),
                Ok(NumberLengthType::IsPossible)
            ),
        };
        if !fits || is_stand_in(&get_national_significant_number_owned(&number)) {
            return None;
        }
        let e164 = PHONE_NUMBER_UTIL.format(&number, PhoneNumberFormat::E164).into_owned();
        // Dialled from abroad.
        match e164.strip_prefix("+84") {
            Some(national) => Self::vietnamese(national),
            None => Some(Self { e164 }),
        }
    }

    /// Whether somebody typed a number into this field that [`PhoneNumber::parse_in`] cannot read. Masked numbers are
    /// Haravan's doing and count as none (haravan.md §3.4).
    pub fn is_unreadable(text: &str, country: Option<&str>) -> bool {
        text.chars().any(char::is_alphanumeric)
            && !text.contains('*')
            && Self::parse_in(text, country).is_none()
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
        self.last(9)
    }

    /// The last six digits. Today's spelling and that of before 2018 have them in common, and they mostly stand
    /// together (`0903.555018`, `090 3555018`).
    pub fn ending(&self) -> &str {
        self.last(6)
    }

    fn last(&self, digits: usize) -> &str {
        self.e164.get(self.e164.len().saturating_sub(digits)..).unwrap_or(&self.e164)
    }

    /// The ten digits that this mobile had before 2018, without the leading zero.
    pub fn former(&self) -> Option<String> {
        let national = self.e164.strip_prefix("+84").filter(|national| national.len() == 9)?;
        BEFORE_2018.iter().find_map(|(old, new)| Some(format!("{old}{}", national.strip_prefix(new)?)))
    }
}

/// How sure one must be that a number of a region is one.
#[derive(Clone, Copy)]
enum Sure {
    /// Its prefix is in use there.
    Valid,
    /// It has as many digits as the numbers there.
    Length,
}

/// Whether these digits stand for "no number": one digit or two again and again, or counting up or down.
fn is_stand_in(national: &str) -> bool {
    let digits: Vec<u8> = national.bytes().map(|byte| byte.wrapping_sub(b'0')).collect();
    let longest_run = |step: u8| {
        let (mut longest, mut run) = (1, 1);
        for (one, next) in digits.iter().zip(digits.iter().skip(1)) {
            run = if (one + step) % 10 == *next { run + 1 } else { 1 };
            longest = longest.max(run);
        }
        longest
    };
    let enough = STAND_IN_RUN.min(digits.len());
    [0, 1, 9].into_iter().any(|step| longest_run(step) >= enough)
        || digits.iter().zip(digits.iter().skip(2)).all(|(one, next)| one == next)
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PhoneNumber([redacted])")
    }
}

#[cfg(test)]
mod tests;
