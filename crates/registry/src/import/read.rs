//! Rows out of a stored file, one after the other: CSV chunk by chunk in whatever encoding it has, a workbook
//! through its reader. Blank rows are no rows, and the template's example is none either.

mod csv;
mod xlsx;

use unionhall_storage::Core;

use super::cell::Cell;
use super::column::Columns;
use super::template::EXAMPLE_MARK;
use super::{Failure, FileType, Import, Kind, Stop};

/// Columns a file may have.
const MAX_COLUMNS: usize = 200;
/// How far down the titles may stand: files often begin with a line that says whose list it is.
const HEADER_WITHIN: usize = 10;

/// A file being read.
pub struct Rows(Source);

enum Source {
    Csv(Box<csv::CsvRows>),
    Xlsx(std::vec::IntoIter<Vec<Cell>>),
}

impl Rows {
    /// Opens the file of an import.
    ///
    /// # Errors
    /// `FILE_BROKEN` for a workbook that is none, `TOO_MANY_ROWS`, `TOO_LARGE`.
    pub async fn open(core: &Core, import: &Import) -> Result<Self, Stop> {
        Ok(Self(match import.file_type {
            FileType::Csv => Source::Csv(Box::new(csv::CsvRows::new(core.clone(), import))),
            FileType::Xlsx => Source::Xlsx(xlsx::rows(core, import).await?.into_iter()),
        }))
    }

    /// The next row that says something.
    ///
    /// # Errors
    /// `FILE_ENCODING`, `FILE_BROKEN`.
    pub async fn next(&mut self) -> Result<Option<Vec<Cell>>, Stop> {
        loop {
            let row = match &mut self.0 {
                Source::Csv(rows) => rows.next().await?,
                Source::Xlsx(rows) => rows.next(),
            };
            let Some(row) = row else { return Ok(None) };
            let says_nothing = row.iter().all(Cell::is_blank);
            let is_example = row.iter().any(|cell| cell.text().starts_with(EXAMPLE_MARK));
            if row.len() > MAX_COLUMNS {
                let detail = format!("列数超过{MAX_COLUMNS}，请删除多余的列。");
                return Err(Stop::File(Failure::new("FILE_BROKEN", detail)));
            }
            if !says_nothing && !is_example {
                return Ok(Some(row));
            }
        }
    }

    /// Reads up to the titles.
    ///
    /// # Errors
    /// `FILE_EMPTY`; `COLUMN_MISSING` with the titles that no row among the first ten has.
    pub async fn header(&mut self, kind: Kind) -> Result<Columns, Stop> {
        let mut fewest: Option<Vec<&'static str>> = None;
        for _ in 0..HEADER_WITHIN {
            let Some(row) = self.next().await? else { break };
            let titles = row.iter().map(|cell| cell.text().trim().to_owned()).collect();
            let columns = Columns::read(kind, titles);
            let missing = columns.missing(kind);
            if missing.is_empty() {
                return Ok(columns);
            }
            if fewest.as_ref().is_none_or(|least| missing.len() < least.len()) {
                fewest = Some(missing);
            }
        }
        Err(Stop::File(match fewest {
            None => Failure::new("FILE_EMPTY", "文件中没有内容。"),
            Some(missing) => Failure::new(
                "COLUMN_MISSING",
                format!("缺少必填列：{}。请参照模板补充表头。", missing.join("、")),
            ),
        }))
    }
}
