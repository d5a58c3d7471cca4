//! Reconciliation sheets: what they count, who signs them, and what happens when an import moves meanwhile.

use std::sync::Arc;

use serde_json::{Value, json};
use unionhall_testkit::imports::Desk;
use unionhall_testkit::{CadreHandle, Reply, TestApp, citizen, mobile};
use unionhall_web::RoleName;
use uuid::Uuid;

const PATH: &str = "/v1/admin/import-reconciliations";
const TITLES: &str = "姓名,身份证号,手机\n";

fn desk<'a>(app: &'a TestApp, by: &'a CadreHandle) -> Desk<'a> {
    Desk { app, by, kind: "members" }
}

fn row(number: &str) -> String {
    format!("王小明,{number},{}\n", mobile())
}

async fn ask(app: &TestApp, by: &CadreHandle, union: Uuid, kind: &str) -> Reply {
    let body = json!({"union_id": union, "kind": kind});
    app.post(PATH, body).by(&by.session).key(&app.core().id().to_string()).await
}

async fn drawn(app: &TestApp, by: &CadreHandle) -> Value {
    ask(app, by, by.union, "members").await.expect(201)
}

async fn read(app: &TestApp, by: &CadreHandle, sheet: &Value) -> Value {
    app.get(&at(sheet, "")).by(&by.session).await.expect(200)
}

fn at(sheet: &Value, action: &str) -> String {
    format!("{PATH}/{}{action}", sheet["id"].as_str().unwrap())
}

async fn end(app: &TestApp, by: &CadreHandle, sheet: &Value, action: &str, tag: &str) -> Reply {
    let body = json!({"reason": "与名册核对一致"});
    app.post(&at(sheet, action), body).by(&by.session).if_match(tag).await
}

async fn sign(app: &TestApp, by: &CadreHandle, sheet: &Value) -> Reply {
    end(app, by, sheet, "/sign", "\"v1\"").await
}

