//! Files of merchants: judged, written, sent again, taken back, two at once, the neighbour's.

use std::fmt::Write as _;

use unionhall_testkit::imports::Desk;
use unionhall_testkit::shop::{Shop, uscc};
use unionhall_testkit::{CadreHandle, TestApp};
use unionhall_web::RoleName;

const TITLES: &str = "商户名称,统一社会信用代码,类别,所在区划,合同起,合同止,联系人,联系手机,门店名称,门店地址,经度,纬度,坐标系\n";

/// A row; `told` is the branch with its address and place.
fn row(name: &str, uscc: &str, told: &str) -> String {
    format!("{name},{uscc},餐饮,410102,2026-01-01,2027-12-31,王小明,13800138000,{told}\n")
}

fn desk<'a>(app: &'a TestApp, by: &'a CadreHandle) -> Desk<'a> {
    Desk { app, by, kind: "merchants" }
}

async fn count(app: &TestApp) -> (i64, i64) {
    let merchants = app.number("SELECT count(*) FROM merchant").await;
    (merchants, app.number("SELECT count(*) FROM merchant_branch").await)
}

#[tokio::test]
async fn merchants_with_branches_come_in_and_sending_them_again_changes_nothing() {
    let app = TestApp::start().await;
    let officer = app.cadre("410102", RoleName::Officer).await;
    let desk = desk(&app, &officer);
    let (one, two) = (uscc(), uscc());
    let mut file = TITLES.to_owned();
    file += &row("胡辣汤店", &one, "顺河路店,顺河路1号,113.62,34.75,高德");
    file += &row("烩面馆", &two, ",,,,");
    file += &row("胡辣汤店", &one, "建设路店,建设路2号,,,");
    let dry = desk.read(&desk.validated("true", &file).await).await;
    assert_eq!(count(&app).await, (0, 0), "a dry run writes nothing");
    let import = desk.committed(&file).await;
    for field in ["rows_total", "rows_accepted", "rows_rejected", "rows_updated"] {
        assert_eq!(import[field], dry[field], "{field}");
    }
    assert_eq!((&import["rows_accepted"], &import["rows_updated"]), (&3.into(), &0.into()));
    assert_eq!(count(&app).await, (2, 2));

    let list = app.get("/v1/admin/merchants?name=胡辣汤").by(&officer.session).await.expect(200);
    let merchant = &list["items"][0];
    assert_eq!((&merchant["state"], &merchant["uscc"]), (&"LIVE".into(), &one.as_str().into()));
    assert_eq!(merchant["union_id"], officer.union.to_string());
    let path = format!("/v1/admin/merchants/{}/branches", merchant["id"].as_str().unwrap());
    let branches = app.get(&path).by(&officer.session).await.expect(200);
    let placed = branches["items"].as_array().unwrap().iter().find(|b| b["name"] == "顺河路店").unwrap();
    assert_eq!((&placed["datum"], &placed["lat"]), (&"gcj02".into(), &34.75.into()));

    let again = desk.committed(&file).await;
    assert_eq!((&again["rows_accepted"], &again["rows_updated"]), (&3.into(), &0.into()), "{again}");
    assert_eq!(count(&app).await, (2, 2), "no duplicates");
    let events = "SELECT count(*) FROM audit_entry WHERE action LIKE 'merchant.%'";
    assert_eq!(app.number(events).await, 4, "what was made stands on record, what was known does not");
    assert_eq!(desk.reverted(&again).await["rows_reverted"], 0, "what did nothing takes nothing back");
    assert_eq!(count(&app).await, (2, 2));
}

