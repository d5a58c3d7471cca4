//! A workbook: its first visible sheet. The reader holds all texts, so size and rows are limited.

use std::io::{Cursor, Read as _};

use calamine::{DataRef, Reader as _, SheetType, SheetVisible, Xlsx, XlsxError};
use futures_util::TryStreamExt as _;
use unionhall_storage::{Core, blob};
use zip::ZipArchive;

use super::MAX_COLUMNS;
use crate::import::cell::{Cell, unguarded};
use crate::import::{Failure, Import, MAX_XLSX_ROWS, Stop};

/// What a workbook may come to when unpacked: the largest honest one of 100,000 rows is well below, and a
/// file that was made to burst is not unpacked any further.
const MAX_UNPACKED: u64 = 160 * 1024 * 1024;
/// What its cells may come to: one shared text can stand in every one of them.
const MAX_TEXT: usize = 128 * 1024 * 1024;
/// The longest text that spreadsheets themselves put into a cell is 32,767 characters.
const MAX_CELL_BYTES: usize = 32_767 * 3;

fn broken() -> Stop {
    Stop::File(Failure::new("FILE_BROKEN", "无法打开此工作簿，请用表格软件另存为xlsx后重新上传。"))
}

fn too_large() -> Stop {
    Stop::File(Failure::new("TOO_LARGE", "工作簿解压后过大，请删除多余的工作表和格式，或改用CSV。"))
}

pub(super) async fn rows(core: &Core, import: &Import) -> Result<Vec<Vec<Cell>>, Stop> {
    let chunks: Vec<Vec<u8>> = blob::stream(core.clone(), import.id).try_collect().await?;
    let bytes = chunks.concat();
    measure(&bytes)?;
    parse(bytes)
}

// The sizes an archive declares may lie, so it is unpacked to nowhere, up to the limit.
fn measure(bytes: &[u8]) -> Result<(), Stop> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| broken())?;
    let mut left = MAX_UNPACKED;
    for at in 0..archive.len() {
        let entry = archive.by_index(at).map_err(|_| broken())?;
        let read = std::io::copy(&mut entry.take(left + 1), &mut std::io::sink()).map_err(|_| broken())?;
        left = left.checked_sub(read).ok_or_else(too_large)?;
    }
    Ok(())
}

fn parse(bytes: Vec<u8>) -> Result<Vec<Vec<Cell>>, Stop> {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|_: XlsxError| broken())?;
    let sheet = book
        .sheets_metadata()
        .iter()
        .find(|sheet| sheet.visible == SheetVisible::Visible && sheet.typ == SheetType::WorkSheet)
        .map(|sheet| sheet.name.clone())
        .ok_or_else(broken)?;
    let mut reader = book.worksheet_cells_reader(&sheet).map_err(|_| broken())?;
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    let (mut present, mut text_left) = (None, MAX_TEXT);
    while let Some(cell) = reader.next_cell().map_err(|_| broken())? {
        let (row, column) = cell.get_position();
        let length = match cell.get_value() {
            DataRef::String(text) => text.len(),
            DataRef::SharedString(text) => text.len(),
            _ => 0,
        };
        if length > MAX_CELL_BYTES {
            return Err(Stop::File(Failure::new("FILE_BROKEN", "有一个单元格过长，请检查后重新上传。")));
        }
        text_left = text_left.checked_sub(length).ok_or_else(too_large)?;
        let Some(value) = value(cell.get_value()) else { continue };
        // Titles and a few lines above them are no data rows.
        if rows.len() > MAX_XLSX_ROWS + super::HEADER_WITHIN {
            let detail = format!("xlsx不超过{MAX_XLSX_ROWS}行，更大的名册请用CSV。");
            return Err(Stop::File(Failure::new("TOO_MANY_ROWS", detail)));
        }
        if present != Some(row) {
            present = Some(row);
            rows.push(Vec::new());
        }
        let column = usize::try_from(column).unwrap_or(usize::MAX);
        if column >= MAX_COLUMNS {
            let detail = format!("列数超过{MAX_COLUMNS}，请删除多余的列。");
            return Err(Stop::File(Failure::new("FILE_BROKEN", detail)));
        }
        if let Some(cells) = rows.last_mut() {
            cells.resize_with(cells.len().max(column + 1), || Cell::Text(String::new()));
            if let Some(place) = cells.get_mut(column) {
                *place = value;
            }
        }
    }
    Ok(rows)
}

fn value(data: &DataRef<'_>) -> Option<Cell> {
    let text = match data {
        DataRef::Int(number) => return Some(Cell::number(*number as f64)),
        DataRef::Float(number) => return Some(Cell::number(*number)),
        DataRef::String(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(true) => "是".to_owned(),
        DataRef::Bool(false) => "否".to_owned(),
        DataRef::DateTime(at) if at.is_datetime() => {
            let (year, month, day, ..) = at.to_ymd_hms_milli();
            format!("{year:04}-{month:02}-{day:02}")
        }
        DataRef::DateTime(at) => return Some(Cell::number(at.as_f64())),
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::Error(_) | DataRef::Empty => return None,
    };
    (!text.is_empty()).then(|| Cell::Text(unguarded(text)))
}
