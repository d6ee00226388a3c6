//! Text as people type it, made comparable.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Trimmed, runs of white space collapsed, Unicode NFC, without control characters; nothing left is `None` (haravan.md
/// §3.1, getfly.md §10).
pub fn tidy(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        let before = out.len();
        if before > 0 {
            out.push(' ');
        }
        let start = out.len();
        out.extend(word.chars().filter(|c| !c.is_control()).nfc());
        if out.len() == start {
            out.truncate(before);
        }
    }
    (!out.is_empty()).then_some(out)
}

/// Like [`tidy`], with line breaks kept: for notes.
pub fn tidy_lines(text: &str) -> Option<String> {
    let lines: Vec<String> = text.lines().filter_map(tidy).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// Lower case after NFC, for matching phrases and addresses.
pub fn fold(text: &str) -> String {
    text.nfc().collect::<String>().to_lowercase()
}

/// Text as people type it in a hurry: lower case, without Vietnamese accents, `đ` as `d`, one space between words. So
/// `hoa binh`, `HÒA BÌNH` and `Hoà Bình` are one.
pub fn unaccented(text: &str) -> String {
    let plain: String = text
        .nfkd()
        .filter(|char| !is_combining_mark(*char))
        .flat_map(char::to_lowercase)
        .map(|char| if char == 'đ' { 'd' } else { char })
        .collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Without the characters nobody sees: zero-width ones, byte order marks, soft hyphens, marks of direction.
pub fn visible(text: &str) -> String {
    let is_seen = |c: &char| {
        !matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    text.chars().filter(is_seen).collect()
}

/// At most `limit` characters, cut at a character.
pub fn cut(text: &str, limit: usize) -> String {
    text.chars().take(limit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn combining_accents_and_spaces_come_out_alike() {
        assert_eq!(tidy("  Trần\u{a0} Ngo\u{323}c  Thảo "), tidy("Trần Ngọc Thảo"));
        assert_eq!(tidy(" \t "), None);
        assert_eq!(tidy("\u{0}a\u{1} \u{2} b\u{0}").as_deref(), Some("a b"));
        assert_eq!(tidy_lines("một \n\n  hai").as_deref(), Some("một\nhai"));
        assert_eq!(cut("Đặng 🙂🙂", 6), "Đặng 🙂");
    }

    #[test]
    fn accents_case_and_spaces_do_not_matter_to_who_searches() {
        assert_eq!(unaccented("Đặng NGO\u{323}C ＣＯＤ"), "dang ngoc cod");
        for typed in
            ["Hòa Bình", "Hoà Bình", "hoa binh", "HÒA  BÌNH", "Ho\u{300}a Bi\u{300}nh", " ｈｏａ binh "]
        {
            assert_eq!(unaccented(typed), "hoa binh", "{typed}");
        }
        assert_eq!(unaccented("Nguyễn Thị Đượm"), "nguyen thi duom");
        assert_eq!(unaccented("\u{110}ỗ \u{1f642}"), "do \u{1f642}");
    }
}
