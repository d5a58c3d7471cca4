//! Everybody a case is about, whatever kind of case: what the wall is read from.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use unionhall_identity::person;
use unionhall_kernel::Problem;
use unionhall_storage::{Conn, Core};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::engagement::PartyKind;
use crate::names;
use crate::schema::legal_party as rows;

/// As what somebody stands in a question; the wall does not ask. 当事人角色
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PartyRole {
    /// 用人单位
    Employer,
    /// 对方当事人
    Counterpart,
    /// 对方律师
    CounterpartLawyer,
    /// 对方律所
    CounterpartFirm,
}

impl PartyRole {
    /// The word in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Employer => "employer",
            Self::Counterpart => "counterpart",
            Self::CounterpartLawyer => "counterpart_lawyer",
            Self::CounterpartFirm => "counterpart_firm",
        }
    }
}

/// Somebody a question is about.
#[derive(Debug, Clone)]
pub struct NewParty {
    /// As what.
    pub role: PartyRole,
    /// What they are.
    pub kind: PartyKind,
    /// Their name.
    pub name: String,
    /// Their credit code.
    pub uscc: Option<String>,
}

/// Enters the parties of a case: the member, and the others.
pub(crate) async fn enter(
    core: &Core,
    tx: &mut Conn,
    (case, member): (Uuid, Uuid),
    others: &[NewParty],
) -> Result<(), Problem> {
    let name = person::view(&core.sealer, tx, member).await?.name;
    let own = ("member", PartyKind::Person, name, None);
    let others = others.iter().map(|p| (p.role.as_str(), p.kind, p.name.clone(), p.uscc.clone()));
    for (role, kind, name, uscc) in std::iter::once(own).chain(others) {
        diesel::insert_into(rows::table)
            .values((
                rows::id.eq(core.id()),
                rows::case_id.eq(case),
                rows::role.eq(role),
                rows::kind.eq(kind.as_str()),
                rows::name_keys.eq(kind.keys(&name)),
                rows::keys_version.eq(names::VERSION),
                rows::name.eq(name),
                rows::uscc.eq(uscc),
            ))
            .execute(tx)
            .await?;
    }
    Ok(())
}

/// A party as it stands in a case.
#[derive(Debug, Clone, Queryable)]
pub struct Party {
    /// As what.
    pub role: String,
    /// What they are.
    pub kind: String,
    /// Their name.
    pub name: String,
    /// Their credit code.
    pub uscc: Option<String>,
}

/// The parties of a case beside the member, in the order they were entered; the caller has judged that they may be read.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn others(conn: &mut Conn, case: Uuid) -> Result<Vec<Party>, Problem> {
    let of = rows::table.filter(rows::case_id.eq(case).and(rows::role.ne("member"))).order(rows::id);
    Ok(of.select((rows::role, rows::kind, rows::name, rows::uscc)).load(conn).await?)
}

/// Copies the parties of one case to another that came from it.
pub(crate) async fn inherit(core: &Core, tx: &mut Conn, (from, to): (Uuid, Uuid)) -> Result<(), Problem> {
    type Row = (String, String, String, Vec<String>, i32, Option<String>);
    let of = rows::table.filter(rows::case_id.eq(from).and(rows::role.ne("member"))).order(rows::id);
    let found: Vec<Row> = of
        .select((rows::role, rows::kind, rows::name, rows::name_keys, rows::keys_version, rows::uscc))
        .load(tx)
        .await?;
    for (role, kind, name, keys, version, uscc) in found {
        diesel::insert_into(rows::table)
            .values((
                rows::id.eq(core.id()),
                rows::case_id.eq(to),
                rows::role.eq(role),
                rows::kind.eq(kind),
                rows::name.eq(name),
                rows::name_keys.eq(keys),
                rows::keys_version.eq(version),
                rows::uscc.eq(uscc),
            ))
            .execute(tx)
            .await?;
    }
    Ok(())
}
