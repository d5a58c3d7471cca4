//! How rosters write what they mean: the slips that an importer mends, and those that it must not.

use rand::RngExt as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use unionhall_kernel::IdType;

use super::Quirk;
use super::sheet::Cell;
use crate::people::{check_char, fifteen, pick};

fn text(text: String) -> Option<Cell> {
    Some(Cell::Text(text))
}

/// The name with a quirk; none if this name cannot have it.
pub(super) fn name(rng: &mut StdRng, name: &str, quirk: Quirk) -> Option<Cell> {
    let is_latin = name.is_ascii() || name.contains(' ');
    let is_rare = |c: char| c != '·' && !('\u{4E00}'..='\u{9FA5}').contains(&c);
    match quirk {
        Quirk::NameSpaced if !is_latin => {
            let space = pick(rng, &[" ", "　", "  "]);
            let letters: Vec<String> = name.chars().map(String::from).collect();
            text(letters.join(space))
        }
        Quirk::NameOddDot if name.contains('·') => {
            text(name.replace('·', pick(rng, &["•", "‧", "・", "･", "．", ".", "⋅", "∙", "\u{387}"])))
        }
        Quirk::NameDotted if name.contains('·') => text(name.to_owned()),
        Quirk::NameRare if !is_latin && name.chars().any(is_rare) => text(name.to_owned()),
        _ => None,
    }
}

/// The number with a quirk; none if this number cannot have it.
pub(super) fn id(rng: &mut StdRng, id_type: IdType, number: &str, quirk: Quirk) -> Option<Cell> {
    if quirk.document() == Some(id_type) {
        return text(number.to_owned());
    }
    if id_type != IdType::CitizenId {
        return None;
    }
    match quirk {
        Quirk::Id15 => fifteen(number).map(Cell::Text),
        Quirk::IdLowerX if number.ends_with('X') => text(number.to_lowercase()),
        Quirk::IdFullWidth => text(full_width(number)),
        Quirk::IdSpaced => {
            let (region, rest) = number.split_at_checked(6)?;
            let (born, last) = rest.split_at_checked(8)?;
            text(match rng.random_range(0..3) {
                0 => format!("{region} {born} {last}"),
                1 => format!("\t{number}"),
                _ => format!("{number}　"),
            })
        }
        Quirk::RegionRetired | Quirk::RegionUnknown => text(number.to_owned()),
        _ => None,
    }
}

/// The mobile (11 digits) with a quirk.
pub(super) fn mobile(rng: &mut StdRng, mobile: &str, quirk: Quirk) -> Option<Cell> {
    let (head, rest) = mobile.split_at_checked(3)?;
    let (middle, tail) = rest.split_at_checked(4)?;
    match quirk {
        Quirk::MobilePrefix => text(match rng.random_range(0..4) {
            0 => format!("+86{mobile}"),
            1 => format!("+86 {head} {middle} {tail}"),
            2 => format!("0086-{mobile}"),
            _ => format!("86{mobile}"),
        }),
        Quirk::MobileSpaced => text(match rng.random_range(0..3) {
            0 => format!("{head} {middle} {tail}"),
            1 => format!("{head}-{middle}-{tail}"),
            _ => format!(" {mobile}"),
        }),
        Quirk::MobileFullWidth => text(full_width(mobile)),
        Quirk::MobileNumber => mobile.parse().ok().map(Cell::Number),
        Quirk::MobileMissing => Some(Cell::Blank),
        _ => None,
    }
}

/// No name at all.
pub(super) fn no_name(rng: &mut StdRng) -> Cell {
    let blank = pick(rng, &["", " ", "　　"]);
    if blank.is_empty() { Cell::Blank } else { Cell::Text(blank.to_owned()) }
}

/// A name with digits.
pub(super) fn name_with_digits(rng: &mut StdRng, name: &str) -> String {
    let digits = pick(rng, &["3", "2", "01", "２"]);
    if rng.random_bool(0.3) { format!("{digits}{name}") } else { format!("{name}{digits}") }
}

