//! Lists as files.

use std::future::IntoFuture;
use std::io::Cursor;

use calamine::{Reader, Xlsx};
use chrono::Duration;
use serde_json::{Value, json};
use unionhall_testkit::{CadreHandle, Reply, Session, TestApp};
use unionhall_web::{Realm, RoleName};

const EXPORTS: &str = "/v1/admin/exports";

fn wanted(kind: &str, format: &str, full: bool) -> Value {
    json!({"kind": kind, "format": format, "full": full, "reason": "核对春节慰问发放名单"})
}

async fn ask(app: &TestApp, by: &Session, body: Value) -> String {
    let made = app.post(EXPORTS, body).by(by).await.expect(202);
    assert_eq!(made["state"], "PREPARING");
    app.drain().await;
    format!("{EXPORTS}/{}", made["id"].as_str().unwrap())
}

async fn step(app: &TestApp, by: &Session, export: &str, step: &str) -> Reply {
    let tag = app.get(export).by(by).await.etag();
    let body = if step == "reject" { json!({"reason": "范围过大"}) } else { json!({}) };
    app.post(&format!("{export}/{step}"), body).by(by).if_match(&tag).await
}

async fn state(app: &TestApp, by: &Session, export: &str) -> String {
    app.get(export).by(by).await.expect(200)["state"].as_str().unwrap().to_owned()
}

async fn again(app: &TestApp, cadre: &CadreHandle) -> Session {
    app.login_cadre(Realm::Cadre, &cadre.username, cadre.totp.as_deref(), &cadre.mobile).await
}

fn rows(file: &Reply) -> Vec<Vec<String>> {
    let text = file.text();
    let text = text.strip_prefix('\u{FEFF}').expect("a byte-order mark");
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    reader.records().map(|row| row.unwrap().iter().map(ToOwned::to_owned).collect()).collect()
}

#[tokio::test]
async fn a_list_is_masked_marked_and_for_one_person() {
    let app = TestApp::start().await;
    let officer = app.cadre("410102", RoleName::Officer).await.session;
    let leader = app.cadre("410102", RoleName::Leader).await.session;
    let member = app.on_roster("410102").await;
    let _neighbour = app.on_roster("410103").await;
    let export = ask(&app, &officer, wanted("members", "csv", false)).await;
    let told = app.get(&export).by(&officer).await.expect(200);
    assert_eq!((told["state"].as_str(), told["rows_done"].as_i64()), (Some("READY"), Some(1)));
    let file = app.get(&format!("{export}/file")).by(&officer).await;
    assert_eq!(file.status, 200);
    let name = file.header("content-disposition").unwrap();
    assert!(
        name.starts_with("attachment; filename*=UTF-8''%E4%BC%9A%E5%91%98") && name.ends_with(".csv"),
        "{name}"
    );
    assert_eq!(told["size"].as_i64(), i64::try_from(file.body.len()).ok());
    let rows = rows(&file);
    assert_eq!(rows[0][..3], ["姓名", "证件类型", "证件号码"]);
    assert_eq!(rows.len(), 2, "one member of the county, none of its neighbour's");
    let masked = format!("{}**********{}", &member.id_number[..4], &member.id_number[14..]);
    assert_eq!(rows[1][2], masked);
    assert!(!file.text().contains(&member.id_number) && !file.text().contains(&member.mobile));
    let number = told["number"].as_str().unwrap();
    assert_eq!(rows[1].last().unwrap(), &format!("{number} 李建国 2026-11-20"));
    assert_eq!(app.get(&format!("{export}/file")).by(&leader).await.problem(404), "NOT_FOUND");
    assert_eq!(app.get(&export).by(&leader).await.expect(200)["mine"], false);
    let opened = "SELECT count(*) FROM audit_event WHERE action = 'export.open' AND outcome = 'intent'";
    assert_eq!(app.number(opened).await, 1, "who is refused opens nothing");
}

