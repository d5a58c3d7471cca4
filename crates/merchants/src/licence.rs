//! The business licence 营业执照 of a merchant: a file that its union has seen.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;
use unionhall_files::Purpose;
use unionhall_kernel::{Code, Problem};
use unionhall_storage::{Conn, Core, audit};
use unionhall_web::Actor;
use unionhall_web::actor::EventExt;
use uuid::Uuid;

use crate::merchant::Merchant;
use crate::schema::merchant;

/// Attaches a file of `account`'s as the licence. One that was there before is kept, and the audit row names it.
///
/// # Errors
/// `VALIDATION_FAILED` with `FILE_UNKNOWN` at `/file_id`; `STALE` when the merchant changed since `before` was read.
pub async fn attach(
    core: &Core,
    tx: &mut Conn,
    (actor, account): (&Actor, Uuid),
    before: &Merchant,
    file: Uuid,
) -> Result<Merchant, Problem> {
    let (now, own) = (core.now(), (account, Purpose::MerchantLicence));
    unionhall_files::attach(tx, now, own, file, "/file_id", ("merchant", before.id)).await?;
    let changed: Option<Merchant> =
        diesel::update(merchant::table.find(before.id).filter(merchant::version.eq(before.version)))
            .set((merchant::licence_file_id.eq(file), merchant::version.eq(merchant::version + 1)))
            .returning(Merchant::as_returning())
            .get_result(tx)
            .await
            .optional()?;
    let changed = changed.ok_or_else(|| Problem::new(Code::Stale))?;
    let object = ("merchant", Some(before.id));
    let event = actor.event(core.id(), now, Some(&before.path), "merchant.licence", object);
    audit::append(tx, &event.changes(json!({"licence_file_id": [before.licence_file_id, file]}))).await?;
    Ok(changed)
}
