//! A worker that dies in the middle: its successor comes to the same content.

use std::time::Instant;

use unionhall_registry::import::room::Rooms;
use unionhall_registry::import::run;
use unionhall_simulator::roster::{Format, HeaderStyle, in_memory};
use uuid::Uuid;

use crate::bench::{Office, assert_reports};

/// Runs work until the import's checkpoint has moved, then drops it where it is.
async fn until_checkpoint(office: &Office, id: &str, work: impl Future<Output = ()>) {
    let moved = async {
        let done = format!("SELECT rows_done FROM import WHERE id = '{id}'");
        while office.app.number(&done).await == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        () = work => panic!("the work was done before it could be killed"),
        () = moved => {}
    }
}

#[tokio::test]
async fn killed_half_way_it_comes_to_the_same_content() {
    let (whole, killed) = (Office::open().await, Office::open().await);
    // The unions of both have the same names; of the sibling county's people there are none in common.
    let mut spec = whole.spec(Format::Csv, HeaderStyle::Plain, 3500).await;
    spec.scope.elsewhere.clear();
    let (bytes, planted) = in_memory(&spec).unwrap();
    let reference = whole.committed(&bytes).await;

    let id = killed.upload(&bytes).await;
    let core = killed.app.core().clone();
    let uuid: Uuid = id.parse().unwrap();
    until_checkpoint(&killed, &id, async {
        run::validate(&core, &Rooms::default(), uuid, None, Instant::now()).await.unwrap();
    })
    .await;
    assert_eq!(killed.read(&id).await["state"], "validating");
    killed.app.drain().await;
    assert_reports(&killed.read(&id).await, &planted.expected);

    killed.act(&id, "commit").await.expect(202);
    until_checkpoint(&killed, &id, async {
        run::commit(&core, &Rooms::default(), uuid, None, Instant::now()).await.unwrap();
    })
    .await;
    let half = killed.app.number("SELECT count(*) FROM membership").await;
    assert!(half > 0 && u64::try_from(half).unwrap() < planted.expected.rows_accepted, "{half}");
    killed.app.drain().await;
    let (one, two) = (whole.read(&reference).await, killed.read(&id).await);
    for count in ["state", "rows_total", "rows_done", "rows_accepted", "rows_rejected", "rows_updated"] {
        assert_eq!(one[count], two[count], "{count}");
    }
    // Both databases come from one template, so their keys and blind indexes agree.
    let imported = "p.id IN (SELECT created_id FROM import_row)";
    assert_eq!(whole.content_where(imported).await, killed.content_where(imported).await);
    let twice = "SELECT count(*) FROM (SELECT person_id FROM membership GROUP BY 1 HAVING count(*) > 1) x";
    assert_eq!(killed.app.number(twice).await, 0, "nobody is admitted twice");
}

#[tokio::test]
async fn two_workers_on_one_import_write_it_once() {
    let office = Office::open().await;
    let (bytes, _) = office.clean(2500).await;
    let id = office.upload(&bytes).await;
    let core = office.app.core().clone();
    let uuid: Uuid = id.parse().unwrap();
    let validate =
        || async { run::validate(&core, &Rooms::default(), uuid, None, Instant::now()).await.unwrap() };
    tokio::join!(validate(), validate());
    assert_eq!(office.read(&id).await["rows_accepted"], 2500);
    office.act(&id, "commit").await.expect(202);
    let commit =
        || async { run::commit(&core, &Rooms::default(), uuid, None, Instant::now()).await.unwrap() };
    tokio::join!(commit(), commit());
    let import = office.read(&id).await;
    assert_eq!((&import["state"], &import["rows_accepted"]), (&"committed".into(), &2500.into()));
    assert_eq!(office.app.number("SELECT count(*) FROM member_standing").await, 2503);
    assert_eq!(office.app.number("SELECT count(*) FROM import_row").await, 2500);
}

#[tokio::test]
async fn two_imports_of_the_same_people_make_each_once() {
    let office = Office::open().await;
    let (bytes, _) = office.clean(1500).await;
    let (one, two) = (office.validated(&bytes).await, office.validated(&bytes).await);
    office.act(&one, "commit").await.expect(202);
    office.act(&two, "commit").await.expect(202);
    let core = office.app.core().clone();
    let commit = |id: &str| {
        let (core, id) = (core.clone(), id.parse::<Uuid>().unwrap());
        async move { run::commit(&core, &Rooms::default(), id, None, Instant::now()).await.unwrap() }
    };
    tokio::join!(commit(&one), commit(&two));
    for id in [&one, &two] {
        let import = office.read(id).await;
        assert_eq!(
            (&import["state"], &import["rows_accepted"]),
            (&"committed".into(), &1500.into()),
            "{import}"
        );
    }
    assert_eq!(office.app.number("SELECT count(*) FROM member_standing").await, 1503);
    assert_eq!(office.app.number("SELECT count(*) FROM person_document").await, 1505);
}
