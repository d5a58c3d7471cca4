//! Drawing a sheet, signing it, withdrawing it.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;
use unionhall_kernel::{Code, Problem};
use unionhall_storage::{Conn, Core, audit};
use unionhall_web::actor::EventExt;
use unionhall_web::{Actor, OrgScope};
use uuid::Uuid;

use super::store::{Sheet, get};
use super::{Frozen, State, figures};
use crate::import::room::Rooms;
use crate::import::{Kind, State as Import};
use crate::org;
use crate::schema::{import, import_reconciliation as sheet, org as orgs};

/// What a sheet that a later one replaced says.
const REPLACED: &str = "已由新的对账单取代";

/// Draws a sheet over a union of the scope and all below it, in the caller's transaction. One that waits is replaced.
///
/// # Errors
/// `NOT_FOUND` for a union out of scope; `VALIDATION_FAILED` for too many imports; `FORBIDDEN` without a person.
pub async fn draw(
    core: &Core,
    tx: &mut Conn,
    rooms: &Rooms,
    (actor, scope): (&Actor, &OrgScope),
    union: Uuid,
    kind: Kind,
) -> Result<(Sheet, Frozen), Problem> {
    let union = org::get(tx, scope, union).await?;
    let person = actor.person.ok_or_else(|| Problem::new(Code::Forbidden))?;
    // Two who draw at once do so one after the other. What refers to the union goes on meanwhile.
    let lock = orgs::table.find(union.id).select(orgs::id).for_no_key_update();
    let _locked: Uuid = lock.first(tx).await?;
    let frozen = figures::count(tx, rooms, &OrgScope::subtree(&union.path), kind).await?;
    let (id, now) = (core.id(), core.now());
    let waits = sheet::org_id.eq(union.id).and(sheet::kind.eq(kind.as_str()));
    let replaced: Option<Uuid> =
        diesel::update(sheet::table.filter(waits.and(sheet::state.eq(State::Drawn.as_str()))))
            .set((
                sheet::state.eq(State::Withdrawn.as_str()),
                sheet::ended_at.eq(now),
                sheet::remark.eq(REPLACED),
                sheet::version.eq(sheet::version + 1),
            ))
            .returning(sheet::id)
            .get_result(tx)
            .await
            .optional()?;
    diesel::insert_into(sheet::table)
        .values((
            sheet::id.eq(id),
            sheet::kind.eq(kind.as_str()),
            sheet::org_id.eq(union.id),
            sheet::path.eq(&union.path),
            sheet::state.eq(State::Drawn.as_str()),
            sheet::figures.eq(serde_json::to_value(&frozen)?),
            sheet::seen.eq(frozen.seen()),
            sheet::drawn_by.eq(person),
            sheet::drawn_at.eq(now),
        ))
        .execute(tx)
        .await?;
    let object = ("import_reconciliation", Some(id));
    let event = actor.event(core.id(), now, Some(&union.path), "import_reconciliation.draw", object);
    let changes =
        json!({"kind": kind, "union_id": union.id, "imports": frozen.imports.len(), "replaces": replaced});
    audit::append(tx, &event.changes(changes)).await?;
    // The caller's scope holds the union, so it holds the sheet.
    get(tx, scope, id).await
}

/// What is said to a sheet that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It is right.
    Sign,
    /// It is given up.
    Withdraw,
}

impl Decision {
    const fn target(self) -> (State, &'static str) {
        match self {
            Self::Sign => (State::Signed, "import_reconciliation.sign"),
            Self::Withdraw => (State::Withdrawn, "import_reconciliation.withdraw"),
        }
    }
}

/// Signs or withdraws a sheet.
///
/// # Errors
/// `NOT_FOUND` out of scope; `STALE`; `INVALID_STATE` when it has ended, and for a signature while an import of it is being
/// written or taken back and once one was; `NOT_ANOTHER_PERSON` for a signature under one's own imports.
pub async fn end(
    core: &Core,
    actor: &Actor,
    scope: &OrgScope,
    id: Uuid,
    check: impl Fn(i32) -> Result<(), Problem>,
    (decision, remark): (Decision, &str),
) -> Result<(Sheet, Frozen), Problem> {
    let (to, action) = decision.target();
    core.db
        .write(async |tx| {
            let (found, frozen) = get(tx, scope, id).await?;
            check(found.version)?;
            if !found.state.may_become(to) {
                return Err(Problem::new(Code::InvalidState));
            }
            if to == State::Signed {
                may_sign(tx, actor, &found, &frozen).await?;
            }
            let row = sheet::table.find(id).filter(sheet::version.eq(found.version));
            let changed = diesel::update(row)
                .set((
                    sheet::state.eq(to.as_str()),
                    sheet::signed_by.eq(actor.person.filter(|_| to == State::Signed)),
                    sheet::ended_at.eq(core.now()),
                    sheet::remark.eq(remark),
                    sheet::version.eq(sheet::version + 1),
                ))
                .execute(tx)
                .await?;
            if changed == 0 {
                return Err(Problem::new(Code::Stale));
            }
            let object = ("import_reconciliation", Some(id));
            let event = actor.event(core.id(), core.now(), Some(&found.path), action, object);
            audit::append(tx, &event.changes(json!({"state": to})).reason(remark)).await?;
            get(tx, scope, id).await
        })
        .await
}

async fn may_sign(conn: &mut Conn, actor: &Actor, found: &Sheet, frozen: &Frozen) -> Result<(), Problem> {
    if actor.person.is_none_or(|person| frozen.committers().contains(&person)) {
        return Err(Problem::new(Code::NotAnotherPerson));
    }
    let refused = |detail: &'static str| Err(Problem::new(Code::InvalidState).with_detail(detail));
    let subtree = OrgScope::subtree(&found.path);
    let moving = import::table
        .inner_join(orgs::table.on(orgs::id.eq(import::org_id)))
        .filter(import::kind.eq(found.kind.as_str()))
        .filter(orgs::path.ge(subtree.start()).and(orgs::path.lt(subtree.end())))
        .filter(import::state.eq_any([Import::Committing.as_str(), Import::Reverting.as_str()]));
    if diesel::select(diesel::dsl::exists(moving)).get_result(conn).await? {
        return refused("有导入正在写入或撤回，请待其完成后重新出单。");
    }
    match found.stale {
        true => refused("出单后导入已有变动，请重新出单。"),
        false => Ok(()),
    }
}
