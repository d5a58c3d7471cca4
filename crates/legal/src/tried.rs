//! Who had a case and did not keep it, so that it goes to somebody else first.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use unionhall_kernel::Problem;
use unionhall_storage::Conn;
use uuid::Uuid;

use crate::schema::legal_tried as rows;

/// Remembers that a lawyer was `silent` with a case or `recused` from it; the last counts.
pub(crate) async fn remember(
    tx: &mut Conn,
    case: Uuid,
    lawyer: Uuid,
    why: &str,
    at: DateTime<Utc>,
) -> Result<(), Problem> {
    diesel::insert_into(rows::table)
        .values((rows::case_id.eq(case), rows::lawyer_id.eq(lawyer), rows::why.eq(why), rows::at.eq(at)))
        .on_conflict((rows::case_id, rows::lawyer_id))
        .do_update()
        .set((rows::why.eq(why), rows::at.eq(at)))
        .execute(tx)
        .await?;
    Ok(())
}

/// Whether a lawyer gave a case back: it does not go to them again.
pub(crate) async fn has_recused(tx: &mut Conn, case: Uuid, lawyer: Uuid) -> Result<bool, Problem> {
    let of = rows::table.find((case, lawyer)).filter(rows::why.eq("recused"));
    Ok(diesel::select(diesel::dsl::exists(of)).get_result(tx).await?)
}
