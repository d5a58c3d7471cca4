//! Who reads what, and who has read it.

use chrono::Duration;
use serde_json::json;
use unionhall_testkit::mobile;
use unionhall_web::RoleName;

use crate::office::Office;

const MINE: &str = "/v1/me/notices";

#[tokio::test]
async fn members_read_what_their_union_and_those_above_it_wrote() {
    let office = Office::open().await;
    let app = &office.app;
    let (_, factory) = app.union_under("410102", "中原机械有限公司工会").await;
    let (_, worker) = office.member(&factory).await;
    let (_, in_county) = office.member("410102").await;
    let (_, elsewhere) = office.member("410103").await;
    let newcomer = app.login_member(&mobile()).await;
    let (city_writes, city_approves) =
        (app.cadre("4101", RoleName::Officer).await, app.cadre("4101", RoleName::Leader).await);
    app.notice(&city_writes, &city_approves, &app.notice_body("市")).await;
    office.publish("县", &json!({})).await;
    office.publish("县干部", &json!({"audience": "cadres"})).await;
    office.publish("公开", &json!({"audience": "everyone"})).await;
    let unions =
        app.get("/v1/admin/unions?name=%E4%B8%AD%E5%8E%9F%E6%9C%BA%E6%A2%B0").by(&office.leader.session);
    let below = unions.await.expect(200)["items"][0]["id"].clone();
    office.publish("厂", &json!({"union_id": below})).await;
    let titles = async |by| {
        let mut titles = office.titles(MINE, Some(by)).await;
        titles.sort_unstable();
        titles
    };
    assert_eq!(titles(&worker).await, ["公开", "厂", "县", "市"]);
    assert_eq!(titles(&in_county).await, ["公开", "县", "市"]);
    assert_eq!(titles(&elsewhere).await, ["公开", "市"]);
    assert_eq!(titles(&newcomer).await, ["公开"]);
    assert_eq!(office.titles("/v1/public/notices", None).await, ["公开"]);
}

#[tokio::test]
async fn a_member_who_moves_reads_what_is_written_where_they_are_now() {
    let office = Office::open().await;
    let app = &office.app;
    let there = [app.cadre("410103", RoleName::Officer).await, app.cadre("410103", RoleName::Leader).await];
    let (who, member) = office.member("410102").await;
    let here = office.publish("这边", &json!({})).await;
    let other = app.notice(&there[0], &there[1], &app.notice_body("那边")).await;
    assert_eq!(office.titles(MINE, Some(&member)).await, ["这边"]);
    assert_eq!(app.get(&format!("{MINE}/{other}")).by(&member).await.problem(404), "NOT_FOUND");
    app.sql(&format!(
        "UPDATE membership SET path = o.path, org_id = o.id FROM org o WHERE o.code = '410103' AND person_id = '{}'",
        who.person
    ))
    .await;
    assert_eq!(office.titles(MINE, Some(&member)).await, ["那边"]);
    assert_eq!(app.get(&format!("{MINE}/{here}")).by(&member).await.problem(404), "NOT_FOUND");
    let read = app.post(&format!("{MINE}/{here}/read"), json!({})).by(&member).await;
    assert_eq!(read.problem(404), "NOT_FOUND");
    app.post(&format!("{MINE}/{other}/read"), json!({})).by(&member).await.expect(200);
    for (state, sees) in [("FROZEN", 1), ("RETAINED", 1), ("LEAVING", 1), ("ENDED", 0)] {
        app.sql(&format!("UPDATE membership SET state = '{state}', reason = 'quit'")).await;
        assert_eq!(office.titles(MINE, Some(&member)).await.len(), sees, "{state}");
    }
}

#[tokio::test]
async fn a_reader_counts_once() {
    let office = Office::open().await;
    let app = &office.app;
    let (_, member) = office.member("410102").await;
    let (_, other) = office.member("410102").await;
    let notice = office.publish("必读", &json!({"summary": "请阅读"})).await;
    let path = format!("{MINE}/{notice}");
    let unread =
        async |by| app.get("/v1/me/home").by(by).await.expect(200)["notices"]["unread_count"].clone();
    let found = app.get(&path).by(&member).await.expect(200);
    assert_eq!((&found["read"], &found["summary"]), (&json!(false), &json!("请阅读")));
    assert_eq!(found["body"], app.notice_body("")["body"]);
    assert_eq!(found["union_name"], "中原区总工会");
    assert_eq!(app.get(&path).by(&member).await.expect(200)["read"], false, "looking does not count");
    assert_eq!((unread(&member).await, office.read(notice).await["readers"].clone()), (json!(1), json!(0)));
    for _ in 0..3 {
        let read = app.post(&format!("{path}/read"), json!({})).by(&member).await.expect(200);
        assert_eq!((&read["read"], &read["id"]), (&json!(true), &json!(notice)));
        office.app.advance(Duration::seconds(1)).await;
    }
    assert_eq!(unread(&member).await, 0);
    assert_eq!(office.read(notice).await["readers"], 1);
    let list = app.get(MINE).by(&other).await.expect(200);
    assert_eq!(list["items"][0]["read"], false, "another's reading is not one's own");
    app.post(&format!("{path}/read"), json!({})).by(&other).await.expect(200);
    assert_eq!(office.read(notice).await["readers"], 2);
    let first = "SELECT count(DISTINCT at) FROM notice_read";
    assert_eq!(app.number(first).await, 2, "the first time stands");
    // Withdrawn, it is gone for who read it too; who read it is still known.
    let gone = app.notice_step(notice, "withdraw", &office.leader.session).await.expect(200);
    assert_eq!(gone["readers"], 2);
    assert_eq!(app.get(&path).by(&member).await.problem(404), "NOT_FOUND");
    assert_eq!(unread(&other).await, 0);
}

