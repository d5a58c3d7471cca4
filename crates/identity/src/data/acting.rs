//! Who acts for whom, in somebody's own copy.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::Serialize;
use unionhall_kernel::Problem;
use unionhall_storage::{Conn, Core};
use unionhall_web::assist::Scope;
use unionhall_web::wire::{COPIED, Copied, instant};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::delegate::{Delegation, Relation, State};
use crate::schema::{account_delegate, session, session_assist};

/// Somebody named to act, or being named. 家属委托
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DelegationCopy {
    /// Whether it was I who named somebody.
    mine: bool,
    /// The relative's mobile, masked.
    #[schema(example = "138****8000")]
    mobile: String,
    relation: Relation,
    scopes: Vec<Scope>,
    state: State,
    expires_on: NaiveDate,
    created_at: String,
}

/// A session in which somebody acted for me. 代办记录
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AssistCopy {
    /// 方式: `counter`, `hotline`, `paper`, `delegate`.
    #[schema(example = "counter")]
    way: String,
    /// 事由
    reason: String,
    /// Whether a signed form was handed in.
    has_form: bool,
    opened_at: String,
}

pub(super) async fn delegations(
    core: &Core,
    conn: &mut Conn,
    account: Uuid,
) -> Result<Copied<DelegationCopy>, Problem> {
    use account_delegate as d;
    let rows: Vec<Delegation> = d::table
        .filter(d::account_id.eq(account).or(d::delegate_id.eq(account)))
        .order(d::id.desc())
        .limit(COPIED + 1)
        .select(Delegation::as_select())
        .load(conn)
        .await?;
    let copy = |row: Delegation| -> Result<DelegationCopy, Problem> {
        Ok(DelegationCopy {
            mine: row.account_id == account,
            mobile: row.mobile(core)?,
            relation: row.relation(),
            scopes: row.scopes(),
            state: row.state(core.today()),
            expires_on: row.expires_on,
            created_at: instant(row.created_at),
        })
    };
    let copies = rows.into_iter().map(copy).collect::<Result<Vec<_>, _>>()?;
    Ok(Copied::cut(copies, |copy| copy))
}

pub(super) async fn assisted(conn: &mut Conn, person: Uuid) -> Result<Copied<AssistCopy>, Problem> {
    let rows: Vec<(String, String, Option<Uuid>, DateTime<Utc>)> = session_assist::table
        .inner_join(session::table.on(session::id.eq(session_assist::session_id)))
        .filter(session_assist::person_id.eq(person))
        .order(session::id.desc())
        .limit(COPIED + 1)
        .select((
            session_assist::channel,
            session_assist::reason,
            session_assist::form_file_id,
            session::created_at,
        ))
        .load(conn)
        .await?;
    Ok(Copied::cut(rows, |(way, reason, form, opened)| AssistCopy {
        way,
        reason,
        has_form: form.is_some(),
        opened_at: instant(opened),
    }))
}
