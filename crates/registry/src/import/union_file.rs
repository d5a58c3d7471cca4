//! Files of unions 工会清单: judged and written as a whole, in the order of the file, because a row may hang
//! under one further up. A union is found again by its credit code or by name under the same parent; a file
//! neither moves a union nor makes a federation or a holding pool, which stand in the seed.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use unionhall_kernel::text::nfc_trimmed;
use unionhall_kernel::{OrgName, Problem, Uscc, codes, division};
use unionhall_storage::Conn;
use uuid::Uuid;

use super::cell::Cell;
use super::column::{Columns, Meaning};
use super::draft::union_word;
use super::reason::{
    DIVISION_UNKNOWN, DUPLICATE_IN_FILE, NAME_REQUIRED, NEEDS_REVIEW, ROW_SHAPE, Reason, UNION_AMBIGUOUS,
    UNION_TYPE, UNION_UNKNOWN,
};
use super::rows::Outcome;
use super::run::number;
use super::{Counts, Import};
use crate::org::{self, Org, POOL};
use crate::schema::org as orgs;

/// A row in its normal form.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub name: OrgName,
    pub parent: Option<String>,
    pub org_type: Option<&'static str>,
    pub division: Option<&'static str>,
    pub uscc: Option<Uscc>,
}

/// Where a new union hangs.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Parent {
    /// Under one that exists.
    Known(Uuid),
    /// Under the one that an accepted row further up makes.
    Row(usize),
}

/// What an accepted row does.
#[derive(Debug)]
pub(super) enum Effect {
    New(Parent),
    Update(Box<Org>),
    Same(Uuid),
}

pub(super) type Verdict = Result<(Draft, Effect), Reason>;

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

/// A division by its code, or by a name that only one of the province has.
pub fn place(told: &str) -> Option<&'static str> {
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
pub(super) async fn judge(
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

pub(super) fn outcome(verdict: &Verdict) -> Outcome {
    match verdict {
        Err(_) => Outcome::Rejected,
        Ok((_, Effect::New(_))) => Outcome::New,
        Ok((_, Effect::Update(_))) => Outcome::Update,
        Ok((_, Effect::Same(_))) => Outcome::Same,
    }
}

pub(super) fn count(verdicts: &[Verdict]) -> Counts {
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
