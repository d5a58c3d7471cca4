//! Who acts for a recruiter: the person whom it authorised, by the account that applied.
//!
//! A place acts through account state: giving one touches the account in the same transaction.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use unionhall_identity::{RoleSource, account};
use unionhall_kernel::Problem;
use unionhall_storage::{Conn, Core};
use unionhall_web::actor::Seat;
use unionhall_web::{Realm, Role, RoleName};
use uuid::Uuid;

use crate::schema::recruiter_place as place;

/// Gives an account the place at a recruiter, in the transaction that verified it.
///
/// # Errors
/// The unique index `recruiter_place_held` when the account has one.
pub async fn give(core: &Core, tx: &mut Conn, of: Uuid, to: Uuid) -> Result<(), Problem> {
    let now = core.now();
    diesel::insert_into(place::table)
        .values((
            place::id.eq(core.ids.opaque_id()),
            place::recruiter_id.eq(of),
            place::account_id.eq(to),
            place::valid_from.eq(now),
        ))
        .execute(tx)
        .await?;
    account::touch(tx, to, now).await
}

/// The recruiter that an account acts for, if any.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn of(conn: &mut Conn, account: Uuid) -> Result<Option<Uuid>, Problem> {
    let held = place::table.filter(place::account_id.eq(account).and(place::revoked_at.is_null()));
    Ok(held.select(place::recruiter_id).first(conn).await.optional()?)
}

/// Tells identity for which recruiter an account acts. A suspended recruiter's still acts: it reads, and is refused
/// what a suspension closes.
#[derive(Debug, Default, Clone, Copy)]
pub struct RecruiterRoles;

#[async_trait]
impl RoleSource for RecruiterRoles {
    fn realms(&self) -> &'static [Realm] {
        &[Realm::Recruiter]
    }

    async fn roles(
        &self,
        conn: &mut Conn,
        account: Uuid,
        _person: Option<Uuid>,
    ) -> Result<Vec<Role>, Problem> {
        let held = place::table.filter(place::account_id.eq(account).and(place::revoked_at.is_null()));
        let rows: Vec<(Uuid, Uuid, DateTime<Utc>)> =
            held.select((place::id, place::recruiter_id, place::valid_from)).load(conn).await?;
        let role = |(id, recruiter, from)| Role {
            id,
            name: RoleName::Recruiter,
            seat: Seat::Recruiter { recruiter },
            totp: false,
            ceiling: Vec::new(),
            from,
            to: None,
        };
        Ok(rows.into_iter().map(role).collect())
    }
}
