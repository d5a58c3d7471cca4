//! Numbers of documents.
//!
//! The check character is computed here once more, apart from the parser that judges it: a generator that
//! asked the parser could not show that the parser is right.

use chrono::{Datelike as _, NaiveDate};
use rand::RngExt as _;
use rand::rngs::StdRng;
use unionhall_kernel::{IdType, Sex};

use super::{CheckKind, Wish, pick, regions};

/// Birth days, as days since the first of the common era: 1945-01-01, 1966-01-01, 2000-01-01, 2007-12-31.
/// Fixed, so that a roster does not change with the day it is made.
const EARLIEST: i32 = 710_032;
const WORKING: i32 = 717_702;
const MILLENNIUM: i32 = 730_120;
const LATEST: i32 = 733_041;

/// The MOD 11-2 check character of a number's digits (ISO 7064): the remainder of the doubled running sum.
pub fn check_char(body: u64) -> char {
    let mut product = 0;
    let mut unit = 10_u64.pow(16);
    while unit > 0 {
        product = (product + body / unit % 10) * 2 % 11;
        unit /= 10;
    }
    match (12 - product) % 11 {
        10 => 'X',
        digit => char::from(b'0' + u8::try_from(digit).unwrap_or_default()),
    }
}

/// The number of 18 characters made of region, day (`YYYYMMDD`) and sequence.
pub(crate) fn citizen(region: u64, day: u64, sequence: u64) -> String {
    eighteen(region * 100_000_000_000 + day * 1000 + sequence)
}

fn eighteen(body: u64) -> String {
    format!("{body:017}{}", check_char(body))
}

/// The 15-digit form of a number of the last century.
pub fn fifteen(number: &str) -> Option<String> {
    let old = number.len() == 18 && number.get(6..8) == Some("19");
    old.then(|| Some(format!("{}{}", number.get(..6)?, number.get(8..17)?)))?
}

/// Draws a number with the birth date and sex it stands for. No number of 18 characters ends in 000, which
/// is what a spreadsheet makes of a long number.
pub(super) fn draw(rng: &mut StdRng, wish: Wish) -> (String, NaiveDate, Sex) {
    loop {
        let born = birth_date(rng, wish.before_2000);
        let sequence = rng.random_range(1..1000);
        let sex = if sequence % 2 == 1 { Sex::Male } else { Sex::Female };
        let number = number(rng, wish, day_number(born), sequence);
        let wanted = match wish.check {
            CheckKind::Any => true,
            CheckKind::Letter => number.ends_with('X'),
            CheckKind::Digit => !number.ends_with('X'),
        };
        if (wanted || wish.document != IdType::CitizenId) && !number.ends_with("000") {
            return (number, born, sex);
        }
    }
}

fn birth_date(rng: &mut StdRng, before_2000: bool) -> NaiveDate {
    let day = match (rng.random_range(0..100), before_2000) {
        (0..12, _) => rng.random_range(EARLIEST..WORKING),
        (_, true) => rng.random_range(WORKING..MILLENNIUM),
        (_, false) => rng.random_range(WORKING..=LATEST),
    };
    NaiveDate::from_num_days_from_ce_opt(day).unwrap_or_default()
}

fn day_number(day: NaiveDate) -> u64 {
    let year = u64::try_from(day.year()).unwrap_or_default();
    year * 10_000 + u64::from(day.month()) * 100 + u64::from(day.day())
}

fn number(rng: &mut StdRng, wish: Wish, day: u64, sequence: u64) -> String {
    match wish.document {
        IdType::CitizenId => citizen(regions::draw(rng, wish.region), day, sequence),
        IdType::HmtResidencePermit => {
            let place = rng.random_range(81..84);
            citizen(place * 10_000, day, sequence)
        }
        IdType::ForeignPermanentResidentCard if rng.random_range(0..4) == 0 => {
            let country = pick(rng, &["CAN", "USA", "DEU", "JPN", "KOR"]);
            format!("{country}4101{:06}{:02}", day % 1_000_000, sequence % 100)
        }
        IdType::ForeignPermanentResidentCard => {
            let country = pick(rng, &["124", "840", "276", "392", "410"]).parse().unwrap_or(124);
            citizen(941_000 + country, day, sequence)
        }
        IdType::HkMacauTravelPermit => {
            let place = pick(rng, &["H", "M"]);
            let renewals = pick(rng, &["", "00", "01", "02"]);
            format!("{place}{:08}{renewals}", rng.random_range(0..100_000_000))
        }
        IdType::TaiwanTravelPermit => format!("{:08}", rng.random_range(0..100_000_000)),
        IdType::Passport => {
            let letter = pick(rng, &["A", "C", "K", "P", "X", "AB", "GA"]);
            format!("{letter}{:07}", rng.random_range(0..10_000_000))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_characters_are_those_of_published_numbers() {
        for number in ["11010519491231002X", "440524188001010014", "412901193008079989", "911124198108030024"]
        {
            assert_eq!(eighteen(number[..17].parse().unwrap()), number);
        }
    }

    #[test]
    fn days_are_those_of_their_names() {
        let of = |y, m, d| NaiveDate::from_ymd_opt(y, m, d).unwrap().num_days_from_ce();
        let days = [of(1945, 1, 1), of(1966, 1, 1), of(2000, 1, 1), of(2007, 12, 31)];
        assert_eq!(days, [EARLIEST, WORKING, MILLENNIUM, LATEST]);
    }

    #[test]
    fn the_old_form_drops_century_and_check() {
        assert_eq!(fifteen("410102194912319982").as_deref(), Some("410102491231998"));
        assert_eq!(fifteen("410102200112319982"), None);
    }
}
