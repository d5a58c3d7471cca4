//! Rows that a revert left as they are, and why 未撤回的行.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use unionhall_kernel::Problem;
use unionhall_storage::Conn;
use unionhall_storage::page::Page;

use super::Import;
use crate::schema::import_row;

/// Why a row is not taken back.
pub const HAS_ACCOUNT: &str = "HAS_ACCOUNT";
/// Somebody changed it since.
pub const CHANGED_SINCE: &str = "CHANGED_SINCE";
/// Something else refers to it.
pub const IN_USE: &str = "IN_USE";

/// What a person reads.
pub fn text(code: &str) -> &'static str {
    match code {
        HAS_ACCOUNT => "该会员已注册或绑定账号，请通过退会或更正办理。",
        CHANGED_SINCE => "导入后又有新的变更，未予撤回。",
        _ => "已被其他业务引用，未予撤回。",
    }
}

/// A row that was not taken back.
#[derive(Debug)]
pub struct KeptRow {
    /// Its place in the file.
    pub row_no: i32,
    /// Why.
    pub code: String,
}

/// A page of the rows that were not taken back, after row number `after`.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn list(
    conn: &mut Conn,
    import: &Import,
    after: Option<i32>,
    limit: i64,
) -> Result<Page<KeptRow>, Problem> {
    use import_row as r;
    let rows: Vec<(i32, Option<String>)> = r::table
        .filter(r::import_id.eq(import.id).and(r::kept.is_not_null()).and(r::row_no.gt(after.unwrap_or(0))))
        .order(r::row_no)
        .limit(limit + 1)
        .select((r::row_no, r::kept))
        .load(conn)
        .await?;
    let rows = rows.into_iter().map(|(row_no, code)| KeptRow { row_no, code: code.unwrap_or_default() });
    Ok(Page::cut(rows.collect(), limit))
}