#[tokio::test]
async fn sending_it_again_updates_and_a_revert_puts_back_what_was() {
    let app = TestApp::start().await;
    let officer = app.cadre("410102", RoleName::Officer).await;
    let desk = desk(&app, &officer);
    let code = uscc();
    let first = format!("{TITLES}{}", row("老店名", &code, "顺河路店,顺河路1号,113.62,34.75,gcj02"));
    let made = desk.committed(&first).await;
    let content = "SELECT hashtext(m.name || m.contact_name || b.name || b.address || b.lat)::bigint \
                   FROM merchant m JOIN merchant_branch b ON b.merchant_id = m.id";
    let before = app.number(content).await;
    let mut second = TITLES.to_owned();
    // No coordinates in the file: those that are known stay.
    second += &row("新店名", &code, "顺河路店,顺河路99号,,,");
    second += &row("新店名", &code, "二七路店,二七路3号,,,");
    let changed = desk.committed(&second).await;
    assert_eq!((&changed["rows_accepted"], &changed["rows_updated"]), (&2.into(), &1.into()), "{changed}");
    assert_eq!(count(&app).await, (1, 2));
    let stays = "SELECT count(*) FROM merchant_branch WHERE address = '顺河路99号' AND lat = 34.75";
    assert_eq!(app.number(stays).await, 1);

    let kept = desk.reverted(&made).await;
    assert_eq!(
        (&kept["rows_reverted"], &kept["rows_kept"]),
        (&0.into(), &1.into()),
        "changed by the second file"
    );
    assert_eq!(desk.kept(made["id"].as_str().unwrap()).await, [(1, "CHANGED_SINCE".to_owned())]);

    let back = desk.reverted(&changed).await;
    assert_eq!((&back["rows_reverted"], &back["rows_kept"]), (&2.into(), &0.into()), "{back}");
    assert_eq!((count(&app).await, app.number(content).await), ((1, 1), before));
}

#[tokio::test]
async fn a_revert_takes_all_of_it_back_but_what_is_in_use() {
    let app = TestApp::start().await;
    let officer = app.cadre("410102", RoleName::Officer).await;
    let desk = desk(&app, &officer);
    let (used, clean) = (uscc(), uscc());
    let mut file = TITLES.to_owned();
    file += &row("有人的店", &used, "一店,顺河路1号,,,");
    file += &row("有人的店", &used, "二店,顺河路2号,,,");
    file += &row("没人的店", &clean, "三店,顺河路3号,,,");
    file += &row("没人的店", &clean, "四店,顺河路4号,,,");
    let import = desk.committed(&file).await;
    let list = app.get("/v1/admin/merchants?name=有人的店").by(&officer.session).await.expect(200);
    let staff = format!("/v1/admin/merchants/{}/staff", list["items"][0]["id"].as_str().unwrap());
    let body = serde_json::json!({"name": "李小红", "username": "in.use", "mobile": unionhall_testkit::mobile(), "role": "manager"});
    app.post(&staff, body).by(&officer.session).await.expect(201);
    let back = desk.reverted(&import).await;
    assert_eq!((&back["rows_reverted"], &back["rows_kept"]), (&3.into(), &1.into()), "{back}");
    assert_eq!(desk.kept(import["id"].as_str().unwrap()).await, [(1, "IN_USE".to_owned())]);
    assert_eq!(count(&app).await, (1, 1), "a row in use stays as a whole");
}

#[tokio::test]
async fn each_faulty_row_is_told_by_its_code() {
    let shop = Shop::open().await;
    let neighbour = shop.app.cadre("410103", RoleName::Officer).await;
    let (theirs, good) = (uscc(), uscc());
    let there = format!("{TITLES}{}", row("邻县的店", &theirs, ",,,,"));
    desk(&shop.app, &neighbour).committed(&there).await;
    let desk = desk(&shop.app, &shop.officer);
    let mut file = TITLES.to_owned();
    file += &row("好店", &good, "一店,顺河路1号,,,");
    file += &row("好店", &good, "一店,顺河路1号,,,");
    file += &row("坏店", &good, "二店,顺河路2号,,,");
    file += &row("邻县的店", &theirs, ",,,,");
    file += &row("坏店", "91410100MA000ABC25", ",,,,");
    file += &row("坏店", &uscc(), "没有地址,,,,");
    file += &row("坏店", &uscc(), "三店,顺河路3号,113,,");
    let id = desk.validated("false", &file).await;
    let codes = desk.read(&id).await["rejected_by_reason"].clone();
    let wanted = serde_json::json!({"DUPLICATE_IN_FILE": 1, "MERCHANT_DIFFERS": 1, "NEEDS_REVIEW": 1,
        "USCC_CHECK_DIGIT": 1, "BRANCH_INCOMPLETE": 1, "PLACE": 1});
    assert_eq!(codes, wanted);
    let errors = desk.errors(&id).await;
    for code in wanted.as_object().unwrap().keys() {
        assert!(errors.contains(&format!("{code}：")), "{code}");
    }
    desk.act(&id, "commit").await.expect(202);
    shop.app.drain().await;
    assert_eq!(desk.read(&id).await["rows_accepted"], 1);
    // The neighbour neither sees the import nor lost its merchant to it.
    let path = format!("/v1/admin/imports/{id}");
    assert_eq!(shop.app.get(&path).by(&neighbour.session).await.problem(404), "NOT_FOUND");
    let own =
        format!("SELECT count(*) FROM merchant WHERE uscc = '{theirs}' AND org_id = '{}'", neighbour.union);
    assert_eq!(shop.app.number(&own).await, 1);
}

