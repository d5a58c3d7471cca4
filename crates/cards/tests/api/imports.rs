//! Files of the banks' cards: judged, written, sent again, taken back, two at once, the neighbour's; and the number
//! that is kept nowhere.

use diesel::sql_types::{Bytea, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde_json::{Value, json};
use unionhall_testkit::imports::Desk;
use unionhall_testkit::{CadreHandle, RosterMember, Session, TestApp};
use unionhall_web::RoleName;
use uuid::Uuid;

const TITLES: &str = "姓名,证件号码,卡号,银行,卡种,状态,发卡日期,有效期,银行参考号,备注\n";
const PAN: &str = "6217000000000000004";
const OTHER: &str = "6225880000000001";
const WRONG: &str = "6217000000000000003";

fn row(of: &RosterMember, card: &str, rest: &str) -> String {
    format!("{},{},{card},{rest}\n", of.name, of.id_number)
}

fn desk<'a>(app: &'a TestApp, by: &'a CadreHandle) -> Desk<'a> {
    Desk { app, by, kind: "cards" }
}

async fn cards(app: &TestApp, by: &CadreHandle, of: &RosterMember) -> Vec<Value> {
    let path = format!("/v1/admin/members/{}/cards", of.person);
    app.get(&path).by(&by.session).await.expect(200)["items"].as_array().unwrap().clone()
}

async fn proved(app: &TestApp, of: &RosterMember) -> Session {
    let session = app.login_member(&of.mobile).await;
    app.prove(&session, of).await;
    session
}

#[tokio::test]
async fn cards_come_in_and_sending_them_again_changes_nothing() {
    let app = TestApp::start().await;
    let registrar = app.cadre("410102", RoleName::Registrar).await;
    let desk = desk(&app, &registrar);
    let (one, two) = (app.on_roster("410102").await, app.on_roster("410102").await);
    let mut file = TITLES.to_owned();
    file +=
        &row(&one, "6217 0000 0000 0000 004", "郑州银行股份有限公司,借记卡,在用,2020-05-01,2030-05-31,R-1,");
    file += &row(&one, OTHER, "工行,信用卡,挂失,2021年1月2日,,,");
    file += &row(&two, "0018", "邮储银行,debit,注销,,,,");
    let dry = desk.read(&desk.validated("true", &file).await).await;
    assert_eq!(app.number("SELECT count(*) FROM card").await, 0, "a dry run writes nothing");
    let import = desk.committed(&file).await;
    for field in ["rows_total", "rows_accepted", "rows_rejected", "rows_updated"] {
        assert_eq!(import[field], dry[field], "{field}");
    }
    assert_eq!((&import["rows_accepted"], &import["rows_updated"]), (&3.into(), &0.into()), "{import}");
    let of_one = cards(&app, &registrar, &one).await;
    let debit = of_one.iter().find(|card| card["kind"] == "COBRAND_DEBIT").unwrap();
    assert_eq!(
        (&debit["bank_code"], &debit["last4"], &debit["state"], &debit["valid_to"]),
        (&json!("ZZB"), &json!("0004"), &json!("ACTIVE"), &json!("2030-05-31"))
    );
    let credit = of_one.iter().find(|card| card["kind"] == "COBRAND_CREDIT").unwrap();
    assert_eq!((&credit["state"], &credit["valid_to"]), (&json!("LOST"), &json!("2099-12-31")));
    assert_eq!(cards(&app, &registrar, &two).await[0]["state"], "REVOKED");
    let again = desk.committed(&file).await;
    assert_eq!((&again["rows_accepted"], &again["rows_updated"]), (&3.into(), &0.into()), "{again}");
    assert_eq!(app.number("SELECT count(*) FROM card").await, 3, "no duplicates");
    let events = "SELECT count(*) FROM audit_entry WHERE action LIKE 'card.import%'";
    assert_eq!(app.number(events).await, 3, "what was known leaves none");
}

#[tokio::test]
async fn a_member_sees_the_banks_card_and_shows_the_virtual_one() {
    let app = TestApp::start().await;
    let registrar = app.cadre("410102", RoleName::Registrar).await;
    let member = app.on_roster("410102").await;
    let file = format!("{TITLES}{}", row(&member, PAN, "郑州银行,借记卡,在用,2020-05-01,,,"));
    desk(&app, &registrar).committed(&file).await;
    let session = proved(&app, &member).await;
    let list = app.get("/v1/me/cards").by(&session).await.expect(200);
    let list = list["items"].as_array().unwrap();
    assert_eq!(list.len(), 2, "the virtual card is issued beside it");
    let of = |kind: &str| {
        list.iter().find(|card| card["kind"] == kind).unwrap()["id"].as_str().unwrap().to_owned()
    };
    let (bank, own) = (of("COBRAND_DEBIT"), of("VIRTUAL"));
    let qr = |id: &str| app.get(&format!("/v1/me/cards/{id}/qr")).by(&session);
    qr(&own).await.expect(200);
    assert_eq!(qr(&bank).await.problem(409), "CARD_NOT_VALID");
    let digits = app.post(&format!("/v1/me/cards/{bank}/till-code"), json!({})).by(&session).await;
    assert_eq!(digits.problem(409), "CARD_NOT_VALID");
    assert_eq!(app.get("/v1/me/home").by(&session).await.expect(200)["card"]["id"], own.as_str());
    let takes = "SELECT count(*) FROM card_standing";
    assert_eq!(app.number(takes).await, 1, "a till reads the virtual card alone");
}

#[tokio::test]
async fn a_card_is_updated_and_taken_back_but_what_was_touched_stays() {
    let app = TestApp::start().await;
    let registrar = app.cadre("410102", RoleName::Registrar).await;
    let desk = desk(&app, &registrar);
    let (one, two) = (app.on_roster("410102").await, app.on_roster("410102").await);
    let both = |card: &str, status: &str| {
        let rest = format!("郑州银行,借记卡,{status},2020-05-01,2030-05-31,,");
        format!("{TITLES}{}{}", row(&one, card, &rest), row(&two, card, &rest))
    };
    let content = "SELECT coalesce(sum(hashtext(last4 || status || valid_to)), 0)::bigint FROM card";
    let made = desk.committed(&both(PAN, "在用")).await;
    let before = app.number(content).await;
    let renewed = desk.committed(&both(OTHER, "挂失")).await;
    assert_eq!(renewed["rows_updated"], 2);
    assert_eq!(app.number("SELECT count(*) FROM card WHERE last4 = '0001' AND status = 'LOST'").await, 2);
    // A file does not make a lost card good again.
    let again = desk.committed(&both(OTHER, "在用")).await;
    assert_eq!(again["rejected_by_reason"], json!({"NEEDS_REVIEW": 2}));
    assert_eq!(desk.reverted(&made).await["rows_kept"], 2, "the second file changed them");
    assert_eq!(desk.kept(made["id"].as_str().unwrap()).await[0].1, "CHANGED_SINCE");
    assert_eq!(desk.reverted(&renewed).await["rows_reverted"], 2);
    assert_eq!(app.number(content).await, before);
    let closed = desk.committed(&both(PAN, "注销")).await;
    assert_eq!((&closed["rows_updated"], app.number("SELECT count(*) FROM card").await), (&2.into(), 2));
    desk.reverted(&closed).await;

    let third = app.on_roster("410102").await;
    let file = format!("{TITLES}{}", row(&third, PAN, "郑州银行,借记卡,,,,,"));
    let import = desk.committed(&file).await;
    assert_eq!(desk.reverted(&import).await["rows_reverted"], 1);
    assert_eq!(cards(&app, &registrar, &third).await.len(), 0);
}

#[tokio::test]
async fn each_faulty_row_is_told_by_its_code_and_nobody_elses_member_is_told() {
    let app = TestApp::start().await;
    let registrar = app.cadre("410102", RoleName::Registrar).await;
    let desk = desk(&app, &registrar);
    let (own, theirs) = (app.on_roster("410102").await, app.on_roster("410103").await);
    let ended = app.on_roster("410102").await;
    let end = format!(
        "UPDATE membership SET state = 'ENDED', reason = 'quit' WHERE person_id = '{}'",
        ended.person
    );
    app.sql(&end).await;
    let mut stranger = app.on_roster("410102").await;
    stranger.name = "李小红".to_owned();
    let good = "郑州银行,借记卡,在用,2020-05-01,2030-05-31,,";
    let mut file = TITLES.to_owned();
    file += &row(&own, PAN, good);
    file += &row(&own, OTHER, good);
    file += &row(&theirs, PAN, good);
    file += &row(&ended, PAN, good);
    file += &row(&stranger, PAN, good);
    file += &row(&own, WRONG, "郑州银行,信用卡,在用,,,,");
    file += &row(&own, PAN, "无名银行,信用卡,在用,,,,");
    file += &row(&own, PAN, "郑州银行,饭卡,在用,,,,");
    file += &row(&own, PAN, "郑州银行,信用卡,丢了,,,,");
    file += &row(&own, PAN, "郑州银行,信用卡,在用,2027-01-01,,,");
    file += &row(&own, PAN, &format!("郑州银行,信用卡,在用,,,{OTHER},"));
    let id = desk.validated("false", &file).await;
    let wanted = json!({"DUPLICATE_IN_FILE": 1, "MEMBER_UNKNOWN": 2, "NAME_DIFFERS": 1, "BANK_CARD": 1,
        "BANK_UNKNOWN": 1, "CARD_KIND": 1, "CARD_STATUS": 1, "CARD_DATES": 1, "BANK_REFERENCE": 1});
    assert_eq!(desk.read(&id).await["rejected_by_reason"], wanted);
    let neighbour = app.cadre("410103", RoleName::Registrar).await;
    let path = format!("/v1/admin/imports/{id}");
    assert_eq!(app.get(&path).by(&neighbour.session).await.problem(404), "NOT_FOUND");
    let officer = app.cadre("410102", RoleName::Officer).await;
    let refused = Desk { app: &app, by: &officer, kind: "cards" }.send("upsert", "false", &file).await;
    assert_eq!(refused.problem(403), "FORBIDDEN", "who may not write cards may not import them");
}

#[derive(diesel::QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

#[derive(diesel::QueryableByName)]
struct Sealed {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Bytea)]
    cells: Vec<u8>,
}

