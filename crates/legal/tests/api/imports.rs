//! Files of lawyers: judged, written, sent again, taken back, the neighbour's.

use serde_json::json;
use unionhall_testkit::imports::Desk;

use unionhall_testkit::{CadreHandle, PASSWORD, TestApp, citizen, mobile};
use unionhall_web::{Realm, RoleName};

const TITLES: &str = "姓名,证件号码,手机,律师事务所,律所许可证号,律所许可证有效期,执业证号,执业证有效期,业务领域,所在区划,简介\n";

struct Who {
    name: &'static str,
    id: String,
    mobile: String,
    practice: String,
}

fn who(name: &'static str) -> Who {
    Who { name, id: citizen(), mobile: mobile(), practice: format!("P{}", mobile()) }
}

/// A row; `firm` is its name and licence.
fn row(of: &Who, firm: (&str, &str), told: &str) -> String {
    let Who { name, id, mobile, practice } = of;
    format!("{name},{id},{mobile},{},{},2028-05-31,{practice},2028年5月31日,{told}\n", firm.0, firm.1)
}

fn desk<'a>(app: &'a TestApp, by: &'a CadreHandle) -> Desk<'a> {
    Desk { app, by, kind: "lawyers" }
}

async fn count(app: &TestApp) -> (i64, i64) {
    let lawyers = app.number("SELECT count(*) FROM legal_lawyer").await;
    (lawyers, app.number("SELECT count(*) FROM legal_firm").await)
}

#[tokio::test]
async fn lawyers_come_in_with_their_firms_are_invited_once_and_can_log_in() {
    let app = TestApp::start().await;
    let leader = app.cadre("410102", RoleName::Leader).await;
    let desk = desk(&app, &leader);
    let (a, b, c) = (who("李明"), who("王芳"), who("孙强"));
    let (one, two) = (("河南正义律师事务所", "LIC-1"), ("北京公平（郑州）律师事务所", "LIC-2"));
    let mut file = TITLES.to_owned();
    file += &row(&a, one, "工伤、工资,410102,擅长工伤");
    file += &row(&b, ("河南正义律师事务所（普通合伙）", "LIC-1"), ",410102,");
    file += &row(&c, two, "婚姻家庭,中原区,");
    let dry = desk.read(&desk.validated("true", &file).await).await;
    assert_eq!((count(&app).await, &dry["rows_accepted"]), ((0, 0), &json!(3)), "a dry run writes nothing");
    let import = desk.committed(&file).await;
    assert_eq!((&import["rows_accepted"], &import["rows_rejected"]), (&json!(3), &json!(0)), "{import}");
    assert_eq!(count(&app).await, (3, 2));
    assert_eq!(app.sms.last(&a.mobile), Some("invitation"));
    let invited = app.sms.count(&a.mobile);
    let list = app.get("/v1/admin/lawyers").by(&leader.session).await.expect(200);
    let of =
        |name: &str| list["items"].as_array().unwrap().iter().find(|l| l["name"] == name).unwrap().clone();
    assert_eq!(
        (&of("李明")["fields"], &of("李明")["intro"]),
        (&json!(["work_injury", "wages"]), &json!("擅长工伤"))
    );
    assert_eq!(
        (&of("孙强")["fields"], &of("孙强")["licence_until"]),
        (&json!(["other"]), &json!("2028-05-31"))
    );
    assert_eq!(of("李明")["firm_id"], of("王芳")["firm_id"]);
    // The account is as one entered by hand.
    let code = app.otp(&a.mobile, "confirm", Realm::Lawyer).await;
    let active = json!({"realm": "lawyer", "mobile": a.mobile, "code": code, "password": PASSWORD});
    app.post("/v1/auth/activate", active).await.expect(200);
    let session = app.login_lawyer(&a.practice).await;
    app.post("/v1/lawyer/presence", json!({})).by(&session).await.expect(200);
    // Again: nothing happens, nobody is invited twice.
    let sent = app.sms.count(&a.mobile);
    let again = desk.committed(&file).await;
    assert_eq!((&again["rows_accepted"], &again["rows_updated"]), (&json!(3), &json!(0)), "{again}");
    assert_eq!((count(&app).await, app.sms.count(&a.mobile)), ((3, 2), sent));
    assert!(invited >= 1);
    assert_eq!(desk.reverted(&again).await["rows_reverted"], 0, "what did nothing takes nothing back");
    // Taken back: who has activated stays, and with them their firm.
    desk.reverted(&import).await;
    assert_eq!(count(&app).await, (1, 1));
    assert_eq!(desk.kept(import["id"].as_str().unwrap()).await, [(1, "IN_USE".to_owned())]);
    // And comes in again.
    desk.committed(&file).await;
    assert_eq!(count(&app).await, (3, 2));
}