#[tokio::test]
async fn many_commits_at_once_make_each_merchant_and_branch_once() {
    let app = TestApp::start().await;
    let officer = app.cadre("410102", RoleName::Officer).await;
    let desk = desk(&app, &officer);
    let mut file = TITLES.to_owned();
    for at in 0..40 {
        let code = uscc();
        writeln!(file, "{}", row("小店铺", &code, &format!("{at}店,顺河路{at}号,,,")).trim_end()).unwrap();
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
    assert_eq!(count(&app).await, (40, 40));
    for id in &ids {
        let import = desk.read(id).await;
        assert_eq!(
            (&import["state"], &import["rows_accepted"]),
            (&"committed".into(), &40.into()),
            "{import}"
        );
    }
}

#[tokio::test]
async fn who_may_not_enter_merchants_may_not_import_them() {
    let app = TestApp::start().await;
    let registrar = app.cadre("410102", RoleName::Registrar).await;
    let file = format!("{TITLES}{}", row("小店铺", &uscc(), ",,,,"));
    let refused = desk(&app, &registrar).send("upsert", "false", &file).await;
    assert_eq!(refused.problem(403), "FORBIDDEN");
    let officer = app.cadre("410102", RoleName::Officer).await;
    let desk_of = desk(&app, &officer);
    let id = desk_of.validated("false", &file).await;
    assert_eq!(desk(&app, &registrar).act(&id, "commit").await.problem(403), "FORBIDDEN");
    let refused = desk_of.send("full", "false", &file).await;
    assert_eq!(refused.problem(422), "VALIDATION_FAILED", "only members leave");
    let mut long = TITLES.to_owned();
    for _ in 0..=2000 {
        long += &row("小店铺", "91410100MA000ABC24", ",,,,");
    }
    let id = desk_of.send("upsert", "false", &long).await.expect(202)["id"].as_str().unwrap().to_owned();
    app.drain().await;
    assert_eq!(desk_of.read(&id).await["failure"]["code"], "TOO_MANY_ROWS");
    let template = app.get("/v1/admin/imports/template.xlsx?kind=merchants").by(&officer.session).await;
    assert_eq!(template.status, 200);
}

#[tokio::test]
async fn a_sheet_tells_what_a_file_brought_and_what_the_tables_hold() {
    let app = TestApp::start().await;
    let officer = app.cadre("410102", RoleName::Officer).await;
    let neighbour = app.cadre("410103", RoleName::Officer).await;
    let one = uscc();
    let file = TITLES.to_owned()
        + &row("胡辣汤店", &one, "顺河路店,顺河路1号,113.62,34.75,高德")
        + &row("胡辣汤店", &one, "建设路店,建设路2号,,,")
        + &row("无码店", "1", ",,,,");
    let import = desk(&app, &officer).committed(&file).await;
    let sheet = async |by: &CadreHandle| {
        let body = serde_json::json!({"union_id": by.union, "kind": "merchants"});
        let request = app.post("/v1/admin/import-reconciliations", body).by(&by.session);
        let sheet = request.key("sheet").await.expect(201);
        let held = |at: usize| sheet["holds"][at]["count"].as_i64().unwrap();
        ((held(0), held(1)), sheet["totals"].clone())
    };
    let (held, totals) = sheet(&officer).await;
    assert_eq!(held, (1, 2));
    assert_eq!((&totals["rows"], &totals["rejected"]), (&3.into(), &1.into()), "{totals}");
    assert_eq!(totals["rejected_by_reason"], import["rejected_by_reason"]);
    let (held, totals) = sheet(&neighbour).await;
    assert_eq!((held, &totals["rows"]), ((0, 0), &0.into()));
}
