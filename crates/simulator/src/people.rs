//! Persons: names, sexes, birth dates, documents and mobiles that look like those of a province's workers.
//!
//! Memory holds one word per document and per mobile already given out, so that none is given out twice.

mod documents;
mod names;
mod regions;

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use chrono::NaiveDate;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use serde::{Deserialize, Serialize};
use unionhall_kernel::{IdType, Sex};

pub use documents::{check_char, fifteen};
pub use regions::RegionKind;

/// The first three digits of mobiles in use.
const MOBILE_RANGES: &[u64] = &[
    130, 131, 132, 133, 134, 135, 136, 137, 138, 139, 145, 147, 150, 151, 152, 153, 155, 156, 157, 158, 159,
    166, 170, 171, 173, 175, 176, 177, 178, 180, 181, 182, 183, 184, 185, 186, 187, 188, 189, 190, 191, 192,
    193, 195, 196, 197, 198, 199,
];

/// Somebody made up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The name in its normal form.
    pub name: String,
    /// The sex; that of the number where the number carries one.
    pub sex: Sex,
    /// The day of birth; that of the number where the number carries one.
    pub born: NaiveDate,
    /// The name of the ethnic group as GB/T 3304 writes it; empty for people without Chinese nationality.
    pub ethnic: String,
    /// The kind of document.
    pub id_type: IdType,
    /// The number in its normal form.
    pub id_number: String,
    /// The 11 digits of the mobile.
    pub mobile: String,
}

impl Person {
    /// `+8613800138000`.
    pub fn e164(&self) -> String {
        e164(&self.mobile)
    }
}

/// The international form of 11 digits.
pub fn e164(national: &str) -> String {
    format!("+86{national}")
}

/// What a name is to look like.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum NameKind {
    /// The mix of a Henan union: mostly Han, some of everything.
    #[default]
    Any,
    /// Two to four Han characters without a separator.
    Plain,
    /// Parts separated by `·`.
    Dotted,
    /// With a character beyond the basic plane or of an extension that old fonts lack.
    Rare,
}

/// What the last character of a citizen number is to be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CheckKind {
    /// Whatever comes out.
    #[default]
    Any,
    /// X.
    Letter,
    /// Not X.
    Digit,
}

/// What a person is to be like; the default is any citizen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    /// The name; heeded for citizens only.
    pub name: NameKind,
    /// The document.
    pub document: IdType,
    /// Where the citizen number was first given.
    pub region: RegionKind,
    /// The check character of the citizen number.
    pub check: CheckKind,
    /// Whether the birth year must begin with 19, so that a 15-digit number can be written.
    pub before_2000: bool,
}

impl Default for Wish {
    fn default() -> Self {
        Self {
            name: NameKind::Any,
            document: IdType::CitizenId,
            region: RegionKind::Any,
            check: CheckKind::Any,
            before_2000: false,
        }
    }
}

/// An endless, seeded supply of people. No document and no mobile occurs twice.
#[derive(Debug)]
pub struct People {
    rng: StdRng,
    documents: HashSet<u64>,
    mobiles: HashSet<u64>,
}

impl People {
    /// A supply that depends on the seed alone.
    pub fn new(seed: u64) -> Self {
        Self { rng: StdRng::seed_from_u64(seed), documents: HashSet::new(), mobiles: HashSet::new() }
    }

    /// Keeps a number and a mobile (11 digits, or with +86) that exist already from being given out.
    pub fn reserve(&mut self, id_number: &str, mobile: Option<&str>) {
        self.documents.insert(key(id_number));
        let national = mobile.map(|mobile| mobile.strip_prefix("+86").unwrap_or(mobile));
        self.mobiles.extend(national.and_then(|digits| digits.parse::<u64>().ok()));
    }

    /// Any citizen.
    pub fn citizen(&mut self) -> Person {
        self.person(Wish::default())
    }