#[tokio::test]
async fn a_file_changes_what_is_said_of_a_lawyer_and_a_revert_puts_it_back() {
    let app = TestApp::start().await;
    let leader = app.cadre("410102", RoleName::Leader).await;
    let desk = desk(&app, &leader);
    let a = who("李明");
    desk.committed(&format!("{TITLES}{}", row(&a, ("河南正义律师事务所", "LIC-1"), "工伤,410102,老简介")))
        .await;
    let file = format!("{TITLES}{}", row(&a, ("河南公平律师事务所", "LIC-2"), "工资,410103,"));
    let changed = desk.committed(&file).await;
    assert_eq!(changed["rows_updated"], 1);
    let one = async || app.get("/v1/admin/lawyers").by(&leader.session).await.expect(200)["items"][0].clone();
    let now = one().await;
    assert_eq!(
        (&now["fields"], &now["division"], &now["intro"]),
        (&json!(["wages"]), &json!("410103"), &json!("老简介"))
    );
    assert_eq!(app.number("SELECT count(*) FROM legal_affiliation").await, 2, "what they knew they know");
    // The firm that came with the row is in use by the affiliation that stays.
    desk.act(changed["id"].as_str().unwrap(), "revert").await.expect(202);
    app.drain().await;
    assert_eq!(desk.kept(changed["id"].as_str().unwrap()).await, [(1, "IN_USE".to_owned())]);
    assert_eq!(one().await["division"], "410103");
    // Without another firm it goes back.
    let file = format!("{TITLES}{}", row(&a, ("河南公平律师事务所", "LIC-2"), "工伤,410102,新简介"));
    let changed = desk.committed(&file).await;
    assert_eq!(one().await["intro"], "新简介");
    desk.reverted(&changed).await;
    assert_eq!((&one().await["intro"], &one().await["division"]), (&json!("老简介"), &json!("410103")));
}

#[tokio::test]
async fn each_fault_is_told_with_its_row() {
    let app = TestApp::start().await;
    let leader = app.cadre("410102", RoleName::Leader).await;
    let far = app.cadre("410103", RoleName::Leader).await;
    let theirs = who("周正");
    let file = format!("{TITLES}{}", row(&theirs, ("外地律师事务所", "LIC-9"), ",410103,"));
    desk(&app, &far).committed(&file).await;
    let desk = desk(&app, &leader);
    let (good, other) = (who("李明"), who("王芳"));
    let firm = ("河南正义律师事务所", "LIC-1");
    let with = |name, id: &str, mobile: &str, practice: &str| Who {
        name,
        id: id.to_owned(),
        mobile: mobile.to_owned(),
        practice: practice.to_owned(),
    };
    let mut file = TITLES.to_owned();
    file += &row(&good, firm, ",410102,");
    for (of, firm, told) in [
        (with("李明", &good.id, &other.mobile, &other.practice), firm, ",410102,"),
        (with("王芳", &other.id, "12", &other.practice), firm, ",410102,"),
        (with("王芳", &other.id, &other.mobile, ""), firm, ",410102,"),
        (
            with("王芳", &other.id, &other.mobile, &other.practice),
            ("河南公平律师事务所", "LIC-1"),
            ",410102,",
        ),
        (with("王芳", &other.id, &other.mobile, &other.practice), ("", "LIC-1"), ",410102,"),
        (with("王芳", &other.id, &other.mobile, &other.practice), firm, ",999999,"),
        (with("王芳", &theirs.id, &other.mobile, &other.practice), firm, ",410102,"),
        (with("周正", &theirs.id, &other.mobile, &theirs.practice), firm, ",410102,"),
        (with("王芳", &other.id, &other.mobile, &other.practice), ("外地律师事务所", "LIC-9"), ",410102,"),
        (with("王芳", &other.id, &theirs.mobile, &other.practice), firm, ",410102,"),
    ] {
        file += &row(&of, firm, told);
    }
    let import = desk.committed(&file).await;
    assert_eq!((&import["rows_accepted"], &import["rows_rejected"]), (&json!(1), &json!(10)), "{import}");
    let errors = desk.errors(import["id"].as_str().unwrap()).await;
    for told in [
        "与文件中前面的行重复",
        "不是11位手机号",
        "执业证号为空",
        "律师事务所名称不同",
        "须同时填写",
        "所在区划不存在",
        "姓名与会员名册不一致",
        "需要人工核实",
        "已被其他律师使用",
    ] {
        assert!(errors.contains(told), "{told}: {errors}");
    }
    assert!(!errors.contains(&good.practice), "what is right is not told");
    assert_eq!(count(&app).await, (2, 2));
    // Not for those who may not enter lawyers by hand.
    let registrar = app.cadre("410102", RoleName::Registrar).await;
    let refused = Desk { app: &app, by: &registrar, kind: "lawyers" }.send("upsert", "true", TITLES).await;
    assert_eq!(refused.problem(403), "FORBIDDEN");
}
