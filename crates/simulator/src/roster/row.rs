//! Composes one row after the other.

use chrono::{Datelike as _, NaiveDate};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use unionhall_kernel::{IdType, Sex};

use super::header::Column;
use super::plan::{Choice, Plan};
use super::sheet::Cell;
use super::{Fault, Flag, HeaderStyle, PersonRef, PlantedRow, Quirk, RosterSpec, Scope, UnionRef, spelling};
use crate::people::{CheckKind, NameKind, People, Person, RegionKind, Wish, e164, pick};

/// How many accepted people are remembered for a later row to repeat.
const REMEMBERED: usize = 128;

/// Mixed into the seed, so that people and slips are drawn apart.
const SLIPS: u64 = 0x51_1D5;

/// Days of joining, as days since the first of the common era: 2008-01-01 and 2025-12-31.
const FIRST_JOINED: i32 = 733_042;
const LAST_JOINED: i32 = 739_616;

pub(super) struct Composer<'a> {
    scope: &'a Scope,
    header: HeaderStyle,
    plan: Plan,
    people: People,
    rng: StdRng,
    elsewhere: Vec<&'a PersonRef>,
    remembered: Vec<Person>,
}

/// The cells of a row whose spelling matters, and the extras that do not.
struct Draft {
    row_no: u64,
    person: Person,
    name: Cell,
    id: Cell,
    mobile: Cell,
    union_text: String,
}

impl<'a> Composer<'a> {
    pub(super) fn new(spec: &'a RosterSpec) -> Self {
        let mut people = People::new(spec.seed);
        for known in &spec.scope.elsewhere {
            people.reserve(&known.id_number, known.mobile.as_deref());
        }
        let mut rng = StdRng::seed_from_u64(spec.seed ^ SLIPS);
        let can_be_written =
            |known: &&PersonRef| known.id_type == IdType::CitizenId || spec.header.has_id_type();
        Self {
            scope: &spec.scope,
            header: spec.header,
            plan: Plan::new(spec, &mut rng),
            people,
            rng,
            elsewhere: spec.scope.elsewhere.iter().rev().filter(can_be_written).collect(),
            remembered: Vec::new(),
        }
    }

    /// The cells of a row and the record of what they hold.
    pub(super) fn compose(&mut self, row_no: u64) -> (Vec<Cell>, PlantedRow) {
        let mut choice = self.plan.draw(row_no, &mut self.rng);
        let person = self.person(&mut choice);
        let (union, union_text) = self.union(&choice);
        let mut quirks = Vec::new();
        let (name, name_is_good) = self.name(&person, &choice, &mut quirks);
        let (id, id_is_good) = self.id(&person, &choice, &mut quirks);
        let (mobile, mobile_is_good) = self.mobile(&person, &choice, &mut quirks);
        let planted = PlantedRow {
            row_no,
            fault: choice.fault,
            also: choice.also,
            reason: choice.fault.map(Fault::reason),
            flags: if choice.fault.is_none() { flags(&quirks) } else { Vec::new() },
            quirks,
            name: name_is_good.then(|| person.name.clone()),
            id_type: person.id_type,
            id_number: id_is_good.then(|| person.id_number.clone()),
            mobile: mobile_is_good.then(|| e164(&person.mobile)),
            union_id: union.map(|union| union.id.clone()),
        };
        if planted.reason.is_none() {
            self.remember(&person);
        }
        let draft = Draft { row_no, person, name, id, mobile, union_text };
        let columns = self.header.columns();
        let cells = columns.iter().map(|(column, _)| self.cell(*column, &draft)).collect();
        (cells, planted)
    }

    /// Whom the row is about. A fault that needs somebody who is not there is dropped.
    fn person(&mut self, choice: &mut Choice) -> Person {
        let known = match choice.fault {
            Some(Fault::Duplicate) => self.somebody_above(choice),
            Some(Fault::Elsewhere) => self.elsewhere.pop().map(|known| self.known(known)),
            _ => return self.people.person(wish(choice)),
        };
        // Neither was drawn with a region in mind.
        choice.quirks.retain(|quirk| !matches!(quirk, Quirk::RegionRetired | Quirk::RegionUnknown));
        known.unwrap_or_else(|| {
            *choice = Choice::default();
            self.people.citizen()
        })
    }

    fn somebody_above(&mut self, choice: &mut Choice) -> Option<Person> {
        let mut person = self.remembered.choose(&mut self.rng)?.clone();
        if self.rng.random_bool(0.5) {
            person.mobile = self.people.mobile();
        }
        let spellings = [Quirk::Id15, Quirk::IdLowerX, Quirk::IdFullWidth, Quirk::IdSpaced];
        if self.rng.random_bool(0.5) {
            choice.quirks.retain(|quirk| quirk.field() != Quirk::Id15.field());
            choice.quirks.extend(spellings.choose(&mut self.rng));
        }
        Some(person)
    }

