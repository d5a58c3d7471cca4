//! Rosters as unions really send them, written row by row, with a record of what was planted.
//!
//! A roster of any length takes little memory: a row lives until it is written. What grows with the rows is
//! one word per document and mobile given out ([`crate::people::People`]), and in an XLSX the table of
//! distinct texts that the format shares between cells. A CSV has no limit; an XLSX has a sheet's.

mod header;
mod kinds;
mod plan;
mod planted;
mod row;
mod sheet;
mod spelling;

use std::fs::File;
use std::io::{BufWriter, Cursor, Seek, Write};
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use unionhall_kernel::IdType;

pub use header::HeaderStyle;
pub use kinds::{Fault, Flag, Quirk, Rates, Reason};
pub use planted::{Expected, Planted, PlantedRow};

use crate::people::Person;
use row::Composer;
use sheet::Sheet;

/// From this length on, everything with a rate above 0 that the file allows is planted at least once.
pub const COMPLETE_FROM: u64 = 500;

/// The rows of an XLSX sheet, without its header.
const XLSX_ROWS: u64 = 1_048_575;

/// A union that a row may name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnionRef {
    /// Its id on the platform.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its code, which [`HeaderStyle::Coded`] writes in place of the name.
    #[serde(default)]
    pub code: Option<String>,
}

/// Somebody the platform knows already.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonRef {
    /// The name.
    pub name: String,
    /// The kind of document.
    pub id_type: IdType,
    /// The number in its normal form.
    pub id_number: String,
    /// The mobile, with or without +86.
    #[serde(default)]
    pub mobile: Option<String>,
}

impl From<&Person> for PersonRef {
    fn from(person: &Person) -> Self {
        Self {
            name: person.name.clone(),
            id_type: person.id_type,
            id_number: person.id_number.clone(),
            mobile: Some(person.e164()),
        }
    }
}

/// How the file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// CSV in UTF-8.
    Csv,
    /// CSV in UTF-8 with a byte-order mark, as spreadsheets save it.
    CsvBom,
    /// CSV in GB18030.
    Gb18030,
    /// A workbook with one sheet.
    Xlsx,
}

/// The unions and people a roster is about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    /// Unions within the importer's scope; rows are spread over them.
    pub unions: Vec<UnionRef>,
    /// Unions of a sibling county, whose rows must be rejected.
    #[serde(default)]
    pub foreign_unions: Vec<UnionRef>,
    /// People with an open membership elsewhere. Each is written at most once; nobody else gets a number
    /// or a mobile of theirs.
    #[serde(default)]
    pub elsewhere: Vec<PersonRef>,
}

/// A roster to write. Equal specifications give equal bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RosterSpec {
    /// Where chance comes from.
    pub seed: u64,
    /// Data rows.
    pub rows: u64,
    /// Whom it is about.
    pub scope: Scope,
    /// What is planted, and how often.
    #[serde(default)]
    pub rates: Rates,
    /// How the file is written.
    pub format: Format,
    /// Which columns it has, and what it calls them.
    #[serde(default)]
    pub header: HeaderStyle,
}

impl RosterSpec {
    fn check(&self) -> Result<()> {
        let Scope { unions, foreign_unions, .. } = &self.scope;
        ensure!(!unions.is_empty(), "a roster needs a union");
        let mut named = unions.iter().chain(foreign_unions);
        ensure!(
            self.header != HeaderStyle::Coded || named.all(|union| union.code.is_some()),
            "a roster with union codes needs the code of every union"
        );
        ensure!(
            self.format != Format::Xlsx || self.rows <= XLSX_ROWS,
            "an xlsx sheet has {XLSX_ROWS} rows at most"
        );
        ensure!(
            self.rates.are_shares(),
            "rates lie between 0 and 1, and those of one column add up to 1 at most"
        );
        Ok(())
    }
}

/// Writes a roster and hands each row's record to `each` as it is written.
///
/// # Errors
/// When the specification contradicts itself, or writing fails.
pub fn write_roster<W: Write + Seek + Send>(
    spec: &RosterSpec,
    out: W,
    mut each: impl FnMut(&PlantedRow) -> Result<()>,
) -> Result<Expected> {
    spec.check()?;
    let mut sheet = Sheet::new(spec.format, out)?;
    sheet.header(spec.header)?;
    let mut expected = Expected::new(spec.header);
    let mut composer = Composer::new(spec);
    for row_no in 1..=spec.rows {
        let (cells, planted) = composer.compose(row_no);
        sheet.row(&cells)?;
        expected.count(&planted);
        each(&planted)?;
    }
    sheet.finish()?;
    Ok(expected)
}

/// Writes a roster to one file and its [`Planted`] as JSON to another, both row by row.
///
/// # Errors
/// As [`write_roster`].
pub fn write_files(spec: &RosterSpec, roster: &Path, planted: &Path) -> Result<Expected> {
    let create = |path: &Path| {
        let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
        anyhow::Ok(BufWriter::with_capacity(1 << 16, file))
    };
    let mut record = planted::Recorder::new(create(planted)?)?;
    let expected = write_roster(spec, create(roster)?, |row| record.row(row))?;
    record.finish(&expected)?;
    Ok(expected)
}

/// A roster's bytes and its record, for lengths that fit into memory.
///
/// # Errors
/// As [`write_roster`].
pub fn in_memory(spec: &RosterSpec) -> Result<(Vec<u8>, Planted)> {
    let mut bytes = Vec::new();
    let mut rows = Vec::new();
    let expected = write_roster(spec, Cursor::new(&mut bytes), |row| {
        rows.push(row.clone());
        Ok(())
    })?;
    Ok((bytes, Planted { rows, expected }))
}
