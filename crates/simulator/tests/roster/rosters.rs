use std::collections::BTreeMap;

use unionhall_kernel::IdType;
use unionhall_simulator::people::{People, Wish};
use unionhall_simulator::roster::{
    Expected, Fault, Flag, Format, HeaderStyle, PersonRef, Planted, Quirk, Rates, Reason, RosterSpec, Scope,
    UnionRef, in_memory, write_files,
};

use crate::judge::Judge;
use crate::read::{self, Value};

const FORMATS: [Format; 4] = [Format::Csv, Format::CsvBom, Format::Gb18030, Format::Xlsx];
const HEADERS: [HeaderStyle; 4] =
    [HeaderStyle::Plain, HeaderStyle::Staff, HeaderStyle::Member, HeaderStyle::Coded];

fn union(id: &str, name: &str) -> UnionRef {
    UnionRef { id: id.to_owned(), name: name.to_owned(), code: Some(format!("C-{id}")) }
}

fn scope() -> Scope {
    let mut people = People::new(99);
    let kinds = [IdType::CitizenId, IdType::CitizenId, IdType::Passport, IdType::CitizenId];
    let known = kinds.map(|document| PersonRef::from(&people.person(Wish { document, ..Wish::default() })));
    Scope {
        unions: vec![union("u1", "第一纺织厂工会"), union("u2", "城东街道工会"), union("u3", "县医院工会")],
        foreign_unions: vec![union("f1", "邻县化肥厂工会")],
        elsewhere: known.into(),
    }
}

fn spec(format: Format, header: HeaderStyle, rows: u64) -> RosterSpec {
    RosterSpec { seed: 20_261_120, rows, scope: scope(), rates: Rates::default(), format, header }
}

/// Judges every row and compares it with its record.
fn judge_all(spec: &RosterSpec) -> (Planted, Vec<Vec<Value>>) {
    let (bytes, planted) = in_memory(spec).unwrap();
    let (titles, rows) = read::read(spec.format, &bytes);
    assert_eq!(rows.len(), planted.rows.len());
    let mut judge = Judge::new(&spec.scope, &titles);
    for (at, (row, record)) in rows.iter().zip(&planted.rows).enumerate() {
        assert_eq!(record.row_no, at as u64 + 1);
        let verdict = judge.row(row);
        assert_eq!(verdict.reason, record.reason, "{record:?} {row:?}");
        assert_eq!(verdict.name, record.name, "{record:?} {row:?}");
        assert_eq!(verdict.id_type, record.id_type, "{record:?} {row:?}");
        assert_eq!(verdict.id_number, record.id_number, "{record:?} {row:?}");
        assert_eq!(verdict.mobile, record.mobile, "{record:?} {row:?}");
        assert_eq!(verdict.union_id, record.union_id, "{record:?} {row:?}");
        if record.reason.is_none() {
            assert_eq!(verdict.flags, record.flags, "{record:?} {row:?}");
        }
    }
    assert_eq!(judge.columns_ignored(), planted.expected.columns_ignored);
    (planted, rows)
}

#[test]
fn every_row_is_judged_as_planted() {
    for format in FORMATS {
        for header in HEADERS {
            judge_all(&spec(format, header, 3000));
        }
    }
}

#[test]
fn short_files_have_one_of_each() {
    for (seed, format) in (0..20).zip(FORMATS.into_iter().cycle()) {
        let spec = RosterSpec { seed, ..spec(format, HeaderStyle::Member, 500) };
        let (planted, _) = judge_all(&spec);
        let is_xlsx = format == Format::Xlsx;
        for fault in Fault::ALL {
            let is_possible = match fault {
                Fault::IdNumber => is_xlsx,
                Fault::IdScientific | Fault::IdRounded => !is_xlsx,
                _ => true,
            };
            assert_eq!(planted.expected.faults.contains_key(fault), is_possible, "{fault:?}");
        }
        for quirk in Quirk::ALL {
            let is_possible = is_xlsx || *quirk != Quirk::MobileNumber;
            assert_eq!(planted.expected.quirks.contains_key(quirk), is_possible, "{quirk:?}");
        }
        assert_eq!(planted.expected.rejected_by_reason.len(), 11);
        assert_eq!(planted.expected.flags.len(), 3);
    }
}

#[test]
fn what_is_expected_is_a_recount_of_the_rows() {
    let (_, planted) = in_memory(&spec(Format::Csv, HeaderStyle::Member, 5000)).unwrap();
    let mut by_reason = BTreeMap::<Reason, u64>::new();
    let mut flags = BTreeMap::<Flag, u64>::new();
    let mut unions = BTreeMap::<String, u64>::new();
    let Expected { rows_total, rows_accepted, rows_rejected, .. } = planted.expected;
    for row in &planted.rows {
        assert_eq!(row.fault.map(Fault::reason), row.reason);
        match row.reason {
            Some(reason) => *by_reason.entry(reason).or_default() += 1,
            None => *unions.entry(row.union_id.clone().unwrap()).or_default() += 1,
        }
        row.flags.iter().for_each(|flag| *flags.entry(*flag).or_default() += 1);
    }
    assert_eq!(rows_total, 5000);
    assert_eq!(rows_accepted + rows_rejected, rows_total);
    assert_eq!(rows_accepted, planted.accepted().count() as u64);
    assert_eq!(rows_rejected, by_reason.values().sum::<u64>());
    assert_eq!(planted.expected.rejected_by_reason, by_reason);
    assert_eq!(planted.expected.flags, flags);
    assert_eq!(planted.expected.accepted_by_union, unions);
    let hidden = planted.rows.iter().filter(|row| row.also.is_some()).count();
    assert!(hidden > 0 && rows_rejected > 150 && rows_rejected < 400, "{hidden} {rows_rejected}");
}

