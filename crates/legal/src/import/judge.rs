//! Judges a file of lawyers against the database, as a whole and in its order.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use unionhall_identity::{account, person};
use unionhall_kernel::{PersonName, Problem};
use unionhall_registry::import::reason::{
    ACCOUNT_TAKEN, DUPLICATE_IN_FILE, FIRM_DIFFERS, NAME_DIFFERS, NEEDS_REVIEW, Reason, UNION_UNKNOWN,
};
use unionhall_registry::import::room::{Batch, Verdict};
use unionhall_registry::import::rows::Outcome;
use unionhall_registry::import::unions::{self, Place};
use unionhall_storage::{Conn, Core};
use unionhall_web::{OrgScope, Realm};
use uuid::Uuid;

use super::draft::{self, Draft};
use crate::firm::Firm;
use crate::lawyer::{Lawyer, LawyerTerms};
use crate::names;
use crate::schema::{legal_firm as firms, legal_lawyer as lawyers};

/// A file, judged.
pub(super) struct Judged {
    /// The union its firms are entered under; none when it is out of the importer's reach by now.
    pub home: Option<Place>,
    pub rows: Vec<Result<Ruling, Reason>>,
}

/// An accepted row.
pub(super) struct Ruling {
    pub draft: Draft,
    /// Whom it is about, where known.
    pub person: Option<Uuid>,
    /// The firm, unless a row enters it.
    pub firm: Option<Firm>,
    pub lawyer: OfLawyer,
}

/// What a row does to its lawyer.
pub(super) enum OfLawyer {
    New,
    Change(Box<Lawyer>),
    Same(Box<Lawyer>),
}

/// The verdict as imports keep it.
pub(super) fn verdict(row: &Result<Ruling, Reason>, home: Option<&Place>) -> Verdict {
    let outcome = |ruling: &Ruling| match ruling.lawyer {
        OfLawyer::New => Outcome::New,
        OfLawyer::Change(_) => Outcome::Update,
        OfLawyer::Same(_) => Outcome::Same,
    };
    let accepted = row.as_ref().ok();
    Verdict {
        key: None,
        person: accepted.and_then(|ruling| ruling.person),
        org: accepted.and(home).map(|home| home.id),
        flags: accepted.map(|ruling| ruling.draft.flags.clone()).unwrap_or_default(),
        ruling: row.as_ref().map(outcome).map_err(|code| *code),
    }
}

/// What the file says of a lawyer who is known: an introduction that it leaves out stays.
pub(super) fn terms(draft: &Draft, firm: Uuid, known: Option<&Lawyer>) -> LawyerTerms {
    let stays = || known.map(|lawyer| lawyer.intro.clone()).unwrap_or_default();
    LawyerTerms {
        firm,
        practice_no: draft.practice_no.clone(),
        licence_until: draft.licence_until,
        fields: draft.fields.clone(),
        division: draft.division.clone(),
        intro: draft.intro.clone().unwrap_or_else(stays),
    }
}

struct Facts {
    scope: OrgScope,
    firms: HashMap<String, Firm>,
    lawyers: HashMap<String, Lawyer>,
}

async fn gather(
    conn: &mut Conn,
    batch: Batch<'_>,
    drafts: &[Result<Draft, Reason>],
) -> Result<Facts, Problem> {
    let good = || drafts.iter().filter_map(|draft| draft.as_ref().ok());
    let licences: Vec<&str> = good().map(|draft| draft.firm.licence_no.as_str()).collect();
    let practices: Vec<&str> = good().map(|draft| draft.practice_no.as_str()).collect();
    // Of any union: whether a number is taken must be known, by whom need not. Locked, so that of two files each sees what the other
    // wrote.
    let found: Vec<Firm> = firms::table
        .filter(firms::licence_no.eq_any(licences))
        .order(firms::id)
        .select(Firm::as_select())
        .for_update()
        .load(conn)
        .await?;
    let firms = found.into_iter().map(|firm| (firm.licence_no.clone(), firm)).collect();
    let found: Vec<Lawyer> = lawyers::table
        .filter(lawyers::practice_no.eq_any(practices))
        .order(lawyers::id)
        .select(Lawyer::as_select())
        .for_update()
        .load(conn)
        .await?;
    let lawyers = found.into_iter().map(|lawyer| (lawyer.practice_no.clone(), lawyer)).collect();
    Ok(Facts { scope: batch.import.scope(), firms, lawyers })
}