#[tokio::test]
async fn a_banks_number_is_kept_nowhere() {
    let app = TestApp::start().await;
    let registrar = app.cadre("410102", RoleName::Registrar).await;
    let desk = desk(&app, &registrar);
    let (own, unknown) = (app.on_roster("410102").await, app.on_roster("410103").await);
    let mut file = TITLES.to_owned();
    let good = format!("郑州银行,借记卡,在用,2020-05-01,,R1,旧卡{OTHER}已停");
    file += &row(&own, PAN, &good);
    file += &row(&unknown, PAN, &good);
    file += &row(&own, WRONG, "郑州银行,信用卡,在用,,,,");
    file += &format!("王小明,{PAN},{PAN},郑州银行,信用卡,在用,,,{PAN},\n");
    let import = desk.committed(&file).await;
    assert_eq!((&import["rows_accepted"], &import["rows_rejected"]), (&1.into(), &3.into()), "{import}");
    let errors = desk.errors(import["id"].as_str().unwrap()).await;
    for number in [PAN, OTHER, WRONG] {
        assert!(!errors.contains(number) && !errors.contains(&number[4..]), "{errors}");
    }
    assert!(
        errors.contains(",****0004,") && errors.contains("旧卡****0001已停") && errors.contains("×****0003")
    );

    let mut conn = app.core().db.writer().await.unwrap();
    let sealed: Vec<Sealed> =
        diesel::sql_query("SELECT id, cells FROM import_row").load(&mut conn).await.unwrap();
    assert_eq!(sealed.len(), 4);
    for Sealed { id, cells } in sealed {
        let opened = app.core().sealer.open("import_row.cells", id, &cells).unwrap();
        let opened = String::from_utf8(opened).unwrap();
        assert!(![PAN, OTHER, WRONG].iter().any(|number| opened.contains(number)), "{opened}");
    }
    let tables = "SELECT table_name::text AS name FROM information_schema.tables \
                  WHERE table_schema = 'public' AND table_type = 'BASE TABLE'";
    let tables: Vec<Name> = diesel::sql_query(tables).load(&mut conn).await.unwrap();
    drop(conn);
    assert!(tables.len() > 20);
    for Name { name } in tables {
        for number in [PAN, OTHER, WRONG] {
            let hex: String = number.bytes().map(|b| format!("{b:02x}")).collect();
            let query = format!(
                "SELECT count(*) FROM \"{name}\" t WHERE t::text LIKE '%{number}%' OR t::text LIKE '%{hex}%'"
            );
            assert_eq!(app.number(&query).await, 0, "{name}");
        }
    }
    assert_eq!(
        app.number("SELECT count(*) FROM blob").await,
        0,
        "the file itself is gone once it is validated"
    );
}

