//! Writes what the rows of a file of merchants say, by the same functions as an entry by hand, audit rows included.

use std::collections::HashMap;

use unionhall_kernel::Problem;
use unionhall_registry::import::room::{Batch, Written};
use unionhall_storage::{Conn, Core};
use unionhall_web::Actor;
use uuid::Uuid;

use super::judge::{self, OfBranch, OfMerchant, Purpose, Ruling};
use super::{Before, Did, Memo};
use crate::branch::{self, BranchDetails};
use crate::merchant::{self, Home, Merchant};

/// Judges the file again and writes its accepted rows.
///
/// # Errors
/// `ALREADY_EXISTS` when somebody entered one of the merchants since it was judged.
pub(super) async fn write(core: &Core, conn: &mut Conn, batch: Batch<'_>) -> Result<Vec<Written>, Problem> {
    let judged = judge::judge(core, conn, batch, Purpose::Commit).await?;
    let mut done: HashMap<usize, Merchant> = HashMap::new();
    let mut written = Vec::with_capacity(judged.rows.len());
    for (at, row) in judged.rows.iter().enumerate() {
        let verdict = judge::verdict(row, judged.home.as_ref());
        let (Ok(ruling), Some(home)) = (row, &judged.home) else {
            written.push(Written { verdict, created: None, memo: None });
            continue;
        };
        let home = Home { org: home.id, path: &home.path, licence: None };
        let (of, merchant_did) = of_merchant(core, conn, &home, ruling, &done).await?;
        let branch = of_branch(core, conn, &of, ruling).await?;
        let created = match (&branch, &merchant_did) {
            (Some((id, Did::Made(_))), _) => Some(*id),
            (_, Did::Made(_)) => Some(of.id),
            _ => None,
        };
        let memo = Memo { merchant: of.id, merchant_did, branch };
        written.push(Written { verdict, created, memo: Some(serde_json::to_value(memo)?) });
        done.insert(at, of);
    }
    Ok(written)
}

async fn of_merchant(
    core: &Core,
    conn: &mut Conn,
    home: &Home<'_>,
    ruling: &Ruling,
    done: &HashMap<usize, Merchant>,
) -> Result<(Merchant, Did<Before>), Problem> {
    let details = &ruling.draft.merchant;
    Ok(match &ruling.merchant {
        OfMerchant::New => {
            let made = merchant::create(core, conn, &Actor::task(), home, details).await?;
            let version = made.version;
            (made, Did::Made(version))
        }
        OfMerchant::Change(before) => {
            let changed = merchant::change(core, conn, &Actor::task(), before, details).await?;
            let version = changed.version;
            (changed, Did::Changed(version, Before::of(core, before)?))
        }
        OfMerchant::Same(present) => (present.as_ref().clone(), Did::Nothing),
        OfMerchant::Above(at) => {
            let of = done.get(at).cloned();
            (of.ok_or_else(|| Problem::internal("a branch without its merchant"))?, Did::Nothing)
        }
    })
}

async fn of_branch(
    core: &Core,
    conn: &mut Conn,
    of: &Merchant,
    ruling: &Ruling,
) -> Result<Option<(Uuid, Did<BranchDetails>)>, Problem> {
    let (Some(told), Some(branch)) = (&ruling.draft.branch, &ruling.branch) else { return Ok(None) };
    Ok(match branch {
        OfBranch::Open => {
            let made = branch::open(core, conn, &Actor::task(), of, told).await?;
            Some((made.id, Did::Made(1)))
        }
        OfBranch::Change(known) => {
            let told = BranchDetails { place: told.place.or(known.details.place), ..told.clone() };
            let read = (known.id, known.version);
            let version = branch::change(core, conn, &Actor::task(), of, read, &told).await?;
            Some((known.id, Did::Changed(version, known.details.clone())))
        }
        OfBranch::Same => None,
    })
}