#[tokio::test]
async fn a_sheet_counts_what_the_imports_kept_and_what_the_tables_hold() {
    let app = TestApp::start().await;
    let officer = app.cadre("410102", RoleName::Officer).await;
    let leader = app.cadre("410102", RoleName::Leader).await;
    let desk = desk(&app, &officer);
    app.on_roster("410102").await;
    app.on_roster("410103").await;

    let empty = drawn(&app, &officer).await;
    assert_eq!((&empty["imports"], &empty["totals"]["rows"]), (&json!([]), &json!(0)));
    assert_eq!(empty["holds"][0], json!({"what": "active", "text": "在会会员", "count": 1}));

    let (one, two, three) = (citizen(), citizen(), citizen());
    let first = format!("{TITLES}{}{}{}{}", row(&one), row(&two), row(&one), "坏行,1,\n");
    desk.committed(&first).await;
    // The same person again with another mobile, one exactly as known, and one new.
    let same = app.on_roster("410102").await;
    let again = format!("{TITLES}{}{}王小明,{},{}\n", row(&one), row(&three), same.id_number, same.mobile);
    let second = desk.committed(&again).await;
    let dry = desk.validated("true", &format!("{TITLES}{}", row(&citizen()))).await;
    let sheet = drawn(&app, &officer).await;
    assert_eq!(
        (&sheet["state"], &sheet["stale"], &sheet["kind"]),
        (&json!("DRAWN"), &json!(false), &json!("members"))
    );
    let lines = sheet["imports"].as_array().unwrap();
    assert_eq!(lines.len(), 3);
    assert_eq!((&lines[0]["file_name"], &lines[0]["committed_by"]), (&json!("名册.csv"), &json!("李*国")));
    assert_eq!(lines[0]["sha256"].as_str().unwrap().len(), 64);
    assert_eq!(
        lines[0]["figures"],
        json!({
            "rows": 4, "created": 2, "updated": 0, "unchanged": 0, "rejected": 2,
            "rejected_by_reason": {"DUPLICATE_IN_FILE": 1, "ID_FORMAT": 1}, "duplicates_in_file": 1, "needs_review": 0,
            "reverted": 0, "kept": 0, "standing": 2,
        })
    );
    assert_eq!(lines[1]["figures"]["updated"], 1, "{}", lines[1]);
    assert_eq!((&lines[1]["figures"]["created"], &lines[1]["figures"]["unchanged"]), (&json!(1), &json!(1)));
    let open = lines.iter().map(|line| line["open"] == true).collect::<Vec<_>>();
    assert_eq!((open, &lines[2]["dry_run"]), (vec![false, false, true], &json!(true)));
    assert_eq!(lines[2]["import_id"], dry);
    assert_eq!(
        (&sheet["totals"]["rows"], &sheet["totals"]["standing"]),
        (&json!(7), &json!(3)),
        "no dry run"
    );
    assert_eq!(sheet["holds"][0]["count"], 5, "two by hand, three from files");

    // What is taken back shows on the next sheet, and the frozen one stays as it was.
    app.advance(chrono::Duration::minutes(1)).await;
    let officer = app.cadre("410102", RoleName::Officer).await;
    let desk = Desk { app: &app, by: &officer, kind: "members" };
    desk.reverted(&second).await;
    let later = drawn(&app, &officer).await;
    let totals = &later["totals"];
    assert_eq!(
        (&totals["reverted"], &totals["standing"], &totals["created"]),
        (&json!(2), &json!(2), &json!(3))
    );
    assert_eq!(later["holds"][0]["count"], 4);
    let old = read(&app, &leader, &sheet).await;
    assert_eq!(
        (&old["state"], &old["stale"], &old["totals"]),
        (&json!("WITHDRAWN"), &json!(true), &sheet["totals"])
    );
    assert_eq!(old["remark"], "已由新的对账单取代");

    let page = app.get(&at(&later, "/page.svg")).by(&leader.session).await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("image/svg+xml; charset=utf-8")));
    let text = page.text();
    assert!(text.contains("会员导入对账单") && text.contains("李*国") && !text.contains("李建国"), "{text}");
    let list =
        app.get(&format!("{PATH}?kind=members&state=DRAWN&limit=1")).by(&leader.session).await.expect(200);
    assert_eq!((&list["items"][0]["id"], &list["next"]), (&later["id"], &Value::Null));
    let all = app.get(&format!("{PATH}?limit=2")).by(&leader.session).await.expect(200);
    let next = all["next"].as_str().unwrap();
    let rest = app.get(&format!("{PATH}?limit=2&after={next}")).by(&leader.session).await.expect(200);
    assert_eq!(rest["items"][0]["id"], empty["id"]);
    let none = app.get(&format!("{PATH}?kind=cards")).by(&leader.session).await.expect(200);
    assert_eq!(none["items"], json!([]));
}

