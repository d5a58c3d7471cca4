//! Files of unions 工会清单: judged and written as a whole, in the order of the file, because a row may hang
//! under one further up. A union is found again by its credit code or by name under the same parent; a file
//! neither moves a union nor makes a federation or a holding pool, which stand in the seed.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;
use diesel::sql_types::{self, Array, Date, Nullable, Text, Timestamptz};
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use unionhall_kernel::text::nfc_trimmed;
use unionhall_kernel::{OrgName, Problem, Uscc, codes, division};
use unionhall_storage::tasks::Leased;
use unionhall_storage::{Conn, Core};
use uuid::Uuid;

use super::apply::BEFORE;
use super::cell::{self, Cell};
use super::column::{Columns, Meaning};
use super::draft::union_word;
use super::read::Rows;
use super::reason::{
    DIVISION_UNKNOWN, DUPLICATE_IN_FILE, NAME_REQUIRED, NEEDS_REVIEW, ROW_SHAPE, Reason, UNION_AMBIGUOUS,
    UNION_TYPE, UNION_UNKNOWN,
};
use super::run::{self, Walked, number};
use super::store::{self, Applied, Kept, Outcome};
use super::{Counts, Failure, Import, MAX_UNION_ROWS, State, Stop};
use crate::org::{self, Org, POOL};
use crate::schema::org as orgs;

/// A row in its normal form.
#[derive(Debug, Clone)]
struct Draft {
    name: OrgName,
    parent: Option<String>,
    org_type: Option<&'static str>,
    division: Option<&'static str>,
    uscc: Option<Uscc>,
}

/// Where a new union hangs.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Parent {
    Known(Uuid),
    Row(usize),
}

#[derive(Debug)]
enum Effect {
    New(Parent),
    Update(Box<Org>),
    Same(Uuid),
}

type Verdict = Result<(Draft, Effect), Reason>;

/// What was before a row changed it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Before {
    pub name: String,
    pub org_type: String,
    pub division_code: String,
    pub uscc: Option<String>,
    /// The version the row left behind.
    pub version: i32,
}

fn read(columns: &Columns, cells: &[Cell]) -> Result<Draft, Reason> {
    let cell = |meaning| columns.cell(cells, meaning).filter(|cell| !cell.is_blank());
    if columns.is_exceeded(cells) {
        return Err(ROW_SHAPE);
    }
    let name = cell(Meaning::OrgName).ok_or(NAME_REQUIRED)?;
    let name = OrgName::parse(name.text()).map_err(|invalid| invalid.code)?;
    let parent = cell(Meaning::Parent).map(|parent| union_word(parent.text()));
    let org_type = cell(Meaning::OrgType).map(|told| org_type(told.text()).ok_or(UNION_TYPE)).transpose()?;
    let division =
        cell(Meaning::Division).map(|told| place(told.text()).ok_or(DIVISION_UNKNOWN)).transpose()?;
    let uscc = cell(Meaning::Uscc).map(|told| Uscc::parse(told.text())).transpose();
    let uscc = uscc.map_err(|invalid| invalid.code)?;
    Ok(Draft { name, parent, org_type, division, uscc })
}

/// A type that a file may give: its code, its name, or the name without what stands in brackets.
fn org_type(told: &str) -> Option<&'static str> {
    let told = nfc_trimmed(told);
    let told = told.split(['(', '（']).next().unwrap_or_default();
    let plain = |name: &'static str| name.split('(').next().unwrap_or_default();
    let rows = codes::table("union_org_type")?;
    let found = rows.iter().find(|row| row.code == told || row.name == told || plain(row.name) == told)?;
    (found.code != POOL && !org::is_federation(found.code)).then_some(found.code)
}

fn place(told: &str) -> Option<&'static str> {
    let told = nfc_trimmed(told);
    if let Some(found) = division::division(&told) {
        return Some(found.code);
    }
    let mut named = division::henan().iter().filter(|division| division.name == told);
    match (named.next(), named.next()) {
        (Some(only), None) => Some(only.code),
        _ => None,
    }
}

