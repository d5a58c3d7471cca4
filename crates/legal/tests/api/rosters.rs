//! Files of duty: a month's table, its gaps, its faults, taken back.

use serde_json::{Value, json};
use unionhall_testkit::counsel::LawyerHandle;
use unionhall_testkit::imports::Desk;
use unionhall_testkit::shop::id;
use unionhall_testkit::{CadreHandle, TestApp};
use unionhall_web::RoleName;
use uuid::Uuid;

async fn lawyers(app: &TestApp, by: &CadreHandle, names: &[&str]) -> Vec<LawyerHandle> {
    let firm = app.firm(&by.session, "河南正义律师事务所").await;
    let mut lawyers = Vec::new();
    for name in names {
        lawyers.push(app.lawyer(&by.session, firm, name).await);
    }
    lawyers
}

fn desk<'a>(app: &'a TestApp, by: &'a CadreHandle) -> Desk<'a> {
    Desk { app, by, kind: "duty_roster" }
}

// From when to when who has which shift, and who stands in.
async fn roster(app: &TestApp, by: &CadreHandle) -> Vec<(String, String, Uuid, Option<Uuid>)> {
    let list = app.get("/v1/admin/shifts?limit=100").by(&by.session).await.expect(200);
    let text = |shift: &Value, key: &str| shift[key].as_str().unwrap()[..16].to_owned();
    let who = |shift: &Value, key: &str| shift[key].as_str().map(|id| id.parse().unwrap());
    let one = |s: &Value| {
        (text(s, "starts_at"), text(s, "ends_at"), who(s, "lawyer_id").unwrap(), who(s, "backup_id"))
    };
    list["items"].as_array().unwrap().iter().map(one).collect()
}

#[tokio::test]
async fn a_months_table_is_planned_marked_where_somebody_is_missing_and_taken_back() {
    let app = TestApp::start().await;
    let leader = app.cadre("410102", RoleName::Leader).await;
    let of = lawyers(&app, &leader, &["李明", "王芳", "孙强"]).await;
    let desk = desk(&app, &leader);
    let file = "日期,星期,早班(8:00-16:00),夜班（20:00-次日8:00）,备班\n\
                2026-12-01,二,李明,王 芳,孙强\n\
                2026年12月2日,三,王芳,,孙强\n\
                2026/12/3,四,孙强,李明,孙强\n";
    let dry = desk.read(&desk.validated("true", file).await).await;
    assert_eq!((roster(&app, &leader).await.len(), &dry["rows_accepted"]), (0, &json!(3)), "{dry}");
    let import = desk.committed(file).await;
    assert_eq!((&import["rows_accepted"], &import["rows_rejected"]), (&json!(3), &json!(0)), "{import}");
    assert!(import.to_string().contains("\"duty_gap\""), "the night of the second has nobody: {import}");
    let [a, b, c] = [of[0].id, of[1].id, of[2].id];
    let at = |from: &str, to: &str, who, backup| (format!("2026-{from}"), format!("2026-{to}"), who, backup);
    let wanted = [
        at("12-01T00:00", "12-01T08:00", a, Some(c)),
        at("12-01T12:00", "12-02T00:00", b, Some(c)),
        at("12-02T00:00", "12-02T08:00", b, Some(c)),
        at("12-03T00:00", "12-03T08:00", c, None),
        at("12-03T12:00", "12-04T00:00", a, Some(c)),
    ];
    assert_eq!(roster(&app, &leader).await, wanted, "nobody stands in for themself");
    assert_eq!(app.number("SELECT count(*) FROM legal_shift WHERE state <> 'PLANNED'").await, 0);
    // Again: nothing is planned twice.
    let again = desk.committed(file).await;
    assert_eq!((&again["rows_accepted"], roster(&app, &leader).await.len()), (&json!(3), 5), "{again}");
    // What was published since stays.
    let days = json!({"from_date": "2026-12-03", "to_date": "2026-12-03", "reason": "提前发布"});
    app.post("/v1/admin/duty-roster/publish", days).by(&leader.session).await.expect(200);
    desk.reverted(&import).await;
    assert_eq!(desk.kept(import["id"].as_str().unwrap()).await, [(3, "CHANGED_SINCE".to_owned())]);
    assert_eq!(roster(&app, &leader).await, wanted[3..]);
}

#[tokio::test]
async fn each_fault_of_a_table_is_told_with_its_row() {
    let app = TestApp::start().await;
    let leader = app.cadre("410102", RoleName::Leader).await;
    let of = lawyers(&app, &leader, &["李明", "王芳", "孙强", "孙强"]).await;
    let days = json!({"from_date": "2026-12-05", "to_date": "2026-12-05"});
    app.post("/v1/lawyer/leaves", days).by(&of[1].session).await.expect(201);
    let other = json!({"lawyer_id": of[0].id, "starts_at": "2026-12-06T02:00:00Z", "ends_at": "2026-12-06T04:00:00Z"});
    id(&app.post("/v1/admin/shifts", other).by(&leader.session).await.expect(201));
    let far = app.cadre("410103", RoleName::Leader).await;
    lawyers(&app, &far, &["周正"]).await;
    let desk = desk(&app, &leader);
    let number = of[3].id;
    let practice = app.get(&format!("/v1/admin/lawyers/{number}")).by(&leader.session).await.expect(200);
    let practice = practice["practice_no"].as_str().unwrap().to_owned();
    let file = format!(
        "日期,值班律师,备班\n2026-12-01,{practice},李明\n2026-12-01,李明,\n明天,李明,\n2026-11-20,李明,\n2026-12-02,周正,\n\
         2026-12-03,孙强,\n2026-12-04,,\n2026-12-05,王芳,\n2026-12-05,李明,王芳\n2026-12-06,李明,\n2026-12-07,王芳,\n"
    );
    let import = desk.committed(&file).await;
    assert_eq!((&import["rows_accepted"], &import["rows_rejected"]), (&json!(2), &json!(9)), "{import}");
    let errors = desk.errors(import["id"].as_str().unwrap()).await;
    for told in ["与文件中前面的行重复", "日期为空", "在岗律师", "多名同名律师", "请假", "已有班次"]
    {
        assert!(errors.contains(told), "{told}: {errors}");
    }
    assert_eq!(roster(&app, &leader).await.len(), 3);
    let registrar = app.cadre("410102", RoleName::Registrar).await;
    let refused = Desk { app: &app, by: &registrar, kind: "duty_roster" }.send("upsert", "true", &file).await;
    assert_eq!(refused.problem(403), "FORBIDDEN");
}