#[tokio::test]
async fn many_commits_at_once_make_each_card_once() {
    let app = TestApp::start().await;
    let registrar = app.cadre("410102", RoleName::Registrar).await;
    let desk = desk(&app, &registrar);
    let mut file = TITLES.to_owned();
    for at in 0..20 {
        let member = app.on_roster("410102").await;
        let status = if at % 2 == 0 { "在用" } else { "注销" };
        file += &row(&member, PAN, &format!("郑州银行,借记卡,{status},,,,"));
    }
    let mut ids = Vec::new();
    for _ in 0..6 {
        ids.push(desk.validated("false", &file).await);
    }
    for id in &ids {
        desk.act(id, "commit").await.expect(202);
    }
    futures_util::future::join_all((0..6).map(|_| app.drain())).await;
    app.drain().await;
    assert_eq!(app.number("SELECT count(*) FROM card").await, 20);
    for id in &ids {
        let import = desk.read(id).await;
        assert_eq!(
            (&import["state"], &import["rows_accepted"]),
            (&"committed".into(), &20.into()),
            "{import}"
        );
    }
}

#[tokio::test]
async fn a_sheet_tells_what_a_file_brought_and_what_the_tables_hold() {
    let app = TestApp::start().await;
    let registrar = app.cadre("410102", RoleName::Registrar).await;
    let (one, two) = (app.on_roster("410102").await, app.on_roster("410102").await);
    // The virtual card is none of the bank's.
    proved(&app, &two).await;
    app.drain().await;
    let mut file = TITLES.to_owned();
    file += &row(&one, PAN, "郑州银行股份有限公司,借记卡,在用,2020-05-01,2030-05-31,R-1,");
    file += &row(&two, OTHER, "工行,信用卡,挂失,2021年1月2日,,,");
    file += &row(&two, WRONG, "工行,借记卡,在用,,,,");
    let import = desk(&app, &registrar).committed(&file).await;
    let body = json!({"union_id": registrar.union, "kind": "cards"});
    let request = app.post("/v1/admin/import-reconciliations", body).by(&registrar.session);
    let sheet = request.key("sheet").await.expect(201);
    let held: Vec<&Value> = sheet["holds"].as_array().unwrap().iter().map(|held| &held["count"]).collect();
    assert_eq!(held, [&json!(1), &json!(1), &json!(0)], "{sheet}");
    let totals = &sheet["totals"];
    assert_eq!((&totals["created"], &totals["standing"]), (&json!(2), &json!(2)));
    assert_eq!((&totals["rows"], &totals["rejected_by_reason"]), (&json!(3), &import["rejected_by_reason"]));
}
