//! What the rows of an export say, page by page.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use unionhall_kernel::{IdType, Problem, codes, mask};
use unionhall_storage::{Conn, Core};
use unionhall_web::OrgScope;
use uuid::Uuid;

use super::{Export, Kind, PAGE};
use crate::member::{self, Filter, Member};
use crate::membership::State;
use crate::org;
use crate::schema::{member_standing, org as orgs};

/// The titles: what an import of the same kind knows, and last what the row comes from.
pub(super) const fn titles(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Members => {
            &["姓名", "证件类型", "证件号码", "手机", "所属工会", "会籍状态", "实名等级", "导出标记"]
        }
        Kind::Unions => {
            &["工会名称", "工会代码", "类型", "所在区划", "统一社会信用代码", "成立日期", "导出标记"]
        }
    }
}

/// Where a page ended.
#[derive(Debug, Clone)]
pub(super) enum Key {
    Member(String, Uuid),
    Union(String),
}

/// A page of rows.
pub(super) struct Rows {
    /// The cells, without the last column.
    pub(super) cells: Vec<Vec<String>>,
    /// Whom they show in full.
    pub(super) shown: Vec<Uuid>,
    /// Where the next page goes on; `None` after the last.
    pub(super) next: Option<Key>,
}

fn states(of: &Export) -> Result<Vec<State>, Problem> {
    match of.states.as_slice() {
        [] => Ok(State::ALL.iter().copied().filter(|state| *state != State::Ended).collect()),
        some => some.iter().map(|word| State::parse(word)).collect(),
    }
}

/// How many rows there are, counted up to `most` and one more.
pub(super) async fn count(conn: &mut Conn, of: &Export, most: i64) -> Result<i64, Problem> {
    let scope = OrgScope::subtree(&of.path);
    let rows: Vec<Uuid> = match of.kind()? {
        Kind::Members => {
            let words: Vec<&str> = states(of)?.iter().map(|state| state.as_str()).collect();
            member_standing::table
                .filter(member_standing::path.ge(scope.start()).and(member_standing::path.lt(scope.end())))
                .filter(member_standing::state.eq_any(words))
                .limit(most + 1)
                .select(member_standing::membership_id)
                .load(conn)
                .await?
        }
        Kind::Unions => {
            orgs::table
                .filter(orgs::path.ge(scope.start()).and(orgs::path.lt(scope.end())))
                .filter(orgs::valid_to.is_null())
                .limit(most + 1)
                .select(orgs::id)
                .load(conn)
                .await?
        }
    };
    Ok(i64::try_from(rows.len())?)
}

/// The page after `key`.
pub(super) async fn page(
    core: &Core,
    conn: &mut Conn,
    of: &Export,
    key: Option<&Key>,
) -> Result<Rows, Problem> {
    let scope = OrgScope::subtree(&of.path);
    match (of.kind()?, key) {
        (Kind::Members, key) => {
            let after = match key {
                Some(Key::Member(path, id)) => Some((path.clone(), *id)),
                _ => None,
            };
            let filter = Filter { states: states(of)?, name: None };
            let page = member::list(core, conn, &scope, &filter, after.as_ref(), PAGE).await?;
            let last = page.items.last().map(|m| Key::Member(m.path.clone(), m.membership));
            let shown = page.items.iter().filter(|_| of.is_full).map(|m| m.person).collect();
            let cells = page.items.into_iter().map(|m| of_member(m, of.is_full)).collect();
            Ok(Rows { cells, shown, next: last.filter(|_| page.more) })
        }
        (Kind::Unions, key) => {
            let after = match key {
                Some(Key::Union(path)) => Some(path.as_str()),
                _ => None,
            };
            let page = org::list(conn, &scope, &org::Filter::default(), after, PAGE).await?;
            let last = page.items.last().map(|union| Key::Union(union.path.clone()));
            let cells = page.items.into_iter().map(of_union).collect();
            Ok(Rows { cells, shown: Vec::new(), next: last.filter(|_| page.more) })
        }
    }
}

fn of_member(member: Member, is_full: bool) -> Vec<String> {
    let Member { name, id_type, id_number, mobile, union_name, state, level, .. } = member;
    let mobile = mobile.map(|m| if is_full { m.national().to_owned() } else { m.masked() });
    vec![
        if is_full { name } else { mask::name(&name) },
        id_type_text(id_type).to_owned(),
        if is_full { id_number } else { mask::document_number(&id_number) },
        mobile.unwrap_or_default(),
        union_name,
        state.text().to_owned(),
        level.to_string(),
    ]
}

fn of_union(union: org::Org) -> Vec<String> {
    let kind = codes::lookup("union_org_type", &union.org_type).map_or("", |row| row.name);
    vec![
        union.name,
        union.code,
        kind.to_owned(),
        union.division_code,
        union.uscc.unwrap_or_default(),
        union.valid_from.to_string(),
    ]
}

const fn id_type_text(kind: IdType) -> &'static str {
    match kind {
        IdType::CitizenId => "居民身份证",
        IdType::HmtResidencePermit => "港澳台居民居住证",
        IdType::ForeignPermanentResidentCard => "外国人永久居留身份证",
        IdType::HkMacauTravelPermit => "港澳居民来往内地通行证",
        IdType::TaiwanTravelPermit => "台湾居民来往大陆通行证",
        IdType::Passport => "护照",
    }
}
