//! Files of postings from public employment services: judged, written, sent again, taken back; nobody applies to them here.

use serde_json::{Value, json};
use unionhall_testkit::imports::Desk as Files;
use unionhall_testkit::{CadreHandle, TestApp};
use unionhall_web::RoleName;

use crate::applications::{apply, seeker};
use crate::desk::{Desk, body, midnight};

const TITLES: &str = "单位名称,统一社会信用代码,职位名称,工作内容,工作地区划,招聘人数,最低薪酬,最高薪酬,截止日期,发布机构,岗位编号,联系电话\n";

fn row(number: &str, title: &str, content: &str, pay: &str) -> String {
    format!(
        "郑州某某纺织有限公司,91410100MA000ABC24,{title},{content},410102,5,{pay},8000,2026-12-20,中原区人才服务中心,{number},0371-12345678\n"
    )
}

fn files<'a>(app: &'a TestApp, by: &'a CadreHandle) -> Files<'a> {
    Files { app, by, kind: "job_postings" }
}

async fn found(app: &TestApp, q: &str) -> Vec<Value> {
    let found = app.get(&format!("/v1/public/jobs?q={q}")).await.expect(200);
    found["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_file_is_judged_like_a_recruiters_posting_and_coming_again_changes_nothing() {
    let app = TestApp::start().await;
    let leader = app.cadre("410102", RoleName::Leader).await;
    let files = files(&app, &leader);
    let mut file = TITLES.to_owned();
    file += &row("1", "挡车工甲", "看管织机。", "4500");
    file += &row("2", "挡车工乙", "看管织机，35岁以下。", "4500");
    file += &row("3", "挡车工丙", "看管织机，限女性。", "4500");
    file += &row("4", "挡车工丁", "看管织机。", "1000");
    file += &row("1", "挡车工甲", "看管织机。", "4500");
    file += &row("5", "挡车工戊", "看管织机。", "面议").replace("8000", "");
    let dry = files.read(&files.validated("true", &file).await).await;
    assert_eq!(app.number("SELECT count(*) FROM job_posting").await, 0, "a dry run writes nothing");
    assert_eq!(
        dry["rejected_by_reason"],
        json!({"LEXICON_BLOCKED": 1, "BELOW_MINIMUM_WAGE": 1, "DUPLICATE_IN_FILE": 1})
    );
    let import = files.committed(&file).await;
    assert_eq!((&import["rows_accepted"], &import["rows_rejected"]), (&json!(3), &json!(3)), "{import}");
    let errors = files.errors(import["id"].as_str().unwrap()).await;
    assert!(errors.contains("不得出现的内容") && errors.contains("最低工资"), "{errors}");
    let titles: Vec<Value> = found(&app, "挡车工").await.iter().map(|job| job["title"].clone()).collect();
    assert_eq!(titles, [json!("挡车工戊"), json!("挡车工甲")]);
    let waiting = app.get("/v1/admin/job-postings").by(&leader.session).await.expect(200);
    assert_eq!(
        (&waiting["items"][0]["title"], &waiting["items"][0]["state"]),
        (&json!("挡车工乙"), &json!("REVIEW"))
    );
    let job = &found(&app, "挡车工甲").await[0];
    let job = app.get(&format!("/v1/public/jobs/{}", job["id"].as_str().unwrap())).await.expect(200);
    let source = json!({"name": "中原区人才服务中心", "number": "1", "contact": "0371-12345678"});
    assert_eq!((&job["source"], &job["valid_through"]), (&source, &json!("2026-12-20")));
    let again = files.committed(&file).await;
    assert_eq!((&again["rows_accepted"], &again["rows_updated"]), (&json!(3), &json!(0)), "{again}");
    assert_eq!(app.number("SELECT count(*) FROM job_posting").await, 3);
    assert_eq!(app.number("SELECT count(*) FROM recruiter").await, 1);
    let list = app.get("/v1/admin/recruiters").by(&leader.session).await.expect(200);
    assert_eq!(list["items"], json!([]), "nobody verifies them");
    // What the county lets out keeps the source's last day.
    let path = format!("/v1/admin/job-postings/{}", waiting["items"][0]["id"].as_str().unwrap());
    let live = app.decide(&path, "approve", &leader.session, json!({})).await.expect(200);
    assert_eq!(live["valid_through"], "2026-12-20");
}

#[tokio::test]
async fn whoever_wants_the_job_is_told_whom_to_call() {
    let desk = Desk::open().await;
    let leader = desk.app.cadre("410102", RoleName::Leader).await;
    let file = format!("{TITLES}{}", row("1", "挡车工", "看管织机。", "4500"));
    files(&desk.app, &leader).committed(&file).await;
    let job = &found(&desk.app, "挡车工").await[0];
    let by = seeker(&desk).await;
    let refused = apply(&desk, job["id"].as_str().unwrap().parse().unwrap(), &by, "k").await;
    assert_eq!(
        (refused.problem(409).as_str(), &refused.json()["rule"]),
        ("NOT_ELIGIBLE", &json!("public_service"))
    );
    let detail = refused.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("中原区人才服务中心") && detail.contains("0371-12345678"), "{detail}");
    let own = desk.publish(&body()).await;
    let own = desk.app.get(&format!("/v1/public/jobs/{own}")).await.expect(200);
    assert_eq!(own["source"], Value::Null);
}