#[tokio::test]
async fn another_person_signs_and_only_what_is_still_true() {
    let app = TestApp::start().await;
    let committer = app.cadre("410102", RoleName::Leader).await;
    let leader = app.cadre("410102", RoleName::Leader).await;
    let desk = desk(&app, &committer);
    let file = || format!("{TITLES}{}", row(&citizen()));
    desk.committed(&file()).await;
    let todo = async |by: &CadreHandle| {
        let list = app.get("/v1/admin/todos").by(&by.session).await.expect(200);
        let of =
            list["items"].as_array().unwrap().iter().find(|t| t["type"] == "import_reconciliation").cloned();
        of.map(|todo| todo["count"].as_i64().unwrap())
    };
    let sheet = drawn(&app, &committer).await;
    assert_eq!(todo(&leader).await, Some(1));
    assert_eq!(sign(&app, &committer, &sheet).await.problem(403), "NOT_ANOTHER_PERSON");
    let officer = app.cadre("410102", RoleName::Officer).await;
    assert_eq!(sign(&app, &officer, &sheet).await.problem(403), "FORBIDDEN");
    assert_eq!(todo(&officer).await, None, "who may not sign is not told");
    assert_eq!(end(&app, &leader, &sheet, "/sign", "\"v2\"").await.problem(412), "STALE");
    let bare = app.post(&at(&sheet, "/sign"), json!({"reason": "核对一致"})).by(&leader.session).await;
    assert_eq!(bare.problem(428), "IF_MATCH_REQUIRED");
    let short =
        app.post(&at(&sheet, "/sign"), json!({"reason": " 一 "})).by(&leader.session).if_match("\"v1\"");
    assert_eq!(short.await.problem(422), "VALIDATION_FAILED");

    // A dry run and a file that is not written touch nothing.
    desk.validated("true", &file()).await;
    let waiting = desk.validated("false", &file()).await;
    assert_eq!(read(&app, &leader, &sheet).await["stale"], false);
    // While one is being written, and when it was.
    desk.act(&waiting, "commit").await.expect(202);
    let moving = sign(&app, &leader, &sheet).await;
    assert_eq!(moving.problem(409), "INVALID_STATE");
    assert!(moving.text().contains("正在写入"), "{}", moving.text());
    app.drain().await;
    assert_eq!(read(&app, &leader, &sheet).await["stale"], true);
    assert_eq!(todo(&leader).await, Some(0), "a stale sheet is to be drawn again");
    let stale = sign(&app, &leader, &sheet).await;
    assert_eq!(stale.problem(409), "INVALID_STATE");
    assert!(stale.text().contains("重新出单"), "{}", stale.text());

    let sheet = drawn(&app, &committer).await;
    let signed = sign(&app, &leader, &sheet).await;
    assert_eq!(signed.etag(), "\"v2\"");
    let signed = signed.expect(200);
    assert_eq!((&signed["state"], &signed["signed_by"]), (&json!("SIGNED"), &json!("李*国")));
    assert_eq!(end(&app, &leader, &sheet, "/sign", "\"v2\"").await.problem(409), "INVALID_STATE");
    assert_eq!(end(&app, &committer, &sheet, "/withdraw", "\"v2\"").await.problem(409), "INVALID_STATE");
    // What comes after the signature does not undo it, and is not hidden.
    desk.committed(&file()).await;
    let after = read(&app, &leader, &sheet).await;
    assert_eq!((&after["state"], &after["stale"]), (&json!("SIGNED"), &json!(true)));
    assert_eq!(after["state_text"], "已签认，此后导入有变动");

    let sheet = drawn(&app, &committer).await;
    let withdrawn = end(&app, &officer, &sheet, "/withdraw", "\"v1\"").await.expect(200);
    assert_eq!((&withdrawn["state"], &withdrawn["signed_by"]), (&json!("WITHDRAWN"), &Value::Null));
    let rows = "SELECT count(*) FROM audit_event WHERE action LIKE 'import_reconciliation.%'";
    assert_eq!(app.number(rows).await, 5, "three drawn, one signed, one withdrawn");
}

#[tokio::test]
async fn the_same_person_in_another_post_is_no_other_person() {
    let app = TestApp::start().await;
    let committer = app.cadre("410102", RoleName::Officer).await;
    let leader = app.cadre("410102", RoleName::Leader).await;
    desk(&app, &committer).committed(&format!("{TITLES}{}", row(&citizen()))).await;
    // The account that committed belongs to the leader, as far as persons go.
    let own = format!(
        "UPDATE account SET person_id = NULL, realm = 'member' WHERE person_id = '{}'; \
         UPDATE account SET person_id = '{}' WHERE id = '{}'",
        committer.person, leader.person, committer.session.account
    );
    app.sql(&own).await;
    let sheet = drawn(&app, &leader).await;
    assert_eq!(sign(&app, &leader, &sheet).await.problem(403), "NOT_ANOTHER_PERSON");
}