/// What the database knows of the unions a file names.
struct Facts {
    by_id: HashMap<Uuid, Org>,
    by_code: HashMap<String, Uuid>,
    by_name: HashMap<String, Vec<Uuid>>,
    /// Of any scope: whether a credit code is taken must be known, by whom need not.
    by_uscc: HashMap<String, (Uuid, bool)>,
}

async fn gather(
    conn: &mut Conn,
    import: &Import,
    drafts: &[Result<Draft, Reason>],
) -> Result<Facts, Problem> {
    let good = || drafts.iter().filter_map(|draft| draft.as_ref().ok());
    let mut words: HashSet<&str> = good().filter_map(|draft| draft.parent.as_deref()).collect();
    words.extend(good().map(|draft| draft.name.as_str()));
    let words: Vec<&str> = words.into_iter().collect();
    let usccs: Vec<&str> = good().filter_map(|draft| draft.uscc.as_ref()).map(Uscc::as_str).collect();
    let scope = import.scope();
    let rows: Vec<Org> = orgs::table
        .filter(orgs::valid_to.is_null())
        .filter(
            orgs::uscc
                .eq_any(&usccs)
                .or(orgs::path.ge(scope.start()).and(orgs::path.lt(scope.end())).and(
                    orgs::code.eq_any(&words).or(orgs::name.eq_any(&words)).or(orgs::id.eq(import.org)),
                )),
        )
        .select(Org::as_select())
        .load(conn)
        .await?;
    let mut facts = Facts {
        by_id: HashMap::new(),
        by_code: HashMap::new(),
        by_name: HashMap::new(),
        by_uscc: HashMap::new(),
    };
    for row in rows {
        let is_own = scope.contains(&row.path);
        if let Some(uscc) = &row.uscc {
            facts.by_uscc.insert(uscc.clone(), (row.id, is_own));
        }
        if is_own {
            facts.by_code.insert(row.code.clone(), row.id);
            facts.by_name.entry(row.name.clone()).or_default().push(row.id);
            facts.by_id.insert(row.id, row);
        }
    }
    Ok(facts)
}

/// Judges all rows in the order of the file.
async fn judge(
    conn: &mut Conn,
    import: &Import,
    columns: &Columns,
    rows: &[Vec<Cell>],
) -> Result<Vec<Verdict>, Problem> {
    let drafts: Vec<_> = rows.iter().map(|cells| read(columns, cells)).collect();
    let facts = gather(conn, import, &drafts).await?;
    // What accepted rows further up will have made: their names, and what no later row may repeat.
    let mut made: HashMap<String, Vec<usize>> = HashMap::new();
    let mut seen_names: HashSet<(Parent, String)> = HashSet::new();
    let mut seen_usccs: HashSet<String> = HashSet::new();
    let mut verdicts = Vec::with_capacity(drafts.len());
    for (at, draft) in drafts.into_iter().enumerate() {
        let verdict = draft.and_then(|draft| {
            let parent = parent(import, &facts, &made, draft.parent.as_deref())?;
            let uscc = draft.uscc.as_ref().map(|uscc| uscc.as_str().to_owned());
            let name = (parent.clone(), draft.name.as_str().to_owned());
            if seen_names.contains(&name) || uscc.as_ref().is_some_and(|uscc| seen_usccs.contains(uscc)) {
                return Err(DUPLICATE_IN_FILE);
            }
            let effect = effect(&facts, &draft, parent)?;
            seen_names.insert(name);
            seen_usccs.extend(uscc);
            if matches!(effect, Effect::New(_)) {
                made.entry(draft.name.as_str().to_owned()).or_default().push(at);
            }
            Ok((draft, effect))
        });
        verdicts.push(verdict);
    }
    Ok(verdicts)
}

