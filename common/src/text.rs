//! Text as people type it, made comparable.

use unicode_normalization::UnicodeNormalization;

/// Trimmed, runs of white space collapsed, Unicode NFC; nothing left is `None` (haravan.md §3.1, getfly.md §10).
pub fn tidy(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.extend(word.nfc());
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
        assert_eq!(tidy_lines("một \n\n  hai").as_deref(), Some("một\nhai"));
        assert_eq!(cut("Đặng 🙂🙂", 6), "Đặng 🙂");
    }
}