    fn known(&mut self, known: &PersonRef) -> Person {
        let mobile = known.mobile.as_deref().map(|mobile| mobile.strip_prefix("+86").unwrap_or(mobile));
        let odd = known.id_number.as_bytes().get(16).is_some_and(|digit| digit % 2 == 1);
        Person {
            name: known.name.clone(),
            sex: if odd { Sex::Male } else { Sex::Female },
            born: NaiveDate::default(),
            ethnic: "汉族".to_owned(),
            id_type: known.id_type,
            id_number: known.id_number.clone(),
            mobile: mobile.map_or_else(|| self.people.mobile(), str::to_owned),
        }
    }

    fn remember(&mut self, person: &Person) {
        if self.remembered.len() < REMEMBERED {
            self.remembered.push(person.clone());
        } else if self.rng.random_range(0..16) == 0 {
            let at = self.rng.random_range(0..REMEMBERED);
            if let Some(slot) = self.remembered.get_mut(at) {
                slot.clone_from(person);
            }
        }
    }

    fn union(&mut self, choice: &Choice) -> (Option<&'a UnionRef>, String) {
        let fault = choice
            .fault
            .into_iter()
            .chain(choice.also)
            .find(|fault| fault.reason() == Fault::UnionUnknown.reason());
        let scope = self.scope;
        let union = match fault {
            Some(Fault::UnionForeign) => scope.foreign_unions.choose(&mut self.rng),
            Some(_) => None,
            None => scope.unions.choose(&mut self.rng),
        };
        let is_coded = self.header == HeaderStyle::Coded;
        let text = |union: &UnionRef| if is_coded { union.code.clone() } else { Some(union.name.clone()) };
        let written = union.and_then(text).unwrap_or_else(|| self.no_union(is_coded));
        (union, written)
    }

    /// The name or code of a union that nobody has.
    fn no_union(&mut self, is_coded: bool) -> String {
        let mut number = self.rng.random_range(1000..10_000);
        loop {
            let text = if is_coded {
                format!("ZZ{number}")
            } else {
                let trade = pick(&mut self.rng, &["纺织", "机械", "商贸", "物流", "建材"]);
                format!("无此单位{number}{trade}有限公司工会委员会")
            };
            let mut known = self.scope.unions.iter().chain(&self.scope.foreign_unions);
            if known.all(|union| union.name != text && union.code.as_ref() != Some(&text)) {
                return text;
            }
            number += 1;
        }
    }

    fn name(&mut self, person: &Person, choice: &Choice, quirks: &mut Vec<Quirk>) -> (Cell, bool) {
        let rng = &mut self.rng;
        match choice.fault {
            Some(Fault::NameEmpty) => (spelling::no_name(rng), false),
            Some(Fault::NameDigits) => (Cell::Text(spelling::name_with_digits(rng, &person.name)), false),
            _ => {
                let odd = choice.quirks.iter().find_map(|quirk| {
                    let cell = spelling::name(rng, &person.name, *quirk)?;
                    quirks.push(*quirk);
                    Some(cell)
                });
                (odd.unwrap_or_else(|| Cell::Text(person.name.clone())), true)
            }
        }
    }

    fn id(&mut self, person: &Person, choice: &Choice, quirks: &mut Vec<Quirk>) -> (Cell, bool) {
        let rng = &mut self.rng;
        let number = &person.id_number;
        for fault in choice.fault.into_iter().chain(choice.also) {
            let text = match fault {
                Fault::IdFormat => {
                    let permit = Wish { document: IdType::HmtResidencePermit, ..Wish::default() };
                    let permit = self.people.person(permit).id_number;
                    spelling::malformed_id(rng, number, &permit)
                }
                Fault::IdCheckDigit => spelling::wrong_check(rng, number),
                Fault::IdBirthDate => spelling::impossible_day(rng, number),
                Fault::IdAge => spelling::too_old(rng, number),
                Fault::IdScientific => spelling::scientific(rng, number),
                Fault::IdRounded => spelling::rounded(number),
                Fault::IdNumber => return (Cell::Number(number.parse().unwrap_or_default()), false),
                _ => continue,
            };
            return (Cell::Text(text), false);
        }
        let odd = choice.quirks.iter().find_map(|quirk| {
            let cell = spelling::id(rng, person.id_type, number, *quirk)?;
            quirks.push(*quirk);
            Some(cell)
        });
        (odd.unwrap_or_else(|| Cell::Text(number.clone())), true)
    }

