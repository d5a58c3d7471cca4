//! How personal data is shown to those who may not see it (GB/T 35273-2020, 7.2: de-identify on display).
//!
//! Masking is done by the server. The functions take any text, because archives hold values that today's
//! rules would refuse; what is too short to hide anything in is replaced by stars altogether.

use unicode_script::{Script, UnicodeScript as _};

fn stars(n: usize) -> String {
    "*".repeat(n)
}

fn head(text: &str, n: usize) -> String {
    text.chars().take(n).collect()
}

fn tail(text: &str, n: usize) -> String {
    let skip = text.chars().count().saturating_sub(n);
    text.chars().skip(skip).collect()
}

fn keep_ends(text: &str, first: usize, last: usize) -> String {
    let length = text.chars().count();
    match length.checked_sub(first + last).filter(|hidden| *hidden > 0) {
        Some(hidden) => format!("{}{}{}", head(text, first), stars(hidden), tail(text, last)),
        None => stars(length),
    }
}

/// A person's name: 张三 `张*`, 王小明 `王*明`, 欧阳娜娜 `欧**娜`, 阿卜杜拉·买买提 `阿卜杜拉·**`,
/// John Smith `J*** S***`; a one-character name `*`.
pub fn name(full: &str) -> String {
    let length = full.chars().count();
    if let Some((first, _)) = full.split_once('·') {
        return format!("{first}·**");
    }
    let is_latin = |c: char| c.script() == Script::Latin;
    if length > 1 && full.chars().any(is_latin) && !full.chars().any(|c| c.script() == Script::Han) {
        // A fixed number of stars: lengths of given name and surname would narrow the holder down.
        let initials = full.split_whitespace().filter_map(|word| word.chars().find(|c| is_latin(*c)));
        return initials.map(|c| format!("{c}***")).collect::<Vec<_>>().join(" ");
    }
    match length {
        0 | 1 => stars(length),
        2 => format!("{}*", head(full, 1)),
        _ => keep_ends(full, 1, 1),
    }
}

/// A document number: 18 characters as 4 + ten stars + 4, others as 1 + stars + 2.
///
/// Never show it beside a birth date: with one, 34 candidates are left.
pub fn document_number(number: &str) -> String {
    match number.chars().count() {
        18 => keep_ends(number, 4, 4),
        _ => keep_ends(number, 1, 2),
    }
}

/// A mobile number, national or E.164: `138****8000`.
pub fn mobile(number: &str) -> String {
    let national = number.strip_prefix("+86").unwrap_or(number);
    match national.chars().count() {
        11 => keep_ends(national, 3, 4),
        _ => stars(4),
    }
}

/// A bank card: four stars and the last four digits.
pub fn bank_card(number: &str) -> String {
    match number.chars().count() {
        0..=8 => stars(4),
        _ => format!("{}{}", stars(4), tail(number, 4)),
    }
}
