//! What is searched, as numbers: pairs of neighbouring characters, regions, pay, types and blocks of the order of publication.
//!
//! Chinese is written without spaces and most words have two characters, so a text is cut into pairs (PostgreSQL's trigrams
//! need three). A pair of Han characters, Latin letters or digits is packed exactly, 15 bits each; other characters share what
//! is left of the 15 bits. All of it fits an `integer`, and the kinds do not overlap:
//!
//! | kind | number |
//! |---|---|
//! | pair anywhere in the text | `a << 15 \| b` |
//! | pair in the title | the same with bit 30 |
//! | single character of the title | as a pair whose second half is 0, with bit 30 |
//! | division and all above it | `-1 - code` |
//! | block of the order, pay step, type | from the smallest `integer` up |

use unicode_normalization::UnicodeNormalization as _;
use unionhall_kernel::division;

use crate::posting::EmploymentType;
use crate::posting::pay::Monthly;

/// The number that no listing has.
pub const NONE: i32 = 0;
/// Listings of the smallest block, as a power of two.
pub const BLOCK_BITS: u32 = 10;
/// Each level of blocks is eight of the one below.
const LEVEL_BITS: u32 = 3;
/// 2^22 listings are the largest block.
const LEVELS: u32 = 5;
const TITLE: i32 = 1 << 30;
/// The most pairs that are taken from a text.
const MOST_PAIRS: usize = 1_000;
/// Words of a query.
const MOST_WORDS: usize = 5;

const fn code(c: char) -> i32 {
    const HAN: i32 = 37;
    const OTHER: i32 = HAN + 0x5200;
    match c {
        '0'..='9' => c as i32 - '0' as i32 + 1,
        'a'..='z' => c as i32 - 'a' as i32 + 11,
        '\u{4E00}'..='\u{9FFF}' => c as i32 - 0x4E00 + HAN,
        _ => OTHER + (c as i32) % ((1 << 15) - OTHER),
    }
}

// The runs of letters, digits and Han characters of a text: what stands between two marks belongs together.
fn runs(text: &str) -> Vec<Vec<char>> {
    let folded: String = text.nfkc().flat_map(char::to_lowercase).collect();
    let runs = folded.split(|c: char| !c.is_alphanumeric()).filter(|run| !run.is_empty());
    runs.map(|run| run.chars().collect()).collect()
}

fn pairs(run: &[char]) -> impl Iterator<Item = i32> {
    run.windows(2).filter_map(|pair| match pair {
        [a, b] => Some((code(*a) << 15) | code(*b)),
        _ => None,
    })
}

const fn single(c: char) -> i32 {
    TITLE | (code(c) << 15)
}

/// Pay steps, fen a month: a listing has all up to what it pays at most.
const STEPS: [i64; 18] = [
    100_000, 150_000, 200_000, 250_000, 300_000, 350_000, 400_000, 450_000, 500_000, 600_000, 700_000,
    800_000, 1_000_000, 1_200_000, 1_500_000, 2_000_000, 3_000_000, 5_000_000,
];

fn special(kind: i32, n: usize) -> i32 {
    i32::MIN + (kind << 26) + i32::try_from(n).unwrap_or(0)
}

fn pay_step(n: usize) -> i32 {
    special(8, n)
}

fn kind_of(employment: EmploymentType) -> i32 {
    special(9, EmploymentType::ALL.iter().position(|known| *known == employment).unwrap_or_default())
}

fn region(code: &str) -> Option<i32> {
    code.parse::<i32>().ok().map(|code| -1 - code)
}

fn block(level: u32, n: i64) -> i32 {
    let kind = i32::try_from(level).unwrap_or_default();
    special(kind, usize::try_from(n).unwrap_or_default() & ((1 << 26) - 1))
}