    /// A person as wished.
    pub fn person(&mut self, wish: Wish) -> Person {
        let (id_number, born, sex) = loop {
            let drawn = documents::draw(&mut self.rng, wish);
            // A chance clash of two keys costs a number, nothing else.
            if self.documents.insert(key(&drawn.0)) {
                break drawn;
            }
        };
        let (name, ethnic) = match wish.document {
            IdType::CitizenId => names::citizen(&mut self.rng, wish.name, sex),
            IdType::HmtResidencePermit | IdType::HkMacauTravelPermit | IdType::TaiwanTravelPermit => {
                (names::traditional(&mut self.rng), "汉族")
            }
            IdType::ForeignPermanentResidentCard | IdType::Passport => (names::latin(&mut self.rng), ""),
        };
        let mobile = self.mobile();
        Person { name, sex, born, ethnic: ethnic.to_owned(), id_type: wish.document, id_number, mobile }
    }

    /// A mobile of 11 digits that nobody has yet.
    pub fn mobile(&mut self) -> String {
        loop {
            let range = MOBILE_RANGES.choose(&mut self.rng).copied().unwrap_or(138);
            let number = range * 100_000_000 + self.rng.random_range(0..100_000_000);
            if self.mobiles.insert(number) {
                return number.to_string();
            }
        }
    }
}

fn key(id_number: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    id_number.hash(&mut hasher);
    hasher.finish()
}

/// One of a list that is never empty.
pub(crate) fn pick(rng: &mut StdRng, list: &'static [&'static str]) -> &'static str {
    list.choose(rng).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use unionhall_kernel::{Document, Entry, Mobile, PersonName};

    fn today() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, 20).unwrap()
    }

    #[test]
    fn everybody_is_accepted_as_written() {
        let mut people = People::new(7);
        let names = [NameKind::Any, NameKind::Plain, NameKind::Dotted, NameKind::Rare];
        for (at, document) in (0..4000).zip(IdType::ALL.iter().cycle()) {
            let person = people.person(Wish { name: names[at % 4], document: *document, ..Wish::default() });
            assert_eq!(PersonName::parse(&person.name).unwrap().as_str(), person.name);
            let parsed = Document::parse(person.id_type, &person.id_number, today(), Entry::Import).unwrap();
            assert_eq!(parsed.number(), person.id_number);
            assert!(parsed.birth_date().is_none_or(|born| born == person.born), "{person:?}");
            assert!(parsed.sex().is_none_or(|sex| sex == person.sex), "{person:?}");
            assert!(!parsed.flags().region_unknown);
            assert_eq!(Mobile::parse(&person.mobile).unwrap().e164(), person.e164());
        }
    }

    #[test]
    fn wishes_are_heeded() {
        let mut people = People::new(8);
        for _ in 0..200 {
            let rare = people.person(Wish { name: NameKind::Rare, ..Wish::default() });
            assert!(rare.name.chars().any(|c| !('\u{4E00}'..='\u{9FA5}').contains(&c)), "{}", rare.name);
            let dotted = people.person(Wish { name: NameKind::Dotted, ..Wish::default() });
            assert!(dotted.name.contains('·') && dotted.ethnic != "汉族");
            let letter = people.person(Wish { check: CheckKind::Letter, ..Wish::default() });
            assert!(letter.id_number.ends_with('X'));
            let unknown = people.person(Wish { region: RegionKind::Unknown, ..Wish::default() });
            let parsed = Document::parse(IdType::CitizenId, &unknown.id_number, today(), Entry::Import);
            assert!(parsed.unwrap().flags().region_unknown);

            let old = people.person(Wish { before_2000: true, ..Wish::default() });
            let short = fifteen(&old.id_number).unwrap();
            let parsed = Document::parse(IdType::CitizenId, &short, today(), Entry::Import).unwrap();
            assert!(parsed.flags().converted && parsed.number() == old.id_number);

            let retired = people.person(Wish { region: RegionKind::Retired, ..Wish::default() });
            let code = &retired.id_number[..6];
            assert!(unionhall_kernel::division::division(code).is_none(), "{code}");
        }
    }

    #[test]
    fn what_is_reserved_is_not_given_out() {
        let person = People::new(9).citizen();
        let mut people = People::new(9);
        people.reserve(&person.id_number, Some(&person.e164()));
        let other = people.citizen();
        assert!(other.id_number != person.id_number && other.mobile != person.mobile);
    }
}
