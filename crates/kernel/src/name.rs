//! Names of persons: Han characters up to GB 18030-2022 level 3, the separator of minority names
//! (民委发〔2016〕33号: U+00B7, room for 25 characters or more), Latin letters for foreigners.

use unicode_script::{Script, UnicodeScript as _};

use crate::newtype::{silent_debug, text_schema};
use crate::problem::Invalid;
use crate::{mask, text};

const MIN: usize = 1;
const MAX: usize = 100;
/// Longest name in Han characters, separators included.
const MAX_HAN: usize = 50;
/// What no name holds; everything else is judged by the parser.
const PATTERN: &str = r##"^[^0-9!"#$%&*+/:;<=>?@\\\^_{|}~\u0000-\u0008\u000E-\u001F\u007F\uE000-\uF8FF]+$"##;

const FORMAT: Invalid = Invalid::new("NAME_FORMAT", "请按证件填写姓名，只用汉字、间隔号“·”或拉丁字母。");
const LENGTH: Invalid = Invalid::new("NAME_LENGTH", "请填写姓名：汉字不超过 50 字，拉丁字母不超过 100 个。");

/// A person's name in one normal form, so that equal names compare equal: 王 芳 is 王芳, every middle dot is
/// U+00B7.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PersonName(String);

impl PersonName {
    /// Reads and normalises a name.
    ///
    /// # Errors
    /// `NAME_PRIVATE_USE`, `NAME_LENGTH`, `NAME_FORMAT`.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        if !text::is_within(raw, MIN, MAX) {
            return Err(LENGTH);
        }
        if raw.chars().any(text::is_private_use) {
            return Err(Invalid::new(
                "NAME_PRIVATE_USE",
                "姓名含有无法识别的自造字，请用标准生僻字重新输入，或联系基层工会代为录入。",
            ));
        }
        let name = text::nfkc_trimmed(raw);
        if name.is_empty() {
            return Err(LENGTH);
        }
        if name.chars().any(is_han) { han(&name) } else { latin(&name) }.map(Self)
    }

    /// The normalised name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// One character: lawful for some minorities, but more often a slip, so somebody looks at it.
    pub fn needs_review(&self) -> bool {
        self.0.chars().count() == 1
    }

    /// `张*`, `王*明`, `阿卜杜拉·**`, `J*** S***`.
    pub fn masked(&self) -> String {
        mask::name(&self.0)
    }
}

fn is_han(c: char) -> bool {
    c.script() == Script::Han
}

/// U+00B7 and what keyboards and old systems put in its place (after NFKC).
const fn is_middle_dot(c: char) -> bool {
    matches!(c, '·' | '•' | '‧' | '・' | '⋅' | '∙' | '.')
}

fn han(name: &str) -> Result<String, Invalid> {
    let one_form = |c| if is_middle_dot(c) { '·' } else { c };
    let name: String = name.chars().filter(|c| !c.is_whitespace()).map(one_form).collect();
    // Radicals (U+2E80 to U+2EFF) come out of copied PDFs. They look like characters and equal none.
    let is_radical = |c: char| ('\u{2E80}'..='\u{2EFF}').contains(&c);
    let letters_only = name.chars().all(|c| c == '·' || (is_han(c) && !is_radical(c)));
    if !letters_only || name.split('·').any(str::is_empty) {
        return Err(FORMAT);
    }
    if text::is_within(&name, 1, MAX_HAN) { Ok(name) } else { Err(LENGTH) }
}

fn latin(name: &str) -> Result<String, Invalid> {
    let one_form = |c| match c {
        '‘' | '’' | '\u{2BC}' => '\'',
        '\u{2010}'..='\u{2015}' => '-',
        other => other,
    };
    let words: Vec<&str> = name.split_whitespace().collect();
    let name: String = words.join(" ").chars().map(one_form).collect();
    let is_letter = |c: char| c.is_alphabetic() && c.script() == Script::Latin;
    let starts = name.chars().next().is_some_and(|c| is_letter(c) || c == '\'');
    let ends = name.chars().next_back().is_some_and(|c| is_letter(c) || matches!(c, '\'' | '.'));
    let allowed = name.chars().all(|c| is_letter(c) || matches!(c, ' ' | '-' | '\'' | '.' | ','));
    if !(starts && ends && allowed && name.chars().any(is_letter)) {
        return Err(FORMAT);
    }
    if text::is_within(&name, MIN, MAX) { Ok(name) } else { Err(LENGTH) }
}

silent_debug!(PersonName);
text_schema!(
    PersonName,
    "PersonName",
    MIN,
    MAX,
    PATTERN,
    "王小明",
    "Name as on the document: up to 50 Han characters with · between the parts, or up to 100 Latin letters."
);
