//! Cells as they stand in the file. They are kept sealed, one JSON array a row, so that errors.csv can give
//! back what was sent and a commit judges the same content that was validated.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use unionhall_kernel::Problem;
use unionhall_kernel::text::is_blank;
use unionhall_storage::Sealer;
use unionhall_storage::seal::Column;
use uuid::Uuid;

const CELLS: Column = "import_row.cells";

/// A cell. A number is a numeric cell of a workbook, which keeps 15 digits: a CSV has text only.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Cell {
    /// Text; empty for a blank cell.
    Text(String),
    /// A numeric cell.
    Number(f64),
}

impl Cell {
    /// The text of a cell; a number in digits, never in powers of ten.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Number(number) if number.fract() == 0.0 => Cow::Owned(format!("{number:.0}")),
            Self::Number(number) => Cow::Owned(number.to_string()),
        }
    }

    /// Whether there is nothing to read.
    pub fn is_blank(&self) -> bool {
        match self {
            Self::Text(text) => text.chars().all(is_blank),
            Self::Number(_) => false,
        }
    }
}

/// What a spreadsheet would take for a formula.
const fn starts_formula(c: char) -> bool {
    matches!(c, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠' | '\t' | '\r')
}

/// A cell for a CSV that a spreadsheet will open: nothing in it runs as a formula, and long numbers stay text
/// (china.md 3). [`unguarded`] takes it back, so that the file can be sent again.
pub fn guarded(cell: &Cell) -> String {
    let text = cell.text();
    let bare = text.trim_start_matches('\t');
    if bare.len() >= 12 && bare.bytes().all(|b| b.is_ascii_digit()) {
        return format!("\t{bare}");
    }
    match text.chars().next() {
        Some(c) if starts_formula(c) => format!("'{text}"),
        _ => text.into_owned(),
    }
}

/// Takes back what [`guarded`] put in front.
pub fn unguarded(text: String) -> String {
    match text.strip_prefix('\'') {
        Some(rest) if rest.chars().next().is_some_and(starts_formula) => rest.to_owned(),
        _ => text,
    }
}

/// Seals a row's cells.
///
/// # Errors
/// As [`Sealer::seal`].
pub fn seal(sealer: &Sealer, row: Uuid, cells: &[Cell]) -> Result<Vec<u8>, Problem> {
    sealer.seal(CELLS, row, &serde_json::to_vec(cells)?)
}

/// Opens a row's cells.
///
/// # Errors
/// `INTERNAL` when they do not open.
pub fn open(sealer: &Sealer, row: Uuid, sealed: &[u8]) -> Result<Vec<Cell>, Problem> {
    Ok(serde_json::from_slice(&sealer.open(CELLS, row, sealed)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(text: &str) -> Cell {
        Cell::Text(text.to_owned())
    }

    #[test]
    fn formulas_do_not_run_and_ids_stay_text() {
        for formula in ["=1+1", "+8613800138000", "-", "@x", "＝1", "\t=1"] {
            let out = guarded(&text(formula));
            assert!(out.starts_with('\''), "{out:?}");
            assert_eq!(unguarded(out), formula);
        }
        assert_eq!(guarded(&text("410102194912319982")), "\t410102194912319982");
        assert_eq!(guarded(&text("\t410102194912319982")), "\t410102194912319982");
        assert_eq!(guarded(&Cell::Number(4.101_021_949_123_199e17)), "\t410102194912319900");
        assert_eq!(guarded(&text("13800138000")), "13800138000");
        assert_eq!(guarded(&text("'x")), "'x");
    }

    proptest! {
        #[test]
        fn what_is_guarded_comes_back(raw in "\\PC{0,20}") {
            let bare = raw.trim_start_matches('\t');
            prop_assume!(bare.len() < 12 || !bare.bytes().all(|b| b.is_ascii_digit()));
            prop_assume!(!(raw.starts_with('\'') && raw.chars().nth(1).is_some_and(starts_formula)));
            prop_assert_eq!(unguarded(guarded(&text(&raw))), raw);
        }

        #[test]
        fn cells_survive_their_json(number in proptest::num::f64::NORMAL) {
            let cells = vec![text("张三"), Cell::Number(number), text("")];
            let back: Vec<Cell> = serde_json::from_slice(&serde_json::to_vec(&cells).unwrap()).unwrap();
            prop_assert_eq!(back, cells);
        }
    }
}
