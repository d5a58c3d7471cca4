//! errors.csv 错误文件: the rejected rows as they were sent, with why. Mended, it can be sent again as it is.
//! It streams page by page, so its length does not matter.

use actix_web::web::Bytes;
use futures_util::Stream;
use futures_util::stream::try_unfold;
use unionhall_kernel::Problem;
use unionhall_storage::Core;
use unionhall_web::Fault;

use super::cell::{self, Cell, guarded};
use super::column::{Columns, ERROR_TITLE};
use super::{BATCH, Import, reason, rows};

/// The byte-order mark by which spreadsheets know UTF-8.
const BOM: &str = "\u{FEFF}";

/// Where the file has come to.
enum At {
    Header,
    After(i32),
    End,
}

/// The file, piece by piece.
pub fn stream(core: Core, import: Import) -> impl Stream<Item = Result<Bytes, actix_web::Error>> {
    let columns = Columns::read(import.kind, import.header.clone().unwrap_or_default());
    let begin = (core, import, columns, At::Header);
    try_unfold(begin, async |state| next(state).await.map_err(|problem| Fault(problem).into()))
}

type State = (Core, Import, Columns, At);

async fn next((core, import, columns, at): State) -> Result<Option<(Bytes, State)>, Problem> {
    let after = match at {
        At::End => return Ok(None),
        At::Header => {
            let bytes = header(&columns)?;
            return Ok(Some((bytes, (core, import, columns, At::After(0)))));
        }
        At::After(row_no) => row_no,
    };
    let mut conn = core.db.read().await?;
    let found = rows::after(&mut conn, import.id, after, true, BATCH).await?;
    drop(conn);
    let Some(last) = found.last().map(|row| row.row_no) else { return Ok(None) };
    let at = if found.len() < BATCH { At::End } else { At::After(last) };
    let mut out = csv::Writer::from_writer(Vec::new());
    for row in found {
        let cells = cell::open(&core.sealer, row.id, &row.cells)?;
        let code = row.code.unwrap_or_default();
        out.write_record(record(&columns, &cells, &format!("{code}：{}", reason::text(&code))))?;
    }
    let bytes = out.into_inner().map_err(|error| Problem::internal(error.to_string()))?;
    Ok(Some((Bytes::from(bytes), (core, import, columns, at))))
}

fn header(columns: &Columns) -> Result<Bytes, Problem> {
    let titles: Vec<Cell> = columns.titles().iter().map(|title| Cell::Text(title.clone())).collect();
    let mut out = csv::Writer::from_writer(BOM.as_bytes().to_vec());
    out.write_record(record(columns, &titles, ERROR_TITLE))?;
    let bytes = out.into_inner().map_err(|error| Problem::internal(error.to_string()))?;
    Ok(Bytes::from(bytes))
}

/// A row with the error behind it; an error column that came with the file is left out.
fn record(columns: &Columns, cells: &[Cell], error: &str) -> Vec<String> {
    let width = columns.titles().len();
    let row = (0..width.max(cells.len())).filter(|at| !columns.is_error(*at));
    let mut record: Vec<String> = row.map(|at| cells.get(at).map(guarded).unwrap_or_default()).collect();
    record.truncate(width.max(1));
    record.push(error.to_owned());
    record
}