#[tokio::test]
async fn a_revert_takes_down_what_nobody_touched_and_its_numbers_are_free_again() {
    let app = TestApp::start().await;
    let leader = app.cadre("410102", RoleName::Leader).await;
    let files = files(&app, &leader);
    let mut file = TITLES.to_owned();
    for (number, content) in [("1", "看管织机。"), ("2", "看管织机，35岁以下。"), ("3", "看管粗纱机。")]
    {
        file += &row(number, "挡车工", content, "4500");
    }
    let import = files.committed(&file).await;
    let touched = found(&app, "粗纱").await[0]["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/admin/job-postings/{touched}");
    app.decide(&path, "remove", &leader.session, json!({"reason": "单位来电要求"})).await.expect(200);
    let reverted = files.reverted(&import).await;
    assert_eq!((&reverted["rows_reverted"], &reverted["rows_kept"]), (&json!(2), &json!(1)), "{reverted}");
    assert_eq!(files.kept(import["id"].as_str().unwrap()).await, [(3, "CHANGED_SINCE".to_owned())]);
    assert!(found(&app, "挡车工").await.is_empty());
    let again = files.committed(&file).await;
    assert_eq!(again["rows_accepted"], 3);
    assert_eq!(found(&app, "挡车工").await.len(), 1, "the one that was taken down stays so");
}

#[tokio::test]
async fn a_banned_employer_comes_back_by_no_file_and_the_last_day_ends_it() {
    let desk = Desk::open().await;
    let leader = desk.app.cadre("410102", RoleName::Leader).await;
    let files = files(&desk.app, &leader);
    let file = format!("{TITLES}{}", row("1", "挡车工", "看管织机。", "4500"));
    let banned = file.replace("91410100MA000ABC24", &desk.recruiter.uscc);
    // Beside an employer who is verified here, its postings of the service stand by themselves.
    files
        .committed(&file.replace("91410100MA000ABC24", &desk.recruiter.uscc).replace(",1,0371", ",0,0371"))
        .await;
    let own = desk.app.get("/v1/recruiter/postings").by(&desk.recruiter.session).await.expect(200);
    assert_eq!(own["items"], json!([]));
    let path = format!("/v1/admin/recruiters/{}", desk.recruiter.id);
    for (step, reason) in [("suspend", "多次被举报"), ("ban", "属实")] {
        desk.app.decide(&path, step, &desk.officer.session, json!({"reason": reason})).await.expect(200);
    }
    let refused = files.read(&files.validated("false", &banned).await).await;
    assert_eq!(refused["rejected_by_reason"], json!({"EMPLOYER_REFUSED": 1}));
    let short = file.replace("2026-12-20", "2026-11-20").replace(",1,0371", ",9,0371");
    files.committed(&short).await;
    assert_eq!(found(&desk.app, "挡车工").await.len(), 2);
    midnight(&desk.app).await;
    assert_eq!(found(&desk.app, "挡车工").await.len(), 1);
}

#[tokio::test]
async fn who_looks_at_no_postings_uploads_none() {
    let app = TestApp::start().await;
    let registrar = app.cadre("410102", RoleName::Registrar).await;
    let file = format!("{TITLES}{}", row("1", "挡车工", "看管织机。", "4500"));
    let refused = files(&app, &registrar).send("upsert", "false", &file).await;
    assert_eq!(refused.problem(403), "FORBIDDEN");
}