#[test]
fn equal_seeds_give_equal_bytes() {
    for format in FORMATS {
        let spec = spec(format, HeaderStyle::Staff, 700);
        let first = in_memory(&spec).unwrap();
        assert!(first == in_memory(&spec).unwrap(), "{format:?}");
        let other = in_memory(&RosterSpec { seed: 5, ..spec }).unwrap();
        assert!(first.0 != other.0);
    }
}

#[test]
fn a_workbook_has_numbers_where_numbers_were_planted() {
    let (planted, rows) = judge_all(&spec(Format::Xlsx, HeaderStyle::Plain, 2000));
    for (row, record) in rows.iter().zip(&planted.rows) {
        let is_number = record.fault == Some(Fault::IdNumber);
        assert_eq!(matches!(row[1], Value::Number(_)), is_number, "{record:?}");
        let is_number = record.quirks.contains(&Quirk::MobileNumber);
        assert_eq!(matches!(row[2], Value::Number(_)), is_number, "{record:?}");
    }
}

#[test]
fn a_clean_roster_is_accepted_whole() {
    let spec = RosterSpec { rates: Rates::clean(), ..spec(Format::Csv, HeaderStyle::Member, 1000) };
    let (planted, _) = judge_all(&spec);
    assert_eq!(planted.expected.rows_accepted, 1000);
    assert!(planted.expected.quirks.is_empty());
}

#[test]
fn rates_are_kept() {
    let mut rates = Rates::clean();
    rates.faults.insert(Fault::Duplicate, 0.2);
    rates.quirks.insert(Quirk::MobileMissing, 0.1);
    let spec = RosterSpec { rates, ..spec(Format::Gb18030, HeaderStyle::Plain, 4000) };
    let (planted, _) = judge_all(&spec);
    let duplicates = planted.expected.rejected_by_reason[&Reason::DuplicateInFile];
    assert!((700..900).contains(&duplicates), "{duplicates}");
    assert_eq!(duplicates, planted.expected.rows_rejected);
    let missing = planted.expected.flags[&Flag::MobileMissing];
    assert!((250..400).contains(&missing), "{missing}");
}

#[test]
fn nobody_elsewhere_is_written_twice_nor_lent_out() {
    let (planted, _) = judge_all(&spec(Format::Csv, HeaderStyle::Member, 20_000));
    let review = planted.expected.rejected_by_reason[&Reason::NeedsReview];
    assert!((1..=4).contains(&review), "{review}");
}

#[test]
fn files_hold_what_memory_would() {
    let spec = spec(Format::Gb18030, HeaderStyle::Member, 600);
    let (bytes, planted) = in_memory(&spec).unwrap();
    let folder = std::env::temp_dir().join(format!("unionhall-roster-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (roster, record) = (folder.join("roster.csv"), folder.join("planted.json"));
    let expected = write_files(&spec, &roster, &record).unwrap();
    assert!(std::fs::read(&roster).unwrap() == bytes);
    assert_eq!(Planted::read(&record).unwrap(), planted);
    assert_eq!(expected, planted.expected);
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn contradictions_are_refused() {
    let mut coded = spec(Format::Csv, HeaderStyle::Coded, 10);
    coded.scope.foreign_unions[0].code = None;
    assert!(in_memory(&coded).is_err());
    let long = spec(Format::Xlsx, HeaderStyle::Plain, 1_048_576);
    assert!(in_memory(&long).is_err());
    let nowhere = RosterSpec { scope: Scope::default(), ..spec(Format::Csv, HeaderStyle::Plain, 10) };
    assert!(in_memory(&nowhere).is_err());
    let mut often = spec(Format::Csv, HeaderStyle::Plain, 10);
    often.rates.faults.insert(Fault::IdAge, 1.5);
    assert!(in_memory(&often).is_err());
}

#[test]
fn codes_are_written_as_the_platform_gives_them() {
    let keys = serde_json::to_value(Rates::clean()).unwrap();
    assert_eq!(keys["faults"]["id_check_digit"], 0.0);
    let reasons = [Reason::NameRequired, Reason::DuplicateInFile, Reason::IdNotText];
    let written = serde_json::to_value(reasons).unwrap();
    assert_eq!(written, serde_json::json!(["NAME_REQUIRED", "DUPLICATE_IN_FILE", "ID_NOT_TEXT"]));
    assert_eq!(serde_json::to_value(Flag::ConvertedFrom15).unwrap(), "converted_from_15");
}