#[tokio::test]
async fn cadres_read_what_is_addressed_to_them_from_above() {
    let office = Office::open().await;
    let (app, officer) = (&office.app, &office.officer);
    let (writes, approves) =
        (app.cadre("4101", RoleName::Officer).await, app.cadre("4101", RoleName::Leader).await);
    let sibling = app.cadre("410103", RoleName::Registrar).await;
    let mut body = app.notice_body("市干部");
    body["audience"] = json!("cadres");
    let notice = app.notice(&writes, &approves, &body).await;
    office.publish("县干部", &json!({"audience": "cadres"})).await;
    office.publish("县会员", &json!({})).await;
    let list = "/v1/admin/received-notices";
    assert_eq!(office.titles(list, Some(&officer.session)).await, ["县干部", "市干部"]);
    assert_eq!(office.titles(list, Some(&sibling.session)).await, ["市干部"]);
    assert_eq!(office.titles(list, Some(&writes.session)).await, ["市干部"], "not those below");
    let admin = app.get(&format!("/v1/admin/notices/{notice}")).by(&officer.session).await;
    assert_eq!(admin.problem(404), "NOT_FOUND", "a scope does not reach up");
    let path = format!("{list}/{notice}");
    assert_eq!(app.get(&path).by(&officer.session).await.expect(200)["read"], false);
    app.post(&format!("{path}/read"), json!({})).by(&officer.session).await.expect(200);
    assert_eq!(app.get(&path).by(&officer.session).await.expect(200)["read"], true);
    let seen = app.get(&format!("/v1/admin/notices/{notice}")).by(&writes.session).await.expect(200);
    assert_eq!(seen["readers"], 1);
    let (_, member) = office.member("410102").await;
    assert_eq!(app.get(&format!("{MINE}/{notice}")).by(&member).await.problem(404), "NOT_FOUND");
}

#[tokio::test]
async fn what_is_for_everybody_comes_from_a_federation_and_stands_first_in_its_own_tree() {
    let office = Office::open().await;
    let app = &office.app;
    let (_, factory) = app.union_under("410102", "中原机械有限公司工会").await;
    let (writes, approves) =
        (app.cadre(&factory, RoleName::Officer).await, app.cadre(&factory, RoleName::Leader).await);
    let public = json!({"audience": "everyone", "pinned_until": "2027-01-01T00:00:00Z"});
    let refused = app.post("/v1/admin/notices", office.body("厂", &public)).by(&writes.session).await;
    assert_eq!((refused.status, &refused.json()["errors"][0]["code"]), (422, &json!("AUDIENCE_LEVEL")));
    let draft = app.draft(&writes, &app.notice_body("厂")).await;
    let path = format!("/v1/admin/notices/{draft}");
    let tag = app.get(&path).by(&writes.session).await.etag();
    let later = app.request("PATCH", &path).json(json!({"audience": "everyone"}));
    let later = later.by(&writes.session).if_match(&tag).await;
    assert_eq!(later.json()["errors"][0]["code"], "AUDIENCE_LEVEL");
    drop(approves);
    let long = json!({"audience": "everyone", "pinned_until": "2199-12-31T00:00:00Z"});
    let long = app.post("/v1/admin/notices", office.body("县", &long)).by(&office.officer.session).await;
    assert_eq!(long.json()["errors"][0]["code"], "PIN_LENGTH");

    office.publish("县置顶", &public).await;
    app.advance(Duration::seconds(1)).await;
    let there = [app.cadre("410103", RoleName::Officer).await, app.cadre("410103", RoleName::Leader).await];
    app.notice(&there[0], &there[1], &office.body("邻县", &json!({"audience": "everyone"}))).await;
    let (_, here) = office.member("410102").await;
    let (_, elsewhere) = office.member("410103").await;
    assert_eq!(office.titles(MINE, Some(&here)).await, ["县置顶", "邻县"]);
    assert_eq!(office.titles(MINE, Some(&elsewhere)).await, ["邻县", "县置顶"], "no pin of another county's");
    assert_eq!(office.titles("/v1/public/notices", None).await, ["县置顶", "邻县"]);
    let first = app.get(&format!("{MINE}?limit=1")).by(&elsewhere).await.expect(200);
    let next = format!("{MINE}?limit=1&after={}", first["next"].as_str().unwrap());
    assert_eq!(office.titles(&next, Some(&elsewhere)).await, ["县置顶"]);
    let received = "/v1/admin/received-notices";
    assert_eq!(office.titles(received, Some(&there[1].session)).await, ["邻县"], "addressed from above");
}