fn parent(
    import: &Import,
    facts: &Facts,
    made: &HashMap<String, Vec<usize>>,
    word: Option<&str>,
) -> Result<Parent, Reason> {
    let Some(word) = word else {
        return facts
            .by_id
            .contains_key(&import.org)
            .then_some(Parent::Known(import.org))
            .ok_or(UNION_UNKNOWN);
    };
    if let Some(id) = facts.by_code.get(word) {
        return Ok(Parent::Known(*id));
    }
    let known = facts.by_name.get(word).map(Vec::as_slice).unwrap_or_default();
    let new = made.get(word).map(Vec::as_slice).unwrap_or_default();
    match (known, new) {
        ([only], []) => Ok(Parent::Known(*only)),
        ([], [only]) => Ok(Parent::Row(*only)),
        ([], []) => Err(UNION_UNKNOWN),
        _ => Err(UNION_AMBIGUOUS),
    }
}

fn effect(facts: &Facts, draft: &Draft, parent: Parent) -> Result<Effect, Reason> {
    let by_uscc = draft.uscc.as_ref().and_then(|uscc| facts.by_uscc.get(uscc.as_str()));
    let of_parent = |org: &&Org| org.parent_id.map(Parent::Known).as_ref() == Some(&parent);
    let present = match by_uscc {
        // Another county's, or hung elsewhere: a file does not move unions.
        Some((_, false)) => return Err(NEEDS_REVIEW),
        Some((id, true)) => Some(facts.by_id.get(id).filter(of_parent).ok_or(NEEDS_REVIEW)?),
        None => {
            let named = facts.by_name.get(draft.name.as_str()).map(Vec::as_slice).unwrap_or_default();
            named.iter().filter_map(|id| facts.by_id.get(id)).find(of_parent)
        }
    };
    let Some(org) = present else {
        let above = match &parent {
            Parent::Known(id) => facts.by_id.get(id).is_some_and(|above| above.org_type == POOL),
            Parent::Row(_) => false,
        };
        return if above { Err(NEEDS_REVIEW) } else { Ok(Effect::New(parent)) };
    };
    let told = |told: Option<&str>, present: &str| told.is_none_or(|told| told == present);
    let uscc = draft.uscc.as_ref().map(Uscc::as_str);
    let is_same = org.name == draft.name.as_str()
        && told(draft.org_type, &org.org_type)
        && told(draft.division, &org.division_code)
        && (uscc.is_none() || uscc == org.uscc.as_deref());
    if is_same {
        return Ok(Effect::Same(org.id));
    }
    let takes_another_code = uscc.is_some() && org.uscc.is_some() && uscc != org.uscc.as_deref();
    if takes_another_code || org.is_county_or_above() || org.org_type == POOL {
        return Err(NEEDS_REVIEW);
    }
    Ok(Effect::Update(Box::new(org.clone())))
}

fn outcome(verdict: &Verdict) -> Outcome {
    match verdict {
        Err(_) => Outcome::Rejected,
        Ok((_, Effect::New(_))) => Outcome::New,
        Ok((_, Effect::Update(_))) => Outcome::Update,
        Ok((_, Effect::Same(_))) => Outcome::Same,
    }
}

fn count(verdicts: &[Verdict]) -> Counts {
    let mut counts =
        Counts { total: number(verdicts.len()), done: number(verdicts.len()), ..Counts::default() };
    for verdict in verdicts {
        counts.updated += i32::from(outcome(verdict) == Outcome::Update);
        match verdict {
            Ok(_) => counts.accepted += 1,
            Err(code) => {
                counts.rejected += 1;
                *counts.by_reason.entry((*code).to_owned()).or_default() += 1;
            }
        }
    }
    counts
}