#[tokio::test]
async fn a_neighbour_sees_nothing_and_those_above_see_all() {
    let app = TestApp::start().await;
    let officer = app.cadre("410102", RoleName::Officer).await;
    let sibling = app.cadre("410103", RoleName::Leader).await;
    let city = app.cadre("4101", RoleName::Leader).await;
    let sheet = drawn(&app, &officer).await;
    for path in ["", "/page.svg"] {
        assert_eq!(app.get(&at(&sheet, path)).by(&sibling.session).await.problem(404), "NOT_FOUND");
    }
    assert_eq!(sign(&app, &sibling, &sheet).await.problem(404), "NOT_FOUND");
    assert_eq!(end(&app, &sibling, &sheet, "/withdraw", "\"v1\"").await.problem(404), "NOT_FOUND");
    let query = format!("{PATH}?union_id={}", officer.union);
    for path in [PATH, query.as_str()] {
        let list = app.get(path).by(&sibling.session).await.expect(200);
        assert_eq!(list["items"], json!([]));
    }
    assert_eq!(ask(&app, &sibling, officer.union, "members").await.problem(404), "NOT_FOUND");
    let body = json!({"union_id": officer.union, "kind": "members", "note": "x"});
    let odd = app.post(PATH, body).by(&officer.session).key("odd").await;
    assert_eq!(odd.problem(422), "VALIDATION_FAILED");
    let keyless = app.post(PATH, json!({"union_id": officer.union, "kind": "members"})).by(&officer.session);
    assert_eq!(keyless.await.problem(400), "IDEMPOTENCY_KEY_MISSING");
    assert_eq!(sign(&app, &city, &sheet).await.expect(200)["state"], "SIGNED");

    // Every kind tells what the tables hold, whosever they are.
    for (kind, first) in
        [("unions", "open"), ("merchants", "merchants"), ("cards", "active"), ("job_postings", "live")]
    {
        let sheet = ask(&app, &officer, officer.union, kind).await.expect(201);
        assert_eq!(sheet["holds"][0]["what"], first, "{sheet}");
    }
    let key = "same";
    let twice =
        || app.post(PATH, json!({"union_id": officer.union, "kind": "unions"})).by(&officer.session).key(key);
    assert_eq!(twice().await.expect(201)["id"], twice().await.expect(201)["id"]);
}

#[tokio::test]
async fn many_at_once_draw_one_sheet_that_waits_and_sign_it_once() {
    let app = Arc::new(TestApp::start().await);
    let officer = app.cadre("410102", RoleName::Officer).await;
    let mut at_once = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (app, officer) = (app.clone(), officer.clone());
        at_once.spawn(async move { ask(&app, &officer, officer.union, "members").await.status });
    }
    assert!(at_once.join_all().await.iter().all(|status| *status == 201));
    let waiting = "SELECT count(*) FROM import_reconciliation WHERE state = 'DRAWN'";
    assert_eq!(app.number(waiting).await, 1);
    let list = app.get(&format!("{PATH}?state=DRAWN")).by(&officer.session).await.expect(200);
    let sheet = list["items"][0].clone();
    let mut leaders = Vec::new();
    for _ in 0..4 {
        leaders.push(app.cadre("410102", RoleName::Leader).await);
    }
    let mut at_once = tokio::task::JoinSet::new();
    for leader in leaders {
        let (app, sheet) = (app.clone(), sheet.clone());
        at_once.spawn(async move { sign(&app, &leader, &sheet).await.status });
    }
    let mut statuses = at_once.join_all().await;
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412, 412, 412]);
    let signed = "SELECT count(*) FROM audit_event WHERE action = 'import_reconciliation.sign'";
    assert_eq!(app.number(signed).await, 1);
}

#[tokio::test]
async fn a_signature_and_a_commit_at_once_leave_no_sheet_that_hides_the_import() {
    let app = Arc::new(TestApp::start().await);
    let officer = app.cadre("410102", RoleName::Officer).await;
    let leader = app.cadre("410102", RoleName::Leader).await;
    let (mut signed, mut refused) = (0, 0);
    for _ in 0..6 {
        let desk = desk(&app, &officer);
        let import = desk.validated("false", &format!("{TITLES}{}", row(&citizen()))).await;
        let sheet = drawn(&app, &officer).await;
        let signing = sign(&app, &leader, &sheet);
        let committing = desk.act(&import, "commit");
        let (done, begun) = tokio::join!(signing, committing);
        begun.expect(202);
        app.drain().await;
        let after = read(&app, &leader, &sheet).await;
        assert_eq!(after["stale"], true, "{after}");
        match done.status {
            200 => signed += i32::from(after["state"] == "SIGNED"),
            _ => refused += i32::from(done.problem(409) == "INVALID_STATE" && after["state"] == "DRAWN"),
        }
    }
    assert_eq!(signed + refused, 6);
}
