//! A phone field as people fill it: several numbers, words, brackets, extensions, what spreadsheets make of a number.

use super::{PhoneNumber, Sure};
use crate::text::visible;

/// Letters that are typed for a digit. Next to one they leave open which number is meant.
const LOOKALIKES: &str = "OoQDIiLl|SsBZz";

/// Every number of the field, in the order typed; `read` judges one candidate.
/// A part of a stretch of digits must be a number for sure: the rest of a longer one is not.
pub(super) fn numbers(text: &str, read: impl Fn(&str, Sure) -> Option<PhoneNumber>) -> Vec<PhoneNumber> {
    let text = visible(text);
    if let Some(digits) = of_spreadsheet(text.trim()) {
        return read(&digits, Sure::Length).into_iter().collect();
    }
    pieces(&text).iter().flat_map(|piece| of_piece(piece, &read)).collect()
}

/// The digits of a number that a spreadsheet took for an amount: `84903555338.0`, `9.03555338E+8`. `None` for other
/// text, and where digits were lost.
fn of_spreadsheet(text: &str) -> Option<String> {
    let text = text.trim_matches(['\'', '"']).to_ascii_lowercase().replace(',', ".");
    let (amount, exponent) = match text.split_once('e') {
        Some((amount, exponent)) => (amount, exponent.trim_start_matches('+').parse::<usize>().ok()?),
        None => (text.as_str(), 0),
    };
    let (whole, fraction) = amount.split_once('.')?;
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    // `0903.555018` is a grouped number, and `9.03E+8` has lost its digits.
    let is_whole = fraction.len() == exponent && whole.len() + fraction.len() > 8;
    is_whole.then(|| format!("{whole}{fraction}"))
}

/// Stretches of the field in which nothing but digits, spaces and the signs between groups stand.
fn pieces(text: &str) -> Vec<String> {
    let dash = |c| if matches!(c, '\u{2010}'..='\u{2015}' | '\u{2212}') { '-' } else { c };
    let text: String = text.chars().map(dash).collect();
    let mut pieces = Vec::new();
    for part in text.split(['/', ',', ';', '|', '\n', '&', ':', '#']) {
        let mut piece = String::new();
        for word in part.split_whitespace() {
            if is_spoilt(word) {
                pieces.push(std::mem::take(&mut piece));
                continue;
            }
            for c in word.chars().chain([' ']) {
                if c == '+' || !(c == ' ' || is_in_a_number(c)) {
                    pieces.push(std::mem::take(&mut piece));
                }
                if c == ' ' || is_in_a_number(c) {
                    piece.push(c);
                }
            }
        }
        pieces.push(piece);
    }
    pieces
}

/// Whether letters or signs hide digits of the number in this word: `090355530O`, `090***5018`.
fn is_spoilt(word: &str) -> bool {
    let chars: Vec<char> = word.chars().collect();
    let mut runs = chars.chunk_by(|one, next| is_in_a_number(*one) == is_in_a_number(*next));
    let has_digits = chars.iter().any(char::is_ascii_digit);
    has_digits
        && (chars.iter().any(|c| "*•?_".contains(*c))
            || runs.any(|run| run.iter().all(|c| LOOKALIKES.contains(*c))))
}

fn is_in_a_number(c: char) -> bool {
    c.is_ascii_digit() || "+-.()".contains(c)
}

/// The numbers of one stretch: all of it, else the shortest runs of its groups that are numbers.
fn of_piece(piece: &str, read: &impl Fn(&str, Sure) -> Option<PhoneNumber>) -> Vec<PhoneNumber> {
    if let Some(number) = read(piece, Sure::Length) {
        return vec![number];
    }
    let mut groups: Vec<&str> =
        piece.split(|c: char| !c.is_ascii_digit() && c != '+').filter(|group| !group.is_empty()).collect();
    let mut found = Vec::new();
    while !groups.is_empty() {
        let number = (1..=groups.len()).find_map(|length| {
            let candidate = groups.get(..length)?.concat();
            // Without its leading zero a number is one only when it stands alone.
            let has_beginning = candidate.starts_with(['0', '+']) || candidate.starts_with("84");
            Some((length, has_beginning.then(|| read(&candidate, Sure::Valid)).flatten()?))
        });
        match number {
            Some((length, number)) => {
                found.push(number);
                groups.drain(..length);
            }
            // Digits after a country code that cannot be read belong to it.
            None if groups.first().is_some_and(|group| group.starts_with('+')) => break,
            None => {
                groups.remove(0);
            }
        }
    }
    found
}
