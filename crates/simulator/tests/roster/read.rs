//! Reads a roster the way an importer does.

use std::io::Cursor;

use calamine::{Data, Reader as _, Xlsx};
use unionhall_simulator::roster::Format;

/// A cell as it stands in the file.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Text(String),
    Number(f64),
}

impl Value {
    pub fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
        }
    }
}

/// The titles and the data rows.
pub fn read(format: Format, bytes: &[u8]) -> (Vec<String>, Vec<Vec<Value>>) {
    let text = match format {
        Format::Xlsx => return workbook(bytes),
        Format::Csv => std::str::from_utf8(bytes).unwrap().to_owned(),
        Format::CsvBom => std::str::from_utf8(bytes).unwrap().strip_prefix('\u{FEFF}').unwrap().to_owned(),
        Format::Gb18030 => {
            assert!(std::str::from_utf8(bytes).is_err());
            let (text, _, broken) = encoding_rs::GB18030.decode(bytes);
            assert!(!broken);
            text.into_owned()
        }
    };
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let titles = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let values = |row: csv::StringRecord| row.iter().map(|cell| Value::Text(cell.to_owned())).collect();
    (titles, reader.records().map(|row| values(row.unwrap())).collect())
}

fn workbook(bytes: &[u8]) -> (Vec<String>, Vec<Vec<Value>>) {
    let mut book = Xlsx::new(Cursor::new(bytes)).unwrap();
    let range = book.worksheet_range_at(0).unwrap().unwrap();
    let value = |cell: &Data| match cell {
        Data::Float(number) => Value::Number(*number),
        Data::Int(number) => Value::Number(*number as f64),
        Data::DateTime(day) => Value::Text(day.to_string()),
        other => Value::Text(other.to_string()),
    };
    let mut rows = range.rows().map(|row| row.iter().map(value).collect::<Vec<_>>());
    let titles = rows.next().unwrap().iter().map(Value::text).collect();
    (titles, rows.collect())
}