/// What a listing says, to be cut into numbers.
#[derive(Debug, Clone, Copy)]
pub struct Text<'a> {
    /// Its place in the order of publication.
    pub no: i64,
    /// The title.
    pub title: &'a str,
    /// Whatever else is searched.
    pub body: &'a [&'a str],
    /// The division of the place of work.
    pub division_code: &'a str,
    /// How somebody is employed.
    pub employment: EmploymentType,
    /// What it pays.
    pub pay: Monthly,
}

/// The most that is paid, as searches compare it: none where it is not disclosed.
pub const fn pay_top(pay: Monthly) -> Option<i64> {
    match pay {
        Monthly::Undisclosed => None,
        Monthly::Range(_, Some(max)) => Some(max),
        Monthly::Range(_, None) => Some(i64::MAX),
    }
}

/// The numbers of a listing, sorted, each once.
pub fn words(text: &Text<'_>) -> Vec<i32> {
    let mut all = Vec::with_capacity(256);
    let title = runs(text.title);
    for run in &title {
        all.extend(pairs(run));
        all.extend(pairs(run).map(|pair| pair | TITLE));
        all.extend(run.iter().map(|c| single(*c)));
    }
    let mut body: Vec<i32> = text
        .body
        .iter()
        .flat_map(|part| runs(part))
        .flat_map(|run| pairs(&run).collect::<Vec<_>>())
        .collect();
    body.truncate(MOST_PAIRS);
    all.extend(body);
    all.extend(region(text.division_code));
    all.extend(division::ancestors(text.division_code).filter_map(|above| region(above.code)));
    all.push(kind_of(text.employment));
    if let Some(top) = pay_top(text.pay) {
        all.extend((0..STEPS.len()).filter(|n| STEPS.get(*n).is_some_and(|step| *step <= top)).map(pay_step));
    }
    all.extend((0..LEVELS).map(|level| block(level, text.no >> (BLOCK_BITS + LEVEL_BITS * level))));
    all.sort_unstable();
    all.dedup();
    all
}

/// What is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sought {
    /// Pairs anywhere; a single character is sought in titles.
    pub anywhere: Vec<i32>,
    /// The same in the title.
    pub in_title: Vec<i32>,
    /// Whether something could be found that has not all of it in its title.
    pub has_body: bool,
}

impl Sought {
    /// Reads what somebody typed: words with anything between them, all of which are sought. `None` when there is nothing to
    /// look for in it, or more than five words.
    pub fn parse(query: &str) -> Option<Self> {
        let words = runs(query);
        if words.is_empty() || words.len() > MOST_WORDS {
            return None;
        }
        let mut sought = Self { anywhere: Vec::new(), in_title: Vec::new(), has_body: false };
        for word in &words {
            match word.as_slice() {
                [c] => {
                    sought.anywhere.push(single(*c));
                    sought.in_title.push(single(*c));
                }
                word => {
                    sought.has_body = true;
                    sought.anywhere.extend(pairs(word));
                    sought.in_title.extend(pairs(word).map(|pair| pair | TITLE));
                }
            }
        }
        for numbers in [&mut sought.anywhere, &mut sought.in_title] {
            numbers.sort_unstable();
            numbers.dedup();
        }
        Some(sought)
    }
}

/// The numbers of filters that the index decides.
pub fn filters(
    division_code: Option<&str>,
    employment: Option<EmploymentType>,
    pay_from: Option<i64>,
) -> Vec<i32> {
    let step = pay_from.and_then(|from| STEPS.iter().rposition(|step| *step <= from));
    let numbers = [division_code.and_then(region), employment.map(kind_of), step.map(pay_step)];
    numbers.into_iter().flatten().collect()
}

