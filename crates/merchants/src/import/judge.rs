//! Judges a file of merchants against the database, as a whole and in its order.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use unionhall_kernel::Problem;
use unionhall_registry::import::reason::{
    DUPLICATE_IN_FILE, MERCHANT_DIFFERS, NEEDS_REVIEW, Reason, UNION_UNKNOWN,
};
use unionhall_registry::import::room::{Batch, Verdict};
use unionhall_registry::import::rows::Outcome;
use unionhall_registry::import::unions::{self, Place};
use unionhall_storage::{Conn, Core};
use uuid::Uuid;

use super::draft::{self, Draft};
use crate::branch::BranchDetails;
use crate::merchant::{Details, Merchant, State};
use crate::schema::{merchant, merchant_branch};

/// What judging is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To tell.
    Validate,
    /// To write at once: merchants are locked, so that of two files each sees what the other wrote.
    Commit,
}

/// A file, judged.
pub(super) struct Judged {
    /// The union its merchants are entered under; none when it is out of the importer's reach by now.
    pub home: Option<Place>,
    pub rows: Vec<Result<Ruling, Reason>>,
}

/// An accepted row.
pub(super) struct Ruling {
    pub draft: Draft,
    pub merchant: OfMerchant,
    pub branch: Option<OfBranch>,
}

/// What a row does to its merchant.
pub(super) enum OfMerchant {
    New,
    /// The row at this place did all there is to do.
    Above(usize),
    Change(Box<Merchant>),
    Same(Box<Merchant>),
}

/// What a row does to its branch.
pub(super) enum OfBranch {
    Open,
    Change(Known),
    Same,
}

/// A branch as it stands.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub id: Uuid,
    pub version: i32,
    pub details: BranchDetails,
}

fn outcome(ruling: &Ruling) -> Outcome {
    match (&ruling.merchant, &ruling.branch) {
        (OfMerchant::New, _) | (_, Some(OfBranch::Open)) => Outcome::New,
        (OfMerchant::Change(_), _) | (_, Some(OfBranch::Change(_))) => Outcome::Update,
        _ => Outcome::Same,
    }
}

/// The verdict as imports keep it.
pub(super) fn verdict(row: &Result<Ruling, Reason>, home: Option<&Place>) -> Verdict {
    Verdict {
        key: None,
        person: None,
        org: row.as_ref().ok().and(home).map(|home| home.id),
        flags: Vec::new(),
        ruling: row.as_ref().map(outcome).map_err(|code| *code),
    }
}

struct Facts {
    home: Option<Place>,
    merchants: HashMap<String, Merchant>,
    branches: HashMap<(Uuid, String), Known>,
}

async fn gather(
    conn: &mut Conn,
    batch: Batch<'_>,
    usccs: &[&str],
    purpose: Purpose,
) -> Result<Facts, Problem> {
    let home = unions::known(conn, batch.import, HashSet::new()).await?.default();
    // Of any union: whether a credit code is taken must be known, by whom need not.
    let query = merchant::table
        .filter(merchant::uscc.eq_any(usccs).and(merchant::state.ne(State::Terminated.as_str())))
        .order(merchant::uscc)
        .select(Merchant::as_select());
    let merchants: Vec<Merchant> = match purpose {
        Purpose::Validate => query.load(conn).await?,
        Purpose::Commit => query.for_update().load(conn).await?,
    };
    let ids: Vec<Uuid> = merchants.iter().map(|m| m.id).collect();
    type Row = (Uuid, Uuid, i32, String, String, String, Option<f64>, Option<f64>, Option<String>);
    use merchant_branch as b;
    let rows: Vec<Row> = b::table
        .filter(b::merchant_id.eq_any(ids).and(b::state.eq("OPEN")))
        .order(b::id.desc())
        .select((
            b::id,
            b::merchant_id,
            b::version,
            b::name,
            b::address,
            b::division_code,
            b::lat,
            b::lng,
            b::datum,
        ))
        .load(conn)
        .await?;
    let mut branches = HashMap::new();
    for (id, of, version, name, address, division_code, lat, lng, datum) in rows {
        let datum = datum.as_deref().and_then(super::datum);
        let place = lat.zip(lng).zip(datum).map(|((lat, lng), datum)| (lat, lng, datum));
        let details = BranchDetails { name: name.clone(), address, division_code, place };
        branches.insert((of, name), Known { id, version, details });
    }
    let merchants = merchants.into_iter().map(|m| (m.uscc.clone(), m)).collect();
    Ok(Facts { home, merchants, branches })
}