/// Validates a whole file.
///
/// # Errors
/// The file's fault, or ours.
pub(super) async fn validate(
    core: &Core,
    import: &Import,
    columns: &Columns,
    mut source: Rows,
    leased: Option<&Leased>,
) -> Result<Walked, Stop> {
    let mut rows = Vec::new();
    while let Some(row) = source.next().await? {
        rows.push(row);
        if rows.len() > MAX_UNION_ROWS {
            let detail = format!("工会清单不超过{MAX_UNION_ROWS}行，请分批上传。");
            return Err(Stop::File(Failure::new("TOO_MANY_ROWS", detail)));
        }
    }
    if rows.is_empty() {
        return Err(Stop::File(Failure::new("NO_ROWS", "文件只有表头，没有数据行。")));
    }
    core.db
        .write(async |tx| {
            let Some(held) = run::hold(tx, import.id, State::Validating, 0).await? else { return Ok(()) };
            run::still_here(core, tx, leased).await?;
            store::set_header(tx, held.id, columns).await?;
            let verdicts = judge(tx, &held, columns, &rows).await?;
            let now = core.now();
            let mut kept = Vec::with_capacity(rows.len());
            for (at, (cells, verdict)) in rows.iter().zip(&verdicts).enumerate() {
                let id = core.ids.id(now);
                let org = match verdict {
                    Ok((_, Effect::Update(org))) => Some(org.id),
                    Ok((_, Effect::Same(org))) => Some(*org),
                    _ => None,
                };
                kept.push(Kept {
                    row_no: number(at + 1),
                    id,
                    cells: cell::seal(&core.sealer, id, cells)?,
                    document: None,
                    outcome: outcome(verdict),
                    code: verdict.as_ref().err().copied(),
                    flags: Vec::new(),
                    org,
                    person: None,
                });
            }
            store::insert(tx, held.id, &kept).await?;
            store::set_counts(tx, held.id, &count(&verdicts)).await?;
            run::finish(tx, held.id).await
        })
        .await?;
    Ok(Walked::Done)
}

/// Writes all accepted rows in one transaction.
///
/// # Errors
/// The unique index `org_uscc` when somebody was faster: the file is then judged again.
pub(super) async fn write(core: &Core, conn: &mut Conn, import: Import) -> Result<Walked, Problem> {
    let columns = Columns::read(import.kind, import.header.clone().unwrap_or_default());
    let stored = store::after(conn, import.id, 0, false, MAX_UNION_ROWS).await?;
    let rows: Vec<Vec<Cell>> =
        stored.iter().map(|row| cell::open(&core.sealer, row.id, &row.cells)).collect::<Result<_, _>>()?;
    let verdicts = judge(conn, &import, &columns, &rows).await?;
    let parents = parents(conn, &verdicts).await?;
    let now = core.now();
    let mut made: HashMap<usize, Made<'_>> = HashMap::new();
    let mut applied = Vec::with_capacity(stored.len());
    for (at, (row, verdict)) in stored.iter().zip(&verdicts).enumerate() {
        let mut done = Applied {
            id: row.id,
            outcome: outcome(verdict),
            code: verdict.as_ref().err().copied(),
            org: None,
            person: None,
            created: None,
            membership: None,
            before: None,
        };
        match verdict {
            Ok((draft, Effect::New(parent))) => {
                let above = match parent {
                    Parent::Known(id) => {
                        parents.get(id).map(|p| (p.id, p.path.clone(), p.division_code.clone()))
                    }
                    Parent::Row(at) => made.get(at).map(|m| (m.id, m.path.clone(), m.division.clone())),
                };
                let (parent, path, division) =
                    above.ok_or_else(|| Problem::internal("a union without its parent"))?;
                let code = org::new_code(core.ids.as_ref());
                let new = Made {
                    id: core.ids.id(now),
                    path: org::path_under(Some(&path), &code),
                    code,
                    parent,
                    division: draft.division.map_or(division, str::to_owned),
                    draft,
                };
                (done.created, done.org) = (Some(new.id), Some(new.id));
                made.insert(at, new);
            }
            Ok((draft, Effect::Update(org))) => {
                done.org = Some(org.id);
                done.before = Some(update(core, conn, row.id, org, draft).await?);
            }
            Ok((_, Effect::Same(org))) => done.org = Some(*org),
            Err(_) => {}
        }
        applied.push(done);
    }
    insert(core, conn, &made).await?;
    store::set_applied(conn, &applied, now).await?;
    let mut counts = count(&verdicts);
    // The rows rejected before are not judged again; they stay rejected for their own reasons.
    counts.total = import.counts.total;
    counts.done = import.counts.total;
    counts.rejected += import.counts.rejected;
    for (code, n) in &import.counts.by_reason {
        *counts.by_reason.entry(code.clone()).or_default() += n;
    }
    store::set_counts(conn, import.id, &counts).await?;
    store::set_state(conn, import.id, State::Committed).await?;
    Ok(Walked::Done)
}