/// The fewest blocks that cover the smallest blocks from `from` up to, but without, `to`.
pub fn cover(from: i64, to: i64) -> Vec<i32> {
    let mut found = Vec::new();
    let mut at = from;
    while at < to {
        let fits = |level: u32| {
            let size = 1_i64 << (LEVEL_BITS * level);
            at % size == 0 && at + size <= to
        };
        let level = (0..LEVELS).rev().find(|level| fits(*level)).unwrap_or(0);
        found.push(block(level, at >> (LEVEL_BITS * level)));
        at += 1 << (LEVEL_BITS * level);
    }
    found
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn listing<'a>(no: i64, title: &'a str, body: &'a [&'a str], pay: Monthly) -> Text<'a> {
        Text { no, title, body, division_code: "410102003", employment: EmploymentType::FullTime, pay }
    }

    fn has(all: &[i32], some: &[i32]) -> bool {
        some.iter().all(|n| all.contains(n))
    }

    const RANGE: Monthly = Monthly::Range(400_000, Some(620_000));

    #[test]
    fn a_word_of_two_characters_is_found_where_it_stands() {
        let all = words(&listing(5, "急招普工", &["包吃住，五险一金，CNC 操作"], RANGE));
        let found = |query: &str| {
            let sought = Sought::parse(query).unwrap();
            (has(&all, &sought.in_title), has(&all, &sought.anywhere))
        };
        assert_eq!(found("普工"), (true, true));
        assert_eq!(found("五险"), (false, true));
        assert_eq!(found("五险 普工"), (false, true));
        assert_eq!(found("ＣＮＣ"), (false, true));
        assert_eq!(found("工"), (true, true));
        assert_eq!(found("险"), (false, false), "single characters are sought in titles");
        assert_eq!(found("住五"), (false, false), "a mark stands between them");
        assert_eq!(found("司机"), (false, false));
        assert!(Sought::parse(" ！，").is_none() && Sought::parse("a b c d e f").is_none());
        assert!(!Sought::parse("工").unwrap().has_body);
    }

    #[test]
    fn regions_hold_what_lies_below_and_pay_what_reaches_it() {
        let all = words(&listing(5, "普工", &[], RANGE));
        for division in ["410102003", "410102", "410100", "410000"] {
            assert!(has(&all, &filters(Some(division), None, None)), "{division}");
        }
        assert!(!has(&all, &filters(Some("410103"), None, None)));
        assert!(has(&all, &filters(None, Some(EmploymentType::FullTime), Some(619_999))));
        assert!(!has(&all, &filters(None, Some(EmploymentType::PartTime), None)));
        assert!(!has(&all, &filters(None, None, Some(700_000))));
        assert!(filters(None, None, Some(99_999)).is_empty());
        let silent = words(&listing(5, "普工", &[], Monthly::Undisclosed));
        assert!(!has(&silent, &filters(None, None, Some(100_000))));
        let open = words(&listing(5, "普工", &[], Monthly::Range(1, None)));
        assert!(has(&open, &filters(None, None, Some(9_000_000))));
    }

    #[test]
    fn the_kinds_do_not_overlap() {
        let mut seen = BTreeSet::new();
        let han = ('\u{4E00}'..='\u{9FFF}').chain('a'..='z').chain('0'..='9');
        for c in han {
            assert!(seen.insert(code(c)), "{c}");
        }
        assert!(('\u{0}'..char::MAX).all(|c| (1..1 << 15).contains(&code(c))));
        assert!((code('\u{9FFF}') << 15 | code('\u{9FFF}')) < TITLE);
        assert!(region("999999999") > Some(special(10, 0)));
        assert!(block(LEVELS - 1, (1 << 26) - 1) < pay_step(0));
        assert_ne!(NONE, (code('0') << 15) | code('0'));
    }

    proptest! {
        #[test]
        fn blocks_cover_a_range_and_nothing_else(from in 0i64..200_000, size in 0i64..50_000, at in 0i64..260_000) {
            let tokens = cover(from, from + size);
            prop_assert!(tokens.len() <= 80, "{}", tokens.len());
            let all = words(&listing(at << BLOCK_BITS, "普工", &[], RANGE));
            let within = tokens.iter().filter(|token| all.contains(token)).count();
            prop_assert_eq!(within, usize::from((from..from + size).contains(&at)));
        }
    }
}