/// Judges the rows of a file.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub(super) async fn judge(
    core: &Core,
    conn: &mut Conn,
    batch: Batch<'_>,
    purpose: Purpose,
) -> Result<Judged, Problem> {
    let drafts: Vec<_> = batch.rows.iter().map(|cells| draft::read(batch.columns, cells)).collect();
    let usccs: HashSet<&str> =
        drafts.iter().filter_map(|draft| Some(draft.as_ref().ok()?.merchant.uscc.as_str())).collect();
    let usccs: Vec<&str> = usccs.into_iter().collect();
    let facts = gather(conn, batch, &usccs, purpose).await?;
    // The row that first said something of a merchant, and the branches that rows above named.
    let mut above: HashMap<String, (usize, Details)> = HashMap::new();
    let mut seen: HashSet<(String, Option<String>)> = HashSet::new();
    let mut rows = Vec::with_capacity(drafts.len());
    for (at, draft) in drafts.into_iter().enumerate() {
        let row = match draft {
            Err(code) => Err(code),
            Ok(draft) => {
                let name = (draft.merchant.uscc.clone(), draft.branch.as_ref().map(|b| b.name.clone()));
                let ruling = rule(core, &facts, &above, seen.contains(&name), draft)?;
                if let Ok(ruling) = &ruling {
                    above.entry(name.0.clone()).or_insert_with(|| (at, ruling.draft.merchant.clone()));
                    seen.insert(name);
                }
                ruling
            }
        };
        rows.push(row);
    }
    Ok(Judged { home: facts.home, rows })
}

fn rule(
    core: &Core,
    facts: &Facts,
    above: &HashMap<String, (usize, Details)>,
    is_double: bool,
    draft: Draft,
) -> Result<Result<Ruling, Reason>, Problem> {
    let Some(home) = &facts.home else { return Ok(Err(UNION_UNKNOWN)) };
    if is_double {
        return Ok(Err(DUPLICATE_IN_FILE));
    }
    let present = facts.merchants.get(&draft.merchant.uscc);
    let merchant = match (above.get(&draft.merchant.uscc), present) {
        (Some((_, told)), _) if *told != draft.merchant => return Ok(Err(MERCHANT_DIFFERS)),
        (Some((at, _)), _) => OfMerchant::Above(*at),
        (None, None) => OfMerchant::New,
        (None, Some(present)) if present.org_id != home.id => return Ok(Err(NEEDS_REVIEW)),
        (None, Some(present)) if is_same(core, present, &draft.merchant)? => {
            OfMerchant::Same(Box::new(present.clone()))
        }
        (None, Some(present)) => OfMerchant::Change(Box::new(present.clone())),
    };
    let branch = draft.branch.as_ref().map(|told| {
        let known = present.and_then(|present| facts.branches.get(&(present.id, told.name.clone())));
        match known {
            None => OfBranch::Open,
            Some(known) => {
                // What the file does not say stays.
                let place_stays = told.place.is_none() || told.place == known.details.place;
                let is_same = place_stays
                    && told.address == known.details.address
                    && told.division_code == known.details.division_code;
                if is_same { OfBranch::Same } else { OfBranch::Change(known.clone()) }
            }
        }
    });
    Ok(Ok(Ruling { draft, merchant, branch }))
}

fn is_same(core: &Core, present: &Merchant, told: &Details) -> Result<bool, Problem> {
    let Details {
        name,
        uscc,
        category,
        division_code,
        contract_from,
        contract_to,
        contact_name,
        contact_mobile,
    } = told;
    Ok(present.name == *name
        && present.uscc == *uscc
        && present.category == *category
        && present.division_code == *division_code
        && present.contract_from == *contract_from
        && present.contract_to == *contract_to
        && present.contact_name == *contact_name
        && present.contact_mobile(&core.sealer)?.e164() == contact_mobile.e164())
}
