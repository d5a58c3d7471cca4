//! Making the file. Whoever is cut off begins again: nothing of a file is kept before all of it is there.

use std::time::Instant;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::Deserialize;
use serde_json::json;
use unionhall_kernel::{Problem, shanghai_date};
use unionhall_storage::blob::{self, Incoming};
use unionhall_storage::tasks::{self, Leased};
use unionhall_storage::{Core, audit};
use unionhall_web::Actor;
use unionhall_web::actor::EventExt;
use uuid::Uuid;

use super::sheet::Sheet;
use super::store::{self, Export};
use super::{BEAT, FREE_ROWS, KEPT, State, WAITS, content};
use crate::org;
use crate::schema::{export, person_name};

#[derive(Deserialize)]
struct Payload {
    export_id: Uuid,
}

/// The task's body: judges whether the export needs an approval, or makes the file.
pub(super) async fn prepare(core: Core, leased: Leased) -> Result<(), Problem> {
    let Payload { export_id } = serde_json::from_value(leased.payload.clone())?;
    let mut conn = core.db.writer().await?;
    let Some(of) = store::any(&mut conn, export_id).await? else { return Ok(()) };
    if of.state(core.now()) != State::Preparing {
        return Ok(());
    }
    let most = of.format().most_rows(of.is_full);
    let rows = content::count(&mut conn, &of, most).await?;
    drop(conn);
    if rows > most {
        return fail(&core, &of, "TOO_MANY_ROWS").await;
    }
    if of.decided_by.is_none() && (of.is_full || rows > FREE_ROWS) {
        return wait(&core, &of).await;
    }
    let mut blob = Incoming::begin(&core);
    let made = write(&core, &leased, &of, &mut blob).await;
    let kept = match made {
        Ok(Some(made)) => keep(&core, &of, &blob, made).await,
        Ok(None) => Ok(false),
        Err(problem) => Err(problem),
    };
    if !matches!(kept, Ok(true)) {
        blob.discard().await?;
    }
    kept.map(|_| ())
}

// Another person has a week to say something.
async fn wait(core: &Core, of: &Export) -> Result<(), Problem> {
    let mut conn = core.db.writer().await?;
    diesel::update(export::table.find(of.id).filter(export::version.eq(of.version)))
        .set((
            export::state.eq(State::AwaitingApproval.as_str()),
            export::expires_at.eq(core.now() + WAITS),
            export::version.eq(export::version + 1),
        ))
        .execute(&mut conn)
        .await?;
    Ok(())
}

async fn fail(core: &Core, of: &Export, failure: &str) -> Result<(), Problem> {
    let mut conn = core.db.writer().await?;
    diesel::update(export::table.find(of.id).filter(export::version.eq(of.version)))
        .set((
            export::state.eq(State::Failed.as_str()),
            export::failure.eq(failure),
            export::version.eq(export::version + 1),
        ))
        .execute(&mut conn)
        .await?;
    Ok(())
}

// What was written, and whom it shows in full.
struct Made {
    rows: i32,
    size: usize,
    sha256: [u8; 32],
    shown: Vec<Uuid>,
}

// `None` when it was given up meanwhile.
async fn write(
    core: &Core,
    leased: &Leased,
    of: &Export,
    blob: &mut Incoming<'_>,
) -> Result<Option<Made>, Problem> {
    let mut conn = core.db.read().await?;
    let desk = org::name_of(&mut conn, of.desk_id).await?;
    let who: String =
        person_name::table.find(of.requested_by).select(person_name::name).first(&mut conn).await?;
    drop(conn);
    let mark = format!("{} {who} {}", of.number, shanghai_date(of.created_at));
    let kind = of.kind()?;
    let foot = format!("{desk} {mark} 仅限本人使用");
    let mut sheet = Sheet::begin(of.format(), kind.text(), content::titles(kind), &foot)?;
    let (mut key, mut beat) = (None, Instant::now());
    let mut made = Made { rows: 0, size: 0, sha256: [0; 32], shown: Vec::new() };
    loop {
        let rows = content::page(core, &mut *core.db.read().await?, of, key.as_ref()).await?;
        made.rows = made.rows.saturating_add(i32::try_from(rows.cells.len())?);
        made.shown.extend(rows.shown);
        for mut cells in rows.cells {
            cells.push(mark.clone());
            sheet.row(cells)?;
        }
        let piece = sheet.take();
        made.size += piece.len();
        blob.piece(&piece).await?;
        let Some(next) = rows.next else { break };
        key = Some(next);
        if beat.elapsed() >= BEAT {
            beat = Instant::now();
            let mut conn = core.db.writer().await?;
            tasks::extend(&mut conn, leased.id, core.now()).await?;
            let goes_on = export::table.find(of.id).filter(export::version.eq(of.version));
            let set = export::rows_done.eq(made.rows);
            if diesel::update(goes_on).set(set).execute(&mut conn).await? == 0 {
                return Ok(None);
            }
        }
    }
    let rest = sheet.end()?;
    made.size += rest.len();
    blob.piece(&rest).await?;
    made.sha256 = blob.finish().await?;
    Ok(Some(made))
}

// The file, what is said of it and, of a full one, a row for everybody it shows are one commit.
async fn keep(core: &Core, of: &Export, blob: &Incoming<'_>, made: Made) -> Result<bool, Problem> {
    let by = Actor {
        person: Some(of.requested_by),
        account: Some(of.account_id),
        post: of.post_id,
        org: None,
        channel: "task".into(),
        request_id: None,
        on_behalf_of: None,
    };
    core.db
        .write(async |tx| {
            let now = core.now();
            let row = export::table.find(of.id).filter(export::version.eq(of.version));
            let done = diesel::update(row)
                .set((
                    export::state.eq(State::Ready.as_str()),
                    export::blob_id.eq(blob.id),
                    export::size.eq(i64::try_from(made.size)?),
                    export::sha256.eq(made.sha256.as_slice()),
                    export::rows_done.eq(made.rows),
                    export::expires_at.eq(now + KEPT),
                    export::version.eq(export::version + 1),
                ))
                .execute(tx)
                .await?;
            if done == 0 {
                return Ok(false);
            }
            blob::keep(tx, blob.id).await?;
            let desk = org::any(tx, of.desk_id).await?.map(|desk| (desk.id, desk.path));
            let by = Actor { org: desk, ..by.clone() };
            let event = |action| {
                by.event(core.id(), now, Some(&of.path), action, ("export", Some(of.id))).reason(&of.reason)
            };
            let changes = json!({"rows": made.rows, "full": of.is_full, "number": of.number});
            let mut events = vec![event("export.make").changes(changes)];
            events.extend(made.shown.iter().map(|person| event("member.export").about(*person)));
            audit::append_all(tx, &events).await?;
            Ok(true)
        })
        .await
}
