//! The versions that stand for a region, and which of them counts on a day.

use chrono::NaiveDate;
use serde_json::Value;
use unionhall_kernel::{Invalid, Problem};

use super::{Key, Parameter, Version};

/// A version that a calculation used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Used {
    /// Which parameter.
    pub key: Key,
    /// For which region it was published.
    pub region: String,
    /// The version's number among those of its key and region.
    pub number: i32,
    /// Its first day.
    pub valid_from: NaiveDate,
    /// What it says.
    pub value: Value,
    /// Where it was published.
    pub source: String,
}

/// The versions for a region and those above it, as they stand; it remembers which were used.
#[derive(Debug, Clone)]
pub struct Book {
    regions: Vec<&'static str>,
    versions: Vec<Version>,
    used: Vec<Used>,
}

impl Book {
    /// Of the versions of some regions, nearest first.
    pub fn new(regions: Vec<&'static str>, versions: Vec<Version>) -> Self {
        Self { regions, versions, used: Vec::new() }
    }

    /// What was used so far.
    pub fn used(self) -> Vec<Used> {
        self.used
    }

    /// The version of a key that counts on a day: of the nearest region that has any, the one that began last.
    fn in_force(&self, key: Key, day: NaiveDate) -> Option<&Version> {
        let counts = |version: &&Version| {
            version.key == key
                && version.is_standing()
                && version.valid_from <= day
                && version.valid_to.is_none_or(|last| day <= last)
        };
        self.regions.iter().find_map(|region| {
            let here = self.versions.iter().filter(counts).filter(|version| version.region == **region);
            here.max_by_key(|version| (version.valid_from, version.number))
        })
    }

    /// What a parameter says on a day, if anything does.
    ///
    /// # Errors
    /// `INTERNAL` when what is stored has not the shape of its key.
    pub fn find<P: Parameter>(&mut self, day: NaiveDate) -> Result<Option<P>, Problem> {
        let Some(found) = self.in_force(P::KEY, day) else { return Ok(None) };
        let value: P = serde_json::from_value(found.value.clone())?;
        let used = Used {
            key: found.key,
            region: found.region.clone(),
            number: found.number,
            valid_from: found.valid_from,
            value: found.value.clone(),
            source: found.source.clone(),
        };
        if !self.used.contains(&used) {
            self.used.push(used);
        }
        Ok(Some(value))
    }

    /// What a parameter says on a day, which the field at `pointer` names or could replace.
    ///
    /// # Errors
    /// `VALIDATION_FAILED` with `NO_PARAMETER` at `pointer` when nothing does.
    pub fn need<P: Parameter>(&mut self, day: NaiveDate, pointer: &str) -> Result<P, Problem> {
        let missing =
            Invalid::new("NO_PARAMETER", "该地区、该日期没有已录入的参数，请填写数额或更换日期、地区。");
        self.find(day)?.ok_or_else(|| Problem::invalid(pointer, missing))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::super::{LocalAverageWage, PaidDays, State};
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn version(region: &str, number: i32, from: &str, to: Option<&str>, fen: i64) -> Version {
        Version {
            id: Uuid::nil(),
            path: "/41/".to_owned(),
            key: Key::LocalAverageWage,
            region: region.to_owned(),
            number,
            valid_from: day(from),
            valid_to: to.map(day),
            value: json!({"month_fen": fen}),
            source: String::new(),
            state: State::Approved,
            reason: None,
            recorded_at: chrono::DateTime::UNIX_EPOCH,
            recorded_by: None,
            decided_at: None,
            decided_by: None,
            superseded_at: None,
            version: 1,
        }
    }

    fn found(versions: Vec<Version>, on: &str) -> Option<i64> {
        let mut book = Book::new(vec!["410102", "410100", "000000"], versions);
        book.find::<LocalAverageWage>(day(on)).unwrap().map(|wage| wage.month_fen)
    }

    #[test]
    fn the_date_chooses_the_version_and_the_nearest_region_goes_first() {
        let all = || {
            vec![
                version("410100", 1, "2024-01-01", None, 1),
                version("410100", 2, "2025-01-01", None, 2),
                version("000000", 1, "2023-01-01", None, 3),
                version("410102", 1, "2025-06-01", Some("2025-06-30"), 4),
                version("410300", 1, "2020-01-01", None, 5),
            ]
        };
        for (on, value) in [
            ("2022-12-31", None),
            ("2023-01-01", Some(3)),
            ("2024-12-31", Some(1)),
            ("2025-01-01", Some(2)),
            ("2025-05-31", Some(2)),
            ("2025-06-01", Some(4)),
            ("2025-06-30", Some(4)),
            ("2025-07-01", Some(2)),
        ] {
            assert_eq!(found(all(), on), value, "{on}");
        }
    }

    #[test]
    fn what_is_not_approved_or_superseded_counts_for_nothing() {
        let mut pending = version("410100", 2, "2025-01-01", None, 2);
        pending.state = State::Pending;
        let mut old = version("410100", 1, "2025-01-01", None, 1);
        assert_eq!(found(vec![pending.clone(), old.clone()], "2025-01-01"), Some(1));
        old.superseded_at = Some(chrono::DateTime::UNIX_EPOCH);
        assert_eq!(found(vec![pending.clone(), old.clone()], "2025-01-01"), None);
        pending.state = State::Approved;
        assert_eq!(found(vec![pending, old], "2025-01-01"), Some(2));
    }

    #[test]
    fn what_was_used_is_remembered_once_and_what_is_missing_named() {
        let mut book = Book::new(vec!["410100"], vec![version("410100", 7, "2025-01-01", None, 1)]);
        for _ in 0..2 {
            book.need::<LocalAverageWage>(day("2025-01-01"), "/a").unwrap();
        }
        let missing = book.need::<PaidDays>(day("2025-01-01"), "/on").unwrap_err();
        assert_eq!((missing.errors[0].code, missing.errors[0].pointer.as_str()), ("NO_PARAMETER", "/on"));
        let used = book.used();
        assert_eq!((used.len(), used[0].number), (1, 7));
    }
}
