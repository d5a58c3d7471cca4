//! Files of a case, each beside the entry it came with. Whoever may read the entry may read them.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use unionhall_casework::clock::Case;
use unionhall_files::Purpose;
use unionhall_kernel::Problem;
use unionhall_storage::{Conn, Core};
use uuid::Uuid;

use crate::schema::legal_attachment as rows;

/// Files of one message at most.
pub(crate) const FILES: usize = 9;

/// Attaches files that an account uploaded to an entry of a case.
///
/// # Errors
/// `VALIDATION_FAILED` with `FILE_UNKNOWN` at `/file_ids/n`.
pub(crate) async fn attach(
    core: &Core,
    tx: &mut Conn,
    (account, case): (Uuid, Case),
    seq: i32,
    files: &[Uuid],
) -> Result<(), Problem> {
    for (n, file) in files.iter().enumerate() {
        let (owner, pointer) = ((account, Purpose::LegalMaterial), format!("/file_ids/{n}"));
        unionhall_files::attach(tx, core.now(), owner, *file, &pointer, (case.kind, case.id)).await?;
        diesel::insert_into(rows::table)
            .values((rows::file_id.eq(file), rows::case_id.eq(case.id), rows::seq.eq(seq)))
            .execute(tx)
            .await?;
    }
    Ok(())
}

/// The files of a case after a place, by place; the caller has judged that they may be read.
pub(crate) async fn after(conn: &mut Conn, case: Uuid, seq: i32) -> Result<HashMap<i32, Vec<Uuid>>, Problem> {
    let of = rows::table.filter(rows::case_id.eq(case).and(rows::seq.gt(seq)));
    let found: Vec<(i32, Uuid)> =
        of.order((rows::seq, rows::file_id)).select((rows::seq, rows::file_id)).load(conn).await?;
    let mut by_seq: HashMap<i32, Vec<Uuid>> = HashMap::new();
    for (seq, file) in found {
        by_seq.entry(seq).or_default().push(file);
    }
    Ok(by_seq)
}