/// A union that a row makes.
struct Made<'a> {
    id: Uuid,
    code: String,
    parent: Uuid,
    path: String,
    division: String,
    draft: &'a Draft,
}

async fn parents(conn: &mut Conn, verdicts: &[Verdict]) -> Result<HashMap<Uuid, Org>, Problem> {
    let known = |verdict: &Verdict| match verdict {
        Ok((_, Effect::New(Parent::Known(id)))) => Some(*id),
        _ => None,
    };
    let ids: HashSet<Uuid> = verdicts.iter().filter_map(known).collect();
    let ids: Vec<Uuid> = ids.into_iter().collect();
    let rows: Vec<Org> = orgs::table.filter(orgs::id.eq_any(ids)).select(Org::as_select()).load(conn).await?;
    Ok(rows.into_iter().map(|org| (org.id, org)).collect())
}

async fn insert(core: &Core, conn: &mut Conn, made: &HashMap<usize, Made<'_>>) -> Result<(), Problem> {
    let all: Vec<&Made<'_>> = made.values().collect();
    diesel::sql_query(
        "INSERT INTO org (id, code, parent_id, path, name, org_type, division_code, uscc, valid_from, created_at) \
         SELECT m.*, $9, $10 FROM unnest($1, $2, $3, $4, $5, $6, $7, $8) AS m",
    )
    .bind::<Array<sql_types::Uuid>, _>(all.iter().map(|m| m.id).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(all.iter().map(|m| m.code.as_str()).collect::<Vec<_>>())
    .bind::<Array<sql_types::Uuid>, _>(all.iter().map(|m| m.parent).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(all.iter().map(|m| m.path.as_str()).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(all.iter().map(|m| m.draft.name.as_str()).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(all.iter().map(|m| m.draft.org_type.unwrap_or("1")).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(all.iter().map(|m| m.division.as_str()).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(
        all.iter().map(|m| m.draft.uscc.as_ref().map(Uscc::as_str)).collect::<Vec<_>>(),
    )
    .bind::<Date, _>(core.today())
    .bind::<Timestamptz, _>(core.now())
    .execute(conn)
    .await?;
    Ok(())
}

/// Changes a union; answers what it was before, sealed.
async fn update(
    core: &Core,
    conn: &mut Conn,
    row: Uuid,
    org: &Org,
    draft: &Draft,
) -> Result<Vec<u8>, Problem> {
    let uscc = draft.uscc.as_ref().map(|uscc| uscc.as_str().to_owned()).or_else(|| org.uscc.clone());
    diesel::update(orgs::table.find(org.id))
        .set((
            orgs::name.eq(draft.name.as_str()),
            orgs::org_type.eq(draft.org_type.unwrap_or(&org.org_type)),
            orgs::division_code.eq(draft.division.unwrap_or(&org.division_code)),
            orgs::uscc.eq(uscc),
            orgs::version.eq(orgs::version + 1),
        ))
        .execute(conn)
        .await?;
    let before = Before {
        name: org.name.clone(),
        org_type: org.org_type.clone(),
        division_code: org.division_code.clone(),
        uscc: org.uscc.clone(),
        version: org.version + 1,
    };
    core.sealer.seal(BEFORE, row, &serde_json::to_vec(&before)?)
}
