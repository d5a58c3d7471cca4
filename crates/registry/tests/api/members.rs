//! Members by scope: lists, search, reveal, states.

use serde_json::{Value, json};
use unionhall_testkit::{Reply, TestApp};
use unionhall_web::RoleName;

fn ids(body: &Value) -> Vec<String> {
    body["items"].as_array().unwrap().iter().map(|m| m["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn each_cadre_sees_their_subtree_masked() {
    let app = TestApp::start().await;
    let here = app.on_roster("410102").await;
    let below = app.on_roster(&app.union_under("410102", "中原机械厂工会").await.1).await;
    let sibling = app.on_roster("410103").await;
    let elsewhere = app.on_roster("410302").await;
    let list = |by: unionhall_testkit::Session| app.get("/v1/admin/members?limit=100").by(&by).into_future();
    let county = app.cadre("410102", RoleName::Officer).await.session;
    let city = app.cadre("4101", RoleName::Officer).await.session;
    let province = app.cadre("41", RoleName::Officer).await.session;
    let seen = list(county).await.expect(200);
    assert_eq!(ids(&seen), [here.person.to_string(), below.person.to_string()]);
    assert_eq!(ids(&list(city).await.expect(200)).len(), 3);
    assert_eq!(ids(&list(province).await.expect(200)).len(), 4);
    let text = seen.to_string();
    for secret in [&here.id_number, &here.mobile, &here.name, &sibling.id_number, &elsewhere.mobile] {
        assert!(!text.contains(secret.as_str()));
    }
    let first = &seen["items"][0];
    assert_eq!((first["name"].as_str(), first["state"].as_str()), (Some("王*明"), Some("ACTIVE")));
    assert_eq!(first["real_name_level"], 0);
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_repeat() {
    let app = TestApp::start().await;
    let (_, code) = app.union_under("410102", "中原机械厂工会").await;
    for n in 0..7 {
        app.on_roster(if n % 2 == 0 { &code } else { "410102" }).await;
    }
    let officer = app.cadre("410102", RoleName::Officer).await.session;
    let whole = ids(&app.get("/v1/admin/members").by(&officer).await.expect(200));
    let (mut paged, mut next) = (Vec::new(), None::<String>);
    loop {
        let after = next.map(|n| format!("&after={n}")).unwrap_or_default();
        let page = app.get(&format!("/v1/admin/members?limit=2{after}")).by(&officer).await.expect(200);
        paged.extend(ids(&page));
        match page["next"].as_str() {
            Some(n) => next = Some(n.to_owned()),
            None => break,
        }
    }
    assert_eq!(paged, whole);
    assert_eq!(whole.len(), 7);
}

#[tokio::test]
async fn a_cursor_belongs_to_its_list_and_its_scope() {
    let app = TestApp::start().await;
    for _ in 0..3 {
        app.on_roster("410102").await;
    }
    let officer = app.cadre("410102", RoleName::Officer).await.session;
    let other = app.cadre("410103", RoleName::Officer).await.session;
    let page = app.get("/v1/admin/members?limit=1").by(&officer).await.expect(200);
    let next = page["next"].as_str().unwrap();
    let with = |query: &str| format!("/v1/admin/members?limit=1&after={query}");
    assert_eq!(app.get(&with(next)).by(&other).await.problem(400), "CURSOR_INVALID");
    let filtered = format!("{}&state=FROZEN", with(next));
    assert_eq!(app.get(&filtered).by(&officer).await.problem(400), "CURSOR_INVALID");
    assert_eq!(app.get(&with("AAAA")).by(&officer).await.problem(400), "CURSOR_INVALID");
    for limit in ["0", "101", "-1", "x"] {
        let reply = app.get(&format!("/v1/admin/members?limit={limit}")).by(&officer).await;
        assert_eq!(reply.problem(400), "INVALID_PARAMETER");
    }
}

#[tokio::test]
async fn filters_narrow_and_never_widen() {
    let app = TestApp::start().await;
    let (union, code) = app.union_under("410102", "中原机械厂工会").await;
    let inside = app.on_roster(&code).await;
    app.on_roster("410102").await;
    let sibling = app.on_roster("410103").await;
    let officer = app.cadre("410102", RoleName::Officer).await.session;
    let get = |query: String| app.get(&format!("/v1/admin/members?{query}")).by(&officer).into_future();
    assert_eq!(ids(&get(format!("union_id={union}")).await.expect(200)), [inside.person.to_string()]);
    assert_eq!(get(format!("union_id={}", sibling.union)).await.expect(200)["items"], json!([]));
    assert_eq!(get("name=%25".into()).await.expect(200)["items"], json!([]), "% is a character");
    assert_eq!(ids(&get("name=小".into()).await.expect(200)).len(), 2);
    assert_eq!(get("state=ENDED".into()).await.expect(200)["items"], json!([]));
    assert_eq!(get("state=NONE".into()).await.problem(400), "INVALID_PARAMETER");
}

#[tokio::test]
async fn exact_search_finds_in_scope_only_and_tells_nothing_else() {
    let app = TestApp::start().await;
    let (mine, foreign) = (app.on_roster("410102").await, app.on_roster("410103").await);
    let officer = app.cadre("410102", RoleName::Officer).await.session;
    let search = |body: Value| app.post("/v1/admin/members/search", body).by(&officer).into_future();
    let by_id = |number: &str| json!({"id_type": "citizen_id", "id_number": number});
    assert_eq!(ids(&search(by_id(&mine.id_number)).await.expect(200)), [mine.person.to_string()]);
    assert_eq!(ids(&search(json!({"mobile": mine.mobile})).await.expect(200)), [mine.person.to_string()]);
    let strip = |r: Reply| r.expect(200);
    let out_of_scope = strip(search(by_id(&foreign.id_number)).await);
    let nobody = strip(search(by_id(&unionhall_testkit::citizen())).await);
    assert_eq!(out_of_scope, nobody);
    assert_eq!(strip(search(json!({"mobile": foreign.mobile})).await), nobody);
    let both = search(json!({"mobile": mine.mobile, "id_type": "citizen_id"})).await;
    assert_eq!(both.problem(422), "VALIDATION_FAILED");
    assert_eq!(search(json!({})).await.problem(422), "VALIDATION_FAILED");
}

#[tokio::test]
async fn a_reveal_needs_a_reason_a_right_and_leaves_a_trace_the_member_sees() {
    let app = TestApp::start().await;
    let member = app.on_roster("410102").await;
    let leader = app.cadre("410102", RoleName::Leader).await.session;
    let officer = app.cadre("410102", RoleName::Officer).await.session;
    let sibling = app.cadre("410103", RoleName::Leader).await.session;
    let path = format!("/v1/admin/members/{}/reveal", member.person);
    let body = json!({"fields": ["id_number", "mobile", "birth_date"], "reason": "核对慰问对象"});
    assert_eq!(app.post(&path, body.clone()).by(&officer).await.problem(403), "FORBIDDEN");
    assert_eq!(app.post(&path, body.clone()).by(&sibling).await.problem(404), "NOT_FOUND");
    let nothing = app.post(&path, json!({"fields": [], "reason": "x"})).by(&leader).await;
    assert_eq!(nothing.json()["errors"].as_array().unwrap().len(), 2);
    let shown = app.post(&path, body).by(&leader).await;
    assert_eq!(shown.header("cache-control"), Some("no-store"));
    let shown = shown.expect(200);
    assert_eq!(shown["id_number"], member.id_number);
    assert_eq!(shown["mobile"], member.mobile);
    assert!(shown.get("name").is_none() && shown["birth_date"].as_str().unwrap().starts_with("1985-"));
    let session = app.login_member(&member.mobile).await;
    app.prove(&session, &member).await;
    let looks = app.get("/v1/me/data-accesses").by(&session).await.expect(200);
    assert_eq!(looks["items"].as_array().unwrap().len(), 1);
    assert_eq!(looks["items"][0]["reason"], "核对慰问对象");
    assert_eq!(looks["items"][0]["union_name"], "中原区总工会");
    let auditor = app.cadre("410102", RoleName::Auditor).await.session;
    let rows = app.get("/v1/admin/audit-events?action=member.reveal").by(&auditor).await.expect(200);
    let outcomes: Vec<&str> =
        rows["items"].as_array().unwrap().iter().map(|r| r["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["intent", "done"]);
    let foreign = app.cadre("410103", RoleName::Auditor).await.session;
    let rows = app.get("/v1/admin/audit-events?action=member.reveal").by(&foreign).await.expect(200);
    assert_eq!(rows["items"], json!([]));
    // What happened under no union, like the member's own login, is the province's to read.
    let logins = "/v1/admin/audit-events?action=session.open";
    let opened = |rows: Value| {
        let items = rows["items"].as_array().unwrap().clone();
        items.iter().filter(|r| r["union_id"].is_null() && r["post_id"].is_null()).count()
    };
    app.login_member(&member.mobile).await;
    let province = app.cadre("41", RoleName::Auditor).await.session;
    assert!(opened(app.get(logins).by(&province).await.expect(200)) > 0);
    assert_eq!(opened(app.get(logins).by(&foreign).await.expect(200)), 0);
}

#[tokio::test]
async fn the_work_list_holds_what_one_may_work_off() {
    let app = TestApp::start().await;
    let list = async |role: RoleName| {
        let cadre = app.cadre("410102", role).await;
        let todos = app.get("/v1/admin/todos").by(&cadre.session).await.expect(200);
        let items = todos["items"].as_array().unwrap().clone();
        items.iter().map(|t| t["type"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let (join, phone, fact, import) = ("join_application", "mobile_change", "correction", "import");
    let (campaign, merchant, appeal, notice) =
        ("campaign", "merchant_application", "merchant_appeal", "notice");
    let (leaver, export, sheet) = ("leaver_proposal", "export", "import_reconciliation");
    let (applied, suspended, posting, report) =
        ("recruiter_application", "recruiter_suspension", "job_posting", "job_report");
    let registry = vec![join, phone, fact, leaver, export, import, sheet];
    let rest = vec![
        campaign,
        merchant,
        appeal,
        applied,
        suspended,
        posting,
        report,
        notice,
        "consultation",
        "legal_aid",
        "duty_gap",
    ];
    assert_eq!(list(RoleName::Leader).await, [registry, rest].concat());
    assert_eq!(list(RoleName::Registrar).await, [join, phone, fact, leaver, import]);
    assert_eq!(list(RoleName::Reviewer).await, [join, phone, fact, campaign, posting, report]);
    assert_eq!(list(RoleName::LegalOfficer).await, ["consultation", "legal_aid", "duty_gap"]);
    assert_eq!(list(RoleName::MerchantOfficer).await, [merchant, appeal]);
}

#[tokio::test]
async fn a_membership_moves_as_the_state_machine_says() {
    let app = TestApp::start().await;
    let member = app.on_roster("410102").await;
    let leader = app.cadre("410102", RoleName::Leader).await.session;
    let path = format!("/v1/admin/members/{}", member.person);
    let to = async |action: &str, body: Value| {
        let tag = app.get(&path).by(&leader).await.etag();
        app.post(&format!("{path}/{action}"), body).by(&leader).if_match(&tag).await
    };
    let unread = app.post(&format!("{path}/freeze"), json!({"reason": "办理手续"})).by(&leader).await;
    assert_eq!(unread.problem(428), "IF_MATCH_REQUIRED");
    let old = app.get(&path).by(&leader).await.etag();
    let why = json!({"reason": "办理手续"});
    assert_eq!(to("unfreeze", why.clone()).await.problem(409), "INVALID_STATE");
    assert_eq!(to("freeze", why.clone()).await.expect(200)["state"], "FROZEN");
    for tag in [old.as_str(), "*", "\"v1\""] {
        let late = app.post(&format!("{path}/unfreeze"), why.clone()).by(&leader).if_match(tag).await;
        assert_eq!(late.problem(412), "STALE", "{tag}");
    }
    assert_eq!(to("freeze", why.clone()).await.problem(409), "INVALID_STATE");
    assert_eq!(to("unfreeze", why).await.expect(200)["state"], "ACTIVE");
    let retire = json!({"kind": "retire", "reason": "到龄退休"});
    let retired = to("retain", retire.clone()).await.expect(200);
    assert_eq!((retired["state"].as_str(), retired["reason"].as_str()), (Some("RETAINED"), Some("retire")));
    assert_eq!(to("end", retire).await.problem(422), "VALIDATION_FAILED");
    let dead = json!({"kind": "deceased", "reason": "有死亡证明"});
    assert_eq!(to("end", dead).await.expect(200)["state"], "ENDED");
    assert_eq!(
        app.number("SELECT count(*) FROM membership WHERE superseded_at IS NULL AND valid_to IS NULL").await,
        1
    );
    let versions = app.number("SELECT count(*) FROM membership").await;
    assert_eq!(versions, 5, "nothing is overwritten");
}

#[tokio::test]
async fn somebody_moved_today_is_gone_from_the_old_county_at_once() {
    let app = TestApp::start().await;
    let member = app.on_roster("410102").await;
    let (old, new) = (
        app.cadre("410102", RoleName::Officer).await.session,
        app.cadre("410103", RoleName::Officer).await.session,
    );
    app.sql(&format!(
        "UPDATE membership SET org_id = o.id, path = o.path FROM org o WHERE o.code = '410103' AND person_id = '{}'",
        member.person
    ))
    .await;
    let one = format!("/v1/admin/members/{}", member.person);
    assert_eq!(app.get(&one).by(&old).await.problem(404), "NOT_FOUND");
    assert_eq!(app.get("/v1/admin/members").by(&old).await.expect(200)["items"], json!([]));
    app.get(&one).by(&new).await.expect(200);
}