#[tokio::test]
async fn full_values_take_another_person_and_everybody_shown_can_see_who_took_them() {
    let app = TestApp::start().await;
    let registrar = app.cadre("410102", RoleName::Registrar).await;
    let leader = app.cadre("410102", RoleName::Leader).await.session;
    let officer = app.cadre("410102", RoleName::Officer).await.session;
    let member = app.on_roster("410102").await;
    let refused = app.post(EXPORTS, wanted("members", "csv", true)).by(&officer).await;
    assert_eq!(refused.problem(403), "FORBIDDEN", "who may not reveal one takes no list of them");
    let export = ask(&app, &registrar.session, wanted("members", "csv", true)).await;
    assert_eq!(state(&app, &registrar.session, &export).await, "AWAITING_APPROVAL");
    let early = app.get(&format!("{export}/file")).by(&registrar.session).await;
    assert_eq!(early.problem(409), "INVALID_STATE");
    let todos = app.get("/v1/admin/todos").by(&leader).await.expect(200);
    let todo = todos["items"].as_array().unwrap().iter().find(|t| t["type"] == "export").unwrap().clone();
    assert_eq!((todo["count"].as_i64(), todo["oldest_due"].as_str()), (Some(1), Some("2026-11-27")));
    step(&app, &leader, &export, "approve").await.expect(200);
    app.drain().await;
    let file = app.get(&format!("{export}/file")).by(&registrar.session).await;
    let listed = rows(&file);
    // A spreadsheet would cut a number of eighteen digits unless a tab makes it text; one that ends in X is text already.
    let tab = if member.id_number.ends_with('X') { "" } else { "\t" };
    assert_eq!(listed[1][2], format!("{tab}{}", member.id_number));
    assert_eq!((&listed[1][0], &listed[1][3]), (&member.name, &member.mobile));
    let session = app.login_member(&member.mobile).await;
    app.prove(&session, &member).await;
    let looks = app.get("/v1/me/data-accesses").by(&session).await.expect(200);
    assert_eq!(looks["items"][0]["action"], "member.export");
    assert_eq!(looks["items"][0]["reason"], "核对春节慰问发放名单");
    // What came out goes in again as it is.
    let fields = [("kind", "members"), ("mode", "upsert"), ("dry_run", "true")];
    let union = member.union.to_string();
    let mut with_union = fields.to_vec();
    with_union.push(("union_id", &union));
    let upload =
        app.request("POST", "/v1/admin/imports").form(&with_union, Some(&file.body)).by(&registrar.session);
    let import = format!("/v1/admin/imports/{}", upload.await.expect(202)["id"].as_str().unwrap());
    app.drain().await;
    let import = app.get(&import).by(&registrar.session).await.expect(200);
    assert_eq!(
        (import["rows_accepted"].as_i64(), import["rows_rejected"].as_i64()),
        (Some(1), Some(0)),
        "{import}"
    );
    assert!(import["columns_ignored"].as_array().unwrap().contains(&json!("导出标记")));
}

#[tokio::test]
async fn nobody_approves_their_own_and_a_rejected_one_is_never_made() {
    let app = TestApp::start().await;
    let leader = app.cadre("410102", RoleName::Leader).await.session;
    let other = app.cadre("410102", RoleName::Leader).await.session;
    let registrar = app.cadre("410102", RoleName::Registrar).await.session;
    let foreign = app.cadre("410103", RoleName::Leader).await.session;
    let export = ask(&app, &leader, wanted("members", "xlsx", true)).await;
    assert_eq!(step(&app, &leader, &export, "approve").await.problem(403), "NOT_ANOTHER_PERSON");
    let tag = app.get(&export).by(&leader).await.etag();
    let approve = format!("{export}/approve");
    assert_eq!(app.post(&approve, json!({})).by(&registrar).if_match(&tag).await.problem(403), "FORBIDDEN");
    assert_eq!(app.post(&approve, json!({})).by(&foreign).if_match(&tag).await.problem(404), "NOT_FOUND");
    let rejected = step(&app, &other, &export, "reject").await.expect(200);
    assert_eq!(rejected["decision_reason"], "范围过大");
    app.drain().await;
    assert_eq!(state(&app, &leader, &export).await, "REJECTED");
    assert_eq!(step(&app, &other, &export, "approve").await.problem(409), "INVALID_STATE");
    let deciders = [other, app.cadre("410102", RoleName::Leader).await.session];
    let export = ask(&app, &leader, wanted("members", "xlsx", true)).await;
    let tag = app.get(&export).by(&leader).await.etag();
    let path = format!("{export}/approve");
    let send = |by: &Session| app.post(&path, json!({})).by(by).if_match(&tag).into_future();
    let (one, two) = tokio::join!(send(&deciders[0]), send(&deciders[1]));
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412]);
}

#[tokio::test]
async fn a_large_list_takes_another_person_too() {
    let app = TestApp::start().await;
    let province = app.cadre("41", RoleName::Leader).await;
    let other = app.cadre("41", RoleName::Leader).await.session;
    let export = ask(&app, &province.session, wanted("unions", "xlsx", false)).await;
    assert_eq!(state(&app, &province.session, &export).await, "AWAITING_APPROVAL");
    step(&app, &other, &export, "approve").await.expect(200);
    app.drain().await;
    let file = app.get(&format!("{export}/file")).by(&province.session).await;
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(file.body)).expect("a workbook");
    let sheet = book.worksheet_range("工会名录").expect("the sheet");
    let unions = app.number("SELECT count(*) FROM org WHERE valid_to IS NULL").await;
    assert_eq!(sheet.height(), usize::try_from(unions).unwrap() + 1);
    assert_eq!(sheet.get((0, 0)).unwrap().to_string(), "工会名称");
    let told = app.get(&export).by(&province.session).await.expect(200);
    assert_eq!(told["rows_done"], unions);
    let county = app.cadre("410102", RoleName::Leader).await.session;
    let small = ask(&app, &county, wanted("unions", "csv", false)).await;
    assert_eq!(state(&app, &county, &small).await, "READY");
    assert_eq!(app.get(&export).by(&county).await.problem(404), "NOT_FOUND");
}