/// Judges the rows of a file.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub(super) async fn judge(core: &Core, conn: &mut Conn, batch: Batch<'_>) -> Result<Judged, Problem> {
    let read = |cells: &Vec<_>| draft::read(batch.columns, cells, core.today());
    let drafts: Vec<_> = batch.rows.iter().map(read).collect();
    let home = unions::known(conn, batch.import, HashSet::new()).await?.default();
    let facts = gather(conn, batch, &drafts).await?;
    // What rows above said: who they are about in any way, and what the firms they enter are called.
    let (mut seen, mut entered) = (HashSet::new(), HashMap::new());
    let mut rows = Vec::with_capacity(drafts.len());
    for draft in drafts {
        let row = match draft {
            Err(code) => Err(code),
            Ok(_) if home.is_none() => Err(UNION_UNKNOWN),
            Ok(draft) => {
                let marks = [
                    format!("practice {}", draft.practice_no),
                    format!("document {}", draft.document.as_str()),
                    format!("mobile {}", draft.mobile.e164()),
                    format!("username {}", draft.username.to_lowercase()),
                ];
                if marks.iter().any(|mark| seen.contains(mark)) {
                    Err(DUPLICATE_IN_FILE)
                } else {
                    let ruling = rule(core, conn, &facts, &entered, draft).await?;
                    if let Ok(ruling) = &ruling {
                        seen.extend(marks);
                        let FirmName { licence, name } = FirmName::of(&ruling.draft);
                        entered.entry(licence).or_insert(name);
                    }
                    ruling
                }
            }
        };
        rows.push(row);
    }
    Ok(Judged { home, rows })
}

struct FirmName {
    licence: String,
    name: String,
}

impl FirmName {
    fn of(draft: &Draft) -> Self {
        Self { licence: draft.firm.licence_no.clone(), name: draft.firm.name.clone() }
    }
}

fn is_one(one: &str, other: &str) -> bool {
    let keys = names::organisation(one);
    names::organisation(other).iter().any(|key| keys.contains(key))
}

async fn rule(
    core: &Core,
    conn: &mut Conn,
    facts: &Facts,
    entered: &HashMap<String, String>,
    draft: Draft,
) -> Result<Result<Ruling, Reason>, Problem> {
    let firm = facts.firms.get(&draft.firm.licence_no).cloned();
    if firm.as_ref().is_some_and(|firm| !facts.scope.contains(&firm.path)) {
        return Ok(Err(NEEDS_REVIEW));
    }
    let called = firm.as_ref().map(|firm| &firm.name).or_else(|| entered.get(&draft.firm.licence_no));
    if called.is_some_and(|name| !is_one(name, &draft.firm.name)) {
        return Ok(Err(FIRM_DIFFERS));
    }
    let index = person::document_index(&core.sealer, &draft.document);
    let holder = person::holder(conn, &index).await?;
    if let Some((_, held)) = &holder
        && PersonName::parse(held).ok().as_ref() != Some(&draft.name)
    {
        return Ok(Err(NAME_DIFFERS));
    }
    let person = holder.map(|(person, _)| person);
    let lawyer = match facts.lawyers.get(&draft.practice_no) {
        Some(known) if Some(known.person_id) != person || !facts.scope.contains(&known.path) => {
            return Ok(Err(NEEDS_REVIEW));
        }
        Some(known) => {
            let LawyerTerms { firm: _, practice_no: _, licence_until, fields, division, intro } =
                terms(&draft, known.firm_id, Some(known));
            let same = firm.as_ref().is_some_and(|firm| firm.id == known.firm_id)
                && known.licence_until == licence_until
                && known.fields() == fields
                && known.division == division
                && known.intro == intro;
            let known = Box::new(known.clone());
            if same { OfLawyer::Same(known) } else { OfLawyer::Change(known) }
        }
        None => match taken(core, conn, person, &draft).await? {
            Some(code) => return Ok(Err(code)),
            None => OfLawyer::New,
        },
    };
    Ok(Ok(Ruling { draft, person, firm, lawyer }))
}

// Why somebody who is new by their practice number cannot be entered.
async fn taken(
    core: &Core,
    conn: &mut Conn,
    person: Option<Uuid>,
    draft: &Draft,
) -> Result<Option<Reason>, Problem> {
    if let Some(person) = person {
        let theirs = lawyers::table.filter(lawyers::person_id.eq(person)).count();
        if theirs.get_result::<i64>(conn).await? > 0 {
            return Ok(Some(NEEDS_REVIEW));
        }
    }
    let mobile = account::mobile_index(&core.sealer, &draft.mobile);
    let username = account::username_index(&core.sealer, &draft.username);
    let known = account::find_by_mobile(conn, Realm::Lawyer, &mobile).await?.is_some()
        || account::find_by_username(conn, Realm::Lawyer, &username).await?.is_some();
    Ok(known.then_some(ACCOUNT_TAKEN))
}
