//! The file itself. Titles stand in the first row and are the ones an import knows, so that a mended file can come back; the
//! last column says which export a row comes from.

use rust_xlsxwriter::{Format as Look, FormatAlign, Workbook, Worksheet};
use unionhall_kernel::Problem;

use super::Format;
use crate::import::cell::{Cell, guarded};

/// The byte-order mark by which spreadsheets know UTF-8.
const BOM: &str = "\u{FEFF}";

/// A file that is being written.
pub(super) enum Sheet {
    Csv(Vec<u8>),
    Xlsx { book: Box<Workbook>, row: u32, text: Box<Look> },
}

impl Sheet {
    /// Begins with the titles. `foot` is printed on every page of a workbook.
    pub(super) fn begin(format: Format, name: &str, titles: &[&str], foot: &str) -> Result<Self, Problem> {
        let mut sheet = match format {
            Format::Csv => Self::Csv(BOM.as_bytes().to_vec()),
            Format::Xlsx => {
                let text = Look::new().set_num_format("@");
                let title = text.clone().set_bold().set_align(FormatAlign::Center);
                let mut book = Workbook::new();
                let page = book.add_worksheet();
                page.set_name(name)?
                    .set_freeze_panes(1, 0)?
                    .set_header(format!("&C{foot}"))
                    .set_footer("&C&P/&N");
                for (at, name) in (0u16..).zip(titles) {
                    page.set_column_format(at, &text)?.set_column_width(at, 22)?;
                    page.write_string_with_format(0, at, *name, &title)?;
                }
                Self::Xlsx { book: Box::new(book), row: 1, text: Box::new(text) }
            }
        };
        if let Self::Csv(_) = sheet {
            sheet.row(titles.iter().map(|title| (*title).to_owned()).collect())?;
        }
        Ok(sheet)
    }

    /// Writes a row. In a CSV nothing runs as a formula and long numbers stay text; a workbook's cells are text.
    pub(super) fn row(&mut self, cells: Vec<String>) -> Result<(), Problem> {
        match self {
            Self::Csv(bytes) => {
                let mut out = csv::Writer::from_writer(bytes);
                out.write_record(cells.into_iter().map(|text| guarded(&Cell::Text(text))))?;
                Ok(out.flush()?)
            }
            Self::Xlsx { book, row, text } => {
                let page: &mut Worksheet = book.worksheet_from_index(0)?;
                for (at, cell) in (0u16..).zip(&cells) {
                    page.write_string_with_format(*row, at, cell, text)?;
                }
                *row += 1;
                Ok(())
            }
        }
    }

    /// What is finished so far and may be sent on; nothing of a workbook before its end.
    pub(super) fn take(&mut self) -> Vec<u8> {
        match self {
            Self::Csv(bytes) => std::mem::take(bytes),
            Self::Xlsx { .. } => Vec::new(),
        }
    }

    /// The rest.
    pub(super) fn end(self) -> Result<Vec<u8>, Problem> {
        match self {
            Self::Csv(bytes) => Ok(bytes),
            Self::Xlsx { mut book, .. } => Ok(book.save_to_buffer()?),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_csv_runs_as_a_formula() {
        let mut sheet = Sheet::begin(Format::Csv, "会员名册", &["姓名", "手机"], "").unwrap();
        sheet.row(vec!["=HYPERLINK(\"http://x\")".to_owned(), "+8613800138000".to_owned()]).unwrap();
        sheet.row(vec!["@SUM(1)".to_owned(), "-1".to_owned()]).unwrap();
        let text = String::from_utf8(sheet.end().unwrap()).unwrap();
        let lines: Vec<&str> = text.trim_start_matches('\u{FEFF}').lines().collect();
        assert_eq!(lines, ["姓名,手机", "\"'=HYPERLINK(\"\"http://x\"\")\",'+8613800138000", "'@SUM(1),'-1"]);
    }
}
