//! What this room holds about somebody, for their own copy of it. The bytes are read by `GET /v1/files/{id}`.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::Serialize;
use unionhall_kernel::Problem;
use unionhall_storage::Conn;
use unionhall_web::wire::{COPIED, Copied, instant};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::purpose::Purpose;
use crate::schema::file;
use crate::store::File;

/// An uploaded file. 上传的文件
#[derive(Debug, Serialize, ToSchema)]
pub struct FileCopy {
    id: Uuid,
    purpose: Purpose,
    #[serde(rename = "type")]
    #[schema(example = "application/pdf")]
    media_type: &'static str,
    size: i32,
    created_at: String,
}

/// Copies what is known of the files of an account.
///
/// # Errors
/// `INTERNAL` for a file this version does not understand.
pub async fn copy(conn: &mut Conn, account: Uuid) -> Result<Copied<FileCopy>, Problem> {
    let rows: Vec<File> = file::table
        .filter(file::account_id.eq(account))
        .order(file::id.desc())
        .limit(COPIED + 1)
        .select(File::as_select())
        .load(conn)
        .await?;
    let mut copies = Vec::with_capacity(rows.len());
    for row in rows {
        copies.push(FileCopy {
            id: row.id,
            purpose: row.purpose()?,
            media_type: row.media_type()?.as_str(),
            size: row.size,
            created_at: instant(row.created_at),
        });
    }
    Ok(Copied::cut(copies, |copy| copy))
}
