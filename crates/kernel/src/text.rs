//! How typed, pasted and imported text is brought into one form before a rule looks at it.
//!
//! Rosters and phones deliver full-width digits, ideographic spaces between the characters of a name, and
//! invisible direction marks around numbers copied from an address book. None of them is the writer's
//! mistake, so they are removed; everything else is judged by the rule of the field.

use unicode_normalization::UnicodeNormalization as _;

use crate::Invalid;

/// Members of a regular-expression character class: everything [`is_blank`] drops.
macro_rules! blank_class {
    () => {
        r"\u0009-\u000D\u0020\u0085\u00A0\u00AD\u1680\u200B-\u200F\u2000-\u200A\u2028-\u202F\u205F-\u2064\u2066-\u2069\u3000\uFEFF"
    };
}
pub(crate) use blank_class;

/// A character without a glyph that copying and pasting leaves behind: zero-width spaces and joiners,
/// direction marks, soft hyphens, byte-order marks.
pub const fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

/// White space of any width, or an invisible character.
pub fn is_blank(c: char) -> bool {
    c.is_whitespace() || is_invisible(c)
}

/// A private-use code point: what old GBK systems stored for characters they lacked (U+E000 to U+F8FF,
/// planes 15 and 16). It means something else on every machine.
pub const fn is_private_use(c: char) -> bool {
    matches!(c, '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{FFFFD}' | '\u{100000}'..='\u{10FFFD}')
}

/// A mark that only selects a glyph variant of the character before it.
const fn is_variation_selector(c: char) -> bool {
    matches!(c, '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}')
}

const fn half_width(c: char) -> char {
    match c {
        // The subtraction stays inside ASCII, so the cast loses nothing.
        '\u{FF01}'..='\u{FF5E}' => (c as u32 - 0xFEE0) as u8 as char,
        other => other,
    }
}

/// A number or code as typed: blanks dropped, full-width forms made ASCII.
///
/// Only the width forms of NFKC are folded: a superscript or a circled digit is not a way of writing a
/// number, and one character in must stay one character out for the published length limits to hold.
pub fn compact(raw: &str) -> String {
    raw.chars().filter(|c| !is_blank(*c)).map(half_width).collect()
}

/// [`compact`] for numbers written in groups: hyphens and dashes go as well.
pub fn compact_digits(raw: &str) -> String {
    let dash = |c: &char| matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}');
    compact(raw).chars().filter(|c| !dash(c)).collect()
}

/// A name as typed: invisible marks dropped, NFKC, trimmed. Inner spaces stay.
pub fn nfkc_trimmed(raw: &str) -> String {
    let visible = raw.chars().filter(|c| !is_invisible(*c) && !is_variation_selector(*c));
    visible.nfkc().collect::<String>().trim().to_owned()
}

/// A title as typed: invisible marks dropped, NFC, trimmed. NFKC would turn the full-width brackets that
/// belong to registered names （集团） into ASCII ones.
pub fn nfc_trimmed(raw: &str) -> String {
    raw.chars().filter(|c| !is_invisible(*c)).nfc().collect::<String>().trim().to_owned()
}

/// Whether the input has between `min` and `max` Unicode scalar values, as JSON Schema counts length.
pub fn is_within(raw: &str, min: usize, max: usize) -> bool {
    // Counting stops past the limit: the input may be as large as a request body.
    let count = raw.chars().take(max.saturating_add(1)).count();
    (min..=max).contains(&count)
}

/// A line as people write it, [`nfc_trimmed`], within a length; never empty.
///
/// # Errors
/// `TEXT_FORMAT`.
pub fn line(raw: &str, min: usize, max: usize) -> Result<String, Invalid> {
    let clean = if is_within(raw, min, max) { nfc_trimmed(raw) } else { String::new() };
    if is_within(&clean, min.max(1), max) && !clean.chars().any(char::is_control) {
        Ok(clean)
    } else {
        Err(Invalid::new("TEXT_FORMAT", "请按要求的长度填写，不含换行和控制字符。"))
    }
}

/// What people write over several lines, [`nfc_trimmed`], within a length; never empty. Ends of lines are made one kind.
///
/// # Errors
/// `TEXT_FORMAT`, also for control characters other than the end of a line and the tab.
pub fn paragraphs(raw: &str, min: usize, max: usize) -> Result<String, Invalid> {
    let refused = Invalid::new("TEXT_FORMAT", "请按要求的长度填写，不含控制字符。");
    if !is_within(raw, min, max) {
        return Err(refused);
    }
    let clean = nfc_trimmed(&raw.replace("\r\n", "\n"));
    let odd = |c: char| c.is_control() && c != '\n' && c != '\t';
    if is_within(&clean, min.max(1), max) && !clean.chars().any(odd) { Ok(clean) } else { Err(refused) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_lose_blanks_and_width() {
        assert_eq!(compact("\u{FEFF} ４１０１ \u{3000}0219Ｘ\u{202C}"), "41010219X");
        assert_eq!(compact_digits("138-0013－8000"), "13800138000");
        assert_eq!(compact("①²"), "①²");
    }

    #[test]
    fn paragraphs_keep_their_lines_and_nothing_that_rings() {
        assert_eq!(paragraphs(" 第一行\r\n\t第二行 ", 2, 20).unwrap(), "第一行\n\t第二行");
        for bad in ["", " \n ", "铃\u{7}", "很长很长很长"] {
            assert_eq!(paragraphs(bad, 1, 5).unwrap_err().code, "TEXT_FORMAT", "{bad:?}");
        }
    }

    #[test]
    fn marks_that_turn_the_direction_are_dropped() {
        for mark in ['\u{200E}', '\u{200F}', '\u{202E}', '\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}'] {
            assert!(is_invisible(mark), "{mark:?}");
            assert_eq!(nfc_trimmed(&format!("{mark}餐{mark}饮")), "餐饮", "{mark:?}");
        }
    }

    #[test]
    fn lengths_are_counted_in_scalar_values() {
        assert!(is_within("𠮷田𬭎", 3, 3));
        assert!(!is_within("", 1, 3));
        assert!(!is_within("1234", 1, 3));
    }
}