    fn mobile(&mut self, person: &Person, choice: &Choice, quirks: &mut Vec<Quirk>) -> (Cell, bool) {
        let rng = &mut self.rng;
        if choice.fault.into_iter().chain(choice.also).any(|fault| fault == Fault::MobileMalformed) {
            return (Cell::Text(spelling::malformed_mobile(rng, &person.mobile)), false);
        }
        let odd = choice.quirks.iter().find_map(|quirk| {
            let cell = spelling::mobile(rng, &person.mobile, *quirk)?;
            quirks.push(*quirk);
            Some(cell)
        });
        let cell = odd.unwrap_or_else(|| Cell::Text(person.mobile.clone()));
        let is_there = cell != Cell::Blank;
        (cell, is_there)
    }

    fn cell(&mut self, column: Column, draft: &Draft) -> Cell {
        let rng = &mut self.rng;
        let text = match column {
            Column::Name => return draft.name.clone(),
            Column::Id => return draft.id.clone(),
            Column::Mobile => return draft.mobile.clone(),
            Column::Serial => return Cell::Number(draft.row_no),
            Column::Joined => {
                let grown_up = draft.person.born.num_days_from_ce() + 18 * 365;
                let day = rng.random_range(grown_up.clamp(FIRST_JOINED, LAST_JOINED)..=LAST_JOINED);
                return NaiveDate::from_num_days_from_ce_opt(day).map_or(Cell::Blank, Cell::Day);
            }
            Column::UnionName | Column::UnionCode => &draft.union_text,
            Column::Ethnic => &draft.person.ethnic,
            Column::IdType => id_type_title(rng, &draft.person),
            Column::Sex if draft.person.sex == Sex::Male => "男",
            Column::Sex => "女",
            Column::Political => {
                pick(rng, &["群众", "群众", "群众", "中国共产党党员", "中国共产主义青年团团员", ""])
            }
            Column::Education => pick(rng, &["大学本科毕业", "大学专科毕业", "普通高中毕业", "初中毕业", ""]),
            Column::Post => pick(rng, &["操作工", "车间主任", "会计", "驾驶员", "护士", "教师", "保安", ""]),
            Column::Team => pick(rng, &["甲班", "乙班", "一车间二组", "行政", ""]),
            Column::Remark => pick(rng, REMARKS),
        };
        if text.is_empty() { Cell::Blank } else { Cell::Text(text.to_owned()) }
    }
}

/// Most are empty; the rest holds what files break on: separators, quotes, line breaks, formulas.
const REMARKS: &[&str] = &[
    "",
    "",
    "",
    "",
    "",
    "",
    "",
    "",
    "",
    "",
    "",
    "",
    "劳务派遣",
    "返聘",
    "原单位：郑州, 2019年调入",
    "所谓“骨干”",
    "绰号\"老黑\"",
    "第一行\n第二行",
    "=1+1",
    "-",
    "@同事",
];

fn id_type_title(rng: &mut StdRng, person: &Person) -> &'static str {
    match person.id_type {
        IdType::CitizenId => pick(rng, &["居民身份证", "居民身份证", "身份证", ""]),
        IdType::HmtResidencePermit if person.id_number.starts_with("83") => "台湾居民居住证",
        IdType::HmtResidencePermit => "港澳居民居住证",
        IdType::ForeignPermanentResidentCard => "外国人永久居留身份证",
        IdType::HkMacauTravelPermit => "港澳居民来往内地通行证",
        IdType::TaiwanTravelPermit => "台湾居民来往大陆通行证",
        IdType::Passport => pick(rng, &["普通护照", "护照"]),
    }
}

/// Somebody whose name and number can have the chosen faults and quirks.
fn wish(choice: &Choice) -> Wish {
    let mut wish = Wish::default();
    for quirk in &choice.quirks {
        match quirk {
            Quirk::NameSpaced => wish.name = NameKind::Plain,
            Quirk::NameOddDot | Quirk::NameDotted => wish.name = NameKind::Dotted,
            Quirk::NameRare => wish.name = NameKind::Rare,
            Quirk::Id15 => wish.before_2000 = true,
            Quirk::IdLowerX => wish.check = CheckKind::Letter,
            Quirk::RegionRetired => wish.region = RegionKind::Retired,
            Quirk::RegionUnknown => wish.region = RegionKind::Unknown,
            other => wish.document = other.document().unwrap_or(wish.document),
        }
    }
    // A spreadsheet takes a number with X in it for text.
    if matches!(choice.fault, Some(Fault::IdScientific | Fault::IdRounded | Fault::IdNumber)) {
        wish.check = CheckKind::Digit;
    }
    wish
}

fn flags(quirks: &[Quirk]) -> Vec<Flag> {
    let flag = |quirk: &Quirk| match quirk {
        Quirk::Id15 => Some(Flag::ConvertedFrom15),
        Quirk::RegionUnknown => Some(Flag::RegionUnknown),
        Quirk::MobileMissing => Some(Flag::MobileMissing),
        _ => None,
    };
    quirks.iter().filter_map(flag).collect()
}
