//! Puts rows into a file.

use std::io::{self, Seek, Write};

use anyhow::Result;
use chrono::{Datelike as _, NaiveDate};
use encoding_rs::GB18030;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format as Style, Workbook};

use super::{Format, HeaderStyle};

/// What a cell holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cell {
    Blank,
    Text(String),
    /// A numeric cell of a workbook; in a CSV, its digits.
    Number(u64),
    /// A date cell of a workbook; in a CSV, `2019-05-01`.
    Day(NaiveDate),
}

/// A file being written.
pub(super) enum Sheet<W: Write> {
    Csv(Box<csv::Writer<Encoder<W>>>),
    Xlsx(Box<Book<W>>),
}

/// A workbook. Rows go to a temporary file until the end.
pub(super) struct Book<W> {
    workbook: Workbook,
    next_row: u32,
    day: Style,
    out: W,
}

impl<W: Write + Seek + Send> Sheet<W> {
    pub(super) fn new(format: Format, mut out: W) -> Result<Self> {
        // Spreadsheets end lines the way of their operating system.
        let mut terminator = csv::Terminator::CRLF;
        match format {
            Format::Csv => terminator = csv::Terminator::Any(b'\n'),
            Format::CsvBom => out.write_all("\u{FEFF}".as_bytes())?,
            Format::Gb18030 => {}
            Format::Xlsx => return Ok(Self::Xlsx(Box::new(Book::new(out)?))),
        }
        let encoder = Encoder { out, is_gb: format == Format::Gb18030, partial: Vec::new() };
        let writer = csv::WriterBuilder::new().terminator(terminator).from_writer(encoder);
        Ok(Self::Csv(Box::new(writer)))
    }

    pub(super) fn header(&mut self, header: HeaderStyle) -> Result<()> {
        let titles = header.columns().iter().map(|(_, title)| Cell::Text((*title).to_owned()));
        self.row(&titles.collect::<Vec<_>>())
    }

    pub(super) fn row(&mut self, cells: &[Cell]) -> Result<()> {
        match self {
            Self::Csv(writer) => {
                for cell in cells {
                    match cell {
                        Cell::Blank => writer.write_field("")?,
                        Cell::Text(text) => writer.write_field(text)?,
                        Cell::Number(number) => writer.write_field(number.to_string())?,
                        Cell::Day(day) => writer.write_field(day.to_string())?,
                    }
                }
                Ok(writer.write_record(None::<&[u8]>)?)
            }
            Self::Xlsx(book) => book.row(cells),
        }
    }

    pub(super) fn finish(self) -> Result<()> {
        match self {
            Self::Csv(mut writer) => Ok(writer.flush()?),
            Self::Xlsx(mut book) => {
                book.workbook.save_to_writer(&mut book.out)?;
                Ok(book.out.flush()?)
            }
        }
    }
}

impl<W> Book<W> {
    fn new(out: W) -> Result<Self> {
        let mut workbook = Workbook::new();
        // The library would write the present moment, and the bytes would differ from run to run.
        let made = ExcelDateTime::from_ymd(2026, 1, 1)?;
        workbook.set_properties(&DocProperties::new().set_creation_datetime(&made));
        workbook.add_worksheet_with_low_memory()?.set_name("会员花名册")?;
        Ok(Self { workbook, next_row: 0, day: Style::new().set_num_format("yyyy-mm-dd"), out })
    }

    fn row(&mut self, cells: &[Cell]) -> Result<()> {
        let sheet = self.workbook.worksheet_from_index(0)?;
        for (column, cell) in (0..).zip(cells) {
            match cell {
                Cell::Blank => {}
                Cell::Text(text) => {
                    sheet.write_string(self.next_row, column, text)?;
                }
                Cell::Number(number) => {
                    // Losing the last digits is what a spreadsheet does.
                    sheet.write_number(self.next_row, column, *number as f64)?;
                }
                Cell::Day(day) => {
                    let (month, of_month) = (u8::try_from(day.month())?, u8::try_from(day.day())?);
                    let day = ExcelDateTime::from_ymd(u16::try_from(day.year())?, month, of_month)?;
                    sheet.write_datetime_with_format(self.next_row, column, &day, &self.day)?;
                }
            }
        }
        self.next_row += 1;
        Ok(())
    }
}

/// Passes UTF-8 on as it is, or as GB18030.
pub(super) struct Encoder<W> {
    out: W,
    is_gb: bool,
    /// The beginning of a character whose end is still to come.
    partial: Vec<u8>,
}

impl<W: Write> Write for Encoder<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.is_gb {
            return self.out.write(bytes);
        }
        self.partial.extend_from_slice(bytes);
        let whole = match std::str::from_utf8(&self.partial) {
            Ok(text) => text,
            Err(error) if error.error_len().is_none() => {
                let whole = self.partial.get(..error.valid_up_to()).unwrap_or_default();
                std::str::from_utf8(whole).map_err(io::Error::other)?
            }
            Err(error) => return Err(io::Error::other(error)),
        };
        let (encoded, ..) = GB18030.encode(whole);
        self.out.write_all(&encoded)?;
        let done = whole.len();
        self.partial.drain(..done);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
