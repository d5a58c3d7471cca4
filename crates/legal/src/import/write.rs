//! Writes what the rows of a file of lawyers say, by the same functions as an entry by hand, audit rows included.

use std::collections::HashMap;

use unionhall_kernel::Problem;
use unionhall_registry::import::room::{Batch, Written};
use unionhall_registry::org;
use unionhall_storage::{Conn, Core, tasks};
use unionhall_web::Actor;
use uuid::Uuid;

use super::judge::{self, OfLawyer, Ruling};
use super::{Before, Did, INVITE, Invite, Memo};
use crate::firm::{self, Firm};
use crate::lawyer::{self, NewLawyer};
use crate::wall;

/// Judges the file again and writes its accepted rows.
///
/// # Errors
/// `ALREADY_EXISTS` when somebody entered one of the lawyers or firms since it was judged.
pub(super) async fn write(core: &Core, conn: &mut Conn, batch: Batch<'_>) -> Result<Vec<Written>, Problem> {
    let judged = judge::judge(core, conn, batch).await?;
    let scope = batch.import.scope();
    let mut entered: HashMap<String, Firm> = HashMap::new();
    let mut written = Vec::with_capacity(judged.rows.len());
    for row in &judged.rows {
        let verdict = judge::verdict(row, judged.home.as_ref());
        let (Ok(ruling), Some(home)) = (row, &judged.home) else {
            written.push(Written { verdict, created: None, memo: None });
            continue;
        };
        let known = ruling.firm.clone().or_else(|| entered.get(&ruling.draft.firm.licence_no).cloned());
        let (of, made) = match known {
            Some(firm) => (firm, None),
            None => {
                let by = (&Actor::task(), &scope);
                let firm = firm::create(core, conn, by, home.id, &ruling.draft.firm).await?;
                entered.insert(firm.licence_no.clone(), firm.clone());
                let made = (firm.id, firm.version);
                (firm, Some(made))
            }
        };
        let (lawyer, did) = of_lawyer(core, conn, &of, ruling).await?;
        let created = matches!(did, Did::Made(_)).then_some(lawyer);
        let memo = serde_json::to_value(Memo { firm: made, lawyer, did })?;
        written.push(Written { verdict, created, memo: Some(memo) });
    }
    // New lawyers and their firms may stand behind the wall.
    wall::take_back(core, conn, &Actor::task()).await?;
    Ok(written)
}

async fn of_lawyer(
    core: &Core,
    conn: &mut Conn,
    firm: &Firm,
    ruling: &Ruling,
) -> Result<(Uuid, Did), Problem> {
    let draft = &ruling.draft;
    Ok(match &ruling.lawyer {
        OfLawyer::Same(known) => (known.id, Did::Nothing),
        OfLawyer::Change(known) => {
            let terms = judge::terms(draft, firm.id, Some(known));
            let changed = lawyer::change(core, conn, &Actor::task(), known, (firm, &terms)).await?;
            (known.id, Did::Changed(changed.version, Before::from(known.as_ref())))
        }
        OfLawyer::New => {
            let new = NewLawyer {
                name: draft.name.clone(),
                document: draft.document.clone(),
                mobile: draft.mobile.clone(),
                username: draft.username.clone(),
                terms: judge::terms(draft, firm.id, None),
            };
            let made = lawyer::create(core, conn, &Actor::task(), firm, &new).await?;
            let union = org::name_of(conn, firm.org_id).await?;
            let to = Invite { account_id: made.account_id, union, username: new.username };
            tasks::enqueue(conn, core.id(), core.now(), INVITE, None, &to).await?;
            (made.id, Did::Made(made.version))
        }
    })
}
