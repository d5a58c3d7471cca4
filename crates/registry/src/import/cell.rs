//! Cells as they stand in the file. They are kept sealed, one JSON array a row, so that errors.csv can give
//! back what was sent and a commit judges the same content that was validated.

use serde::{Deserialize, Serialize};
use unionhall_kernel::Problem;
use unionhall_kernel::text::is_blank;
use unionhall_storage::Sealer;
use unionhall_storage::seal::Column;
use uuid::Uuid;

const CELLS: Column = "import_row.cells";

/// A cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Cell {
    /// Text; empty for a blank cell.
    Text(String),
    /// A numeric cell of a workbook; a CSV has none.
    Number {
        /// Its digits, as a spreadsheet shows them.
        n: String,
    },
}

impl Cell {
    /// A numeric cell. Spreadsheets keep 15 digits and show zeros for the rest, never powers of ten here.
    pub fn number(number: f64) -> Self {
        let n = if number.abs() < 1e15 || number.abs() >= 1e100 {
            number.to_string()
        } else {
            let shown = format!("{number:.14e}");
            let (digits, power) = shown.split_once('e').unwrap_or((&shown, "0"));
            let zeros = power.parse::<usize>().unwrap_or(0).saturating_sub(14);
            format!("{}{}", digits.replace('.', ""), "0".repeat(zeros))
        };
        Self::Number { n }
    }

    /// The text of a cell.
    pub fn text(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::Number { n } => n,
        }
    }

    /// Whether there is nothing to read.
    pub fn is_blank(&self) -> bool {
        self.text().chars().all(is_blank)
    }
}

/// What a spreadsheet would take for a formula.
const fn starts_formula(c: char) -> bool {
    matches!(c, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠' | '\t' | '\r')
}

/// A cell for a CSV that a spreadsheet will open: nothing in it runs as a formula, and long numbers stay text
/// (docs/RULES.md, imports). [`unguarded`] takes it back, so that the file can be sent again.
pub fn guarded(cell: &Cell) -> String {
    let text = cell.text();
    let bare = text.trim_start_matches('\t');
    if bare.len() >= 12 && bare.bytes().all(|b| b.is_ascii_digit()) {
        return format!("\t{bare}");
    }
    match text.chars().next() {
        Some(c) if starts_formula(c) => format!("'{text}"),
        _ => text.to_owned(),
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
        assert_eq!(guarded(&Cell::number(410_102_194_912_319_982.0)), "\t410102194912320000");
        assert_eq!(Cell::number(13_800_138_000.0).text(), "13800138000");
        assert_eq!(Cell::number(1.5).text(), "1.5");
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
            let cells = vec![text("张三"), Cell::number(number), text("")];
            let back: Vec<Cell> = serde_json::from_slice(&serde_json::to_vec(&cells).unwrap()).unwrap();
            prop_assert_eq!(back, cells);
        }
    }
}
