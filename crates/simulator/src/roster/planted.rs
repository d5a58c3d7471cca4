//! The record of what a roster holds and what an import of it must lead to.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Write};
use std::path::Path;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};
use unionhall_kernel::IdType;

use super::{Fault, Flag, HeaderStyle, Quirk, Reason};

/// What one row holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlantedRow {
    /// Counted from 1, without the header.
    pub row_no: u64,
    /// The fault for which the row is rejected; none if it is accepted.
    pub fault: Option<Fault>,
    /// A second fault, which the first one hides.
    pub also: Option<Fault>,
    /// The code of the rejection.
    pub reason: Option<Reason>,
    /// What the importer puts right.
    pub quirks: Vec<Quirk>,
    /// What the importer marks; empty for a rejected row.
    pub flags: Vec<Flag>,
    /// The normal form; none if there is no acceptable name.
    pub name: Option<String>,
    /// The kind of document the row declares.
    pub id_type: IdType,
    /// The normal form, 18 characters for an old number of 15; none if the number is at fault.
    pub id_number: Option<String>,
    /// E.164; none if there is no acceptable mobile.
    pub mobile: Option<String>,
    /// The union that the row names, a sibling county's too; none if it does not exist.
    pub union_id: Option<String>,
}

/// What an import of the whole file must report.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expected {
    /// Data rows.
    pub rows_total: u64,
    /// Rows accepted.
    pub rows_accepted: u64,
    /// Rows rejected.
    pub rows_rejected: u64,
    /// Rows rejected, by code; no code with 0.
    pub rejected_by_reason: BTreeMap<Reason, u64>,
    /// Accepted rows with each flag.
    pub flags: BTreeMap<Flag, u64>,
    /// Accepted rows by union.
    pub accepted_by_union: BTreeMap<String, u64>,
    /// Titles of the columns the importer has no use for, in the order of the file.
    pub columns_ignored: Vec<String>,
    /// Rows with each fault, the hidden ones included.
    pub faults: BTreeMap<Fault, u64>,
    /// Rows with each quirk, rejected ones included.
    pub quirks: BTreeMap<Quirk, u64>,
}

impl Expected {
    pub(super) fn new(header: HeaderStyle) -> Self {
        Self { columns_ignored: header.columns_ignored(), ..Self::default() }
    }

    pub(super) fn count(&mut self, row: &PlantedRow) {
        self.rows_total += 1;
        match row.reason {
            Some(reason) => {
                self.rows_rejected += 1;
                *self.rejected_by_reason.entry(reason).or_default() += 1;
            }
            None => {
                self.rows_accepted += 1;
                // Looked up before it is inserted: nearly every row finds its union there.
                match row.union_id.as_ref().and_then(|id| self.accepted_by_union.get_mut(id)) {
                    Some(count) => *count += 1,
                    None => self.accepted_by_union.extend(row.union_id.clone().map(|id| (id, 1))),
                }
            }
        }
        for flag in &row.flags {
            *self.flags.entry(*flag).or_default() += 1;
        }
        for fault in row.fault.iter().chain(&row.also) {
            *self.faults.entry(*fault).or_default() += 1;
        }
        for quirk in &row.quirks {
            *self.quirks.entry(*quirk).or_default() += 1;
        }
    }
}

/// The whole record. [`super::write_files`] writes the same JSON without holding the rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planted {
    /// Every row, in the order of the file.
    pub rows: Vec<PlantedRow>,
    /// What an import must report.
    pub expected: Expected,
}

impl Planted {
    /// Reads the record that was written beside a roster.
    ///
    /// # Errors
    /// When the file cannot be read or is no such record.
    pub fn read(path: &Path) -> Result<Self> {
        let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(serde_json::from_reader(BufReader::new(file))?)
    }

    /// The rows that become members, in the order of the file.
    pub fn accepted(&self) -> impl Iterator<Item = &PlantedRow> {
        self.rows.iter().filter(|row| row.reason.is_none())
    }
}

/// Writes a [`Planted`] row by row, one row a line.
pub(super) struct Recorder<W> {
    out: W,
    separator: &'static [u8],
}

impl<W: Write> Recorder<W> {
    pub(super) fn new(mut out: W) -> Result<Self> {
        out.write_all(b"{\"rows\":[\n")?;
        Ok(Self { out, separator: b"" })
    }

    pub(super) fn row(&mut self, row: &PlantedRow) -> Result<()> {
        self.out.write_all(self.separator)?;
        self.separator = b",\n";
        Ok(serde_json::to_writer(&mut self.out, row)?)
    }

    pub(super) fn finish(mut self, expected: &Expected) -> Result<()> {
        self.out.write_all(b"\n],\n\"expected\":")?;
        serde_json::to_writer(&mut self.out, expected)?;
        self.out.write_all(b"}\n")?;
        Ok(self.out.flush()?)
    }
}