/// Something that is not the number of a citizen's card, by its length or its characters.
pub(super) fn malformed_id(rng: &mut StdRng, number: &str, permit: &str) -> String {
    let drawn = match rng.random_range(0..6) {
        0 => number.get(..17).unwrap_or_default().to_owned(),
        1 => format!("{number}{}", rng.random_range(1..10)),
        2 => number.replacen('0', "O", 1),
        3 => format!("{}*", number.get(..17).unwrap_or_default()),
        4 => "待补".to_owned(),
        _ => permit.to_owned(),
    };
    // Not to be taken for what a spreadsheet leaves of a number, and never a number after all.
    if drawn.ends_with("000") || drawn == number { "待补".to_owned() } else { drawn }
}

/// The number with another check character.
pub(super) fn wrong_check(rng: &mut StdRng, number: &str) -> String {
    let body = number.get(..17).unwrap_or_default();
    let others: Vec<String> = "0123456789X"
        .chars()
        .map(|check| format!("{body}{check}"))
        .filter(|other| other != number && !other.ends_with("000"))
        .collect();
    others.choose(rng).cloned().unwrap_or_default()
}

/// A right number of nobody: its day never was, or is still to come.
pub(super) fn impossible_day(rng: &mut StdRng, number: &str) -> String {
    let year = rng.random_range(1950..2006);
    let day = *[229, 230, 431, 631, 931, 1131, 1301, 1500, 32, 100].choose(rng).unwrap_or(&230);
    let odd_year = year - (1 - year % 2);
    let day = if rng.random_bool(0.2) {
        rng.random_range(2070..2099) * 10_000 + 101
    } else {
        odd_year * 10_000 + day
    };
    with_day(rng, number, day)
}

/// A right number of somebody born in the nineteenth century.
pub(super) fn too_old(rng: &mut StdRng, number: &str) -> String {
    let day = rng.random_range(1850..1890) * 10_000 + rng.random_range(1..13) * 100 + rng.random_range(1..29);
    with_day(rng, number, day)
}

fn with_day(rng: &mut StdRng, number: &str, day: u64) -> String {
    let region: u64 = number.get(..6).and_then(|digits| digits.parse().ok()).unwrap_or(410_102);
    loop {
        let body = region * 100_000_000_000 + day * 1000 + rng.random_range(1..1000);
        let number = format!("{body}{}", check_char(body));
        if !number.ends_with("000") {
            return number;
        }
    }
}

/// The number as a spreadsheet shows it in a column too narrow.
pub(super) fn scientific(rng: &mut StdRng, number: &str) -> String {
    let (first, rest) = number.split_at_checked(1).unwrap_or_default();
    let places = if rng.random_bool(0.7) { 5 } else { 14 };
    format!("{first}.{}E+17", rest.get(..places).unwrap_or_default())
}

/// The number as a spreadsheet keeps it: fifteen digits, then zeros. Never a right number by chance.
pub(super) fn rounded(number: &str) -> String {
    let kept: u64 = number.get(..15).and_then(|digits| digits.parse().ok()).unwrap_or_default();
    // Another last digit makes another check character.
    let kept = if check_char(kept * 100) != '0' { kept } else { kept ^ 1 };
    format!("{kept}000")
}

/// What is no mobile.
pub(super) fn malformed_mobile(rng: &mut StdRng, mobile: &str) -> String {
    match rng.random_range(0..5) {
        0 => mobile.get(..10).unwrap_or_default().to_owned(),
        1 => format!("{mobile}{}", rng.random_range(0..10)),
        2 => format!("12{}", mobile.get(2..).unwrap_or_default()),
        3 => format!("0371-6{:07}", rng.random_range(0..10_000_000)),
        _ => "无".to_owned(),
    }
}

fn full_width(number: &str) -> String {
    let wide = |c: char| char::from_u32(u32::from(c) + 0xFEE0).unwrap_or(c);
    number.chars().map(wide).collect()
}