#[tokio::test]
async fn a_file_lives_a_day_and_a_question_a_week() {
    let app = TestApp::start().await;
    let leader = app.cadre("410102", RoleName::Leader).await;
    let ready = ask(&app, &leader.session, wanted("members", "csv", false)).await;
    let made_at = app.core().now();
    let asked = ask(&app, &leader.session, wanted("members", "csv", true)).await;
    let (file, day) = (format!("{ready}/file"), Duration::hours(24));
    app.clock.set(made_at + day - Duration::seconds(31));
    let by = again(&app, &leader).await;
    app.clock.set(made_at + day - Duration::milliseconds(1));
    assert_eq!(app.get(&file).by(&by).await.status, 200);
    app.clock.set(made_at + day);
    assert_eq!(app.get(&file).by(&by).await.problem(410), "LINK_EXPIRED");
    assert_eq!(state(&app, &by, &ready).await, "EXPIRED");
    app.advance(Duration::days(6) - Duration::minutes(1)).await;
    let by = again(&app, &leader).await;
    assert_eq!(state(&app, &by, &asked).await, "AWAITING_APPROVAL");
    app.advance(Duration::minutes(1)).await;
    assert_eq!(state(&app, &by, &asked).await, "EXPIRED");
    let other = app.cadre("410102", RoleName::Leader).await.session;
    assert_eq!(step(&app, &other, &asked, "approve").await.problem(409), "INVALID_STATE");
    let blobs = "SELECT count(*) FROM blob";
    assert_eq!(app.number(blobs).await, 1);
    let mut conn = app.core().db.writer().await.unwrap();
    let (id, now) = (app.core().id(), app.core().now());
    let forget = "upkeep.forget";
    unionhall_storage::tasks::enqueue(&mut conn, id, now, forget, None, &json!({})).await.unwrap();
    drop(conn);
    app.drain().await;
    assert_eq!(app.number(blobs).await, 0, "nothing of it is left but that it was");
}

#[tokio::test]
async fn the_same_is_not_asked_twice_at_once_and_a_key_replays() {
    let app = TestApp::start().await;
    let officer = app.cadre("410102", RoleName::Officer).await.session;
    let foreign = app.cadre("410103", RoleName::Officer).await.union;
    let body = wanted("members", "csv", false);
    let send = |key: &str| app.post(EXPORTS, body.clone()).by(&officer).key(key).into_future();
    let (one, two) = tokio::join!(send("a"), send("b"));
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [202, 409]);
    let (first, key) = if one.status == 202 { (one, "a") } else { (two, "b") };
    assert_eq!(send(key).await.body, first.body);
    app.drain().await;
    let export = format!("{EXPORTS}/{}", first.json()["id"].as_str().unwrap());
    let cancelled = step(&app, &officer, &export, "cancel").await.expect(200);
    assert_eq!(cancelled["state"], "CANCELLED");
    assert_eq!(app.get(&format!("{export}/file")).by(&officer).await.problem(409), "INVALID_STATE");
    let outside = json!({"kind": "members", "format": "csv", "union_id": foreign, "reason": "核对"});
    assert_eq!(app.post(EXPORTS, outside).by(&officer).await.problem(404), "NOT_FOUND");
    let unclear = json!({"kind": "members", "format": "csv", "reason": " "});
    assert_eq!(app.post(EXPORTS, unclear).by(&officer).await.problem(422), "VALIDATION_FAILED");
}

#[tokio::test]
async fn what_was_given_up_while_it_waited_for_the_worker_is_not_made() {
    let app = TestApp::start().await;
    let officer = app.cadre("410102", RoleName::Officer).await.session;
    let made = app.post(EXPORTS, wanted("members", "csv", false)).by(&officer).await.expect(202);
    let export = format!("{EXPORTS}/{}", made["id"].as_str().unwrap());
    step(&app, &officer, &export, "cancel").await.expect(200);
    app.drain().await;
    assert_eq!(state(&app, &officer, &export).await, "CANCELLED");
    assert_eq!(app.number("SELECT count(*) FROM blob").await, 0);
}
