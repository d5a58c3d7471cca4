//! The union tree.

use serde_json::{Value, json};
use unionhall_testkit::{TestApp, read_poster};
use unionhall_web::RoleName;

#[tokio::test]
async fn the_territorial_tree_is_whole() {
    let app = TestApp::start().await;
    assert_eq!(app.number("SELECT count(*) FROM org WHERE org_type <> '90'").await, 1 + 17 + 181 + 2586);
    assert_eq!(app.number("SELECT count(*) FROM org WHERE org_type = '90'").await, 181);
    let orphans = "SELECT count(*) FROM org c WHERE NOT EXISTS \
                   (SELECT 1 FROM org p WHERE p.id = c.parent_id AND c.path = p.path || c.code || '/') AND c.code <> '41'";
    assert_eq!(app.number(orphans).await, 0);
    let jiyuan = "SELECT count(*) FROM org WHERE code = '419001' AND path = '/41/419001/'";
    assert_eq!(app.number(jiyuan).await, 1);
    let core = app.core();
    let mut conn = core.db.writer().await.unwrap();
    assert_eq!(
        unionhall_registry::seed::load(core, &mut conn).await.unwrap(),
        0,
        "loading twice adds nothing"
    );
}

#[tokio::test]
async fn anybody_finds_a_union_by_name() {
    let app = TestApp::start().await;
    let found = app.get("/v1/public/unions?q=中原区").await.expect(200);
    let names: Vec<&str> =
        found["items"].as_array().unwrap().iter().map(|u| u["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["中原区总工会", "中原区会员周转库"]);
    assert_eq!(app.get("/v1/public/unions?q=中").await.problem(400), "INVALID_PARAMETER");
    assert_eq!(app.get("/v1/public/unions").await.problem(400), "INVALID_PARAMETER");
}

#[tokio::test]
async fn a_join_poster_leads_to_its_union() {
    let app = TestApp::start().await;
    let (union, code) = app.union_under("410102", "郑州<一号>机械有限公司工会").await;
    let officer = app.cadre("410102", RoleName::Officer).await;
    let path = format!("/v1/admin/unions/{union}/join-poster.svg");
    let svg = app.get(&path).by(&officer.session).await.text();
    assert!(svg.contains("郑州&lt;一号&gt;机械有限公司工会") && svg.contains(&code));
    let link = read_poster(&svg);
    assert_eq!(link, format!("https://unionhall.test/join/{code}"));
    let typed = link.rsplit('/').next().unwrap();
    let found = app.get(&format!("/v1/public/unions?code={typed}")).await.expect(200);
    assert_eq!((&found["items"][0]["id"], &found["next"]), (&json!(union), &json!(null)));
    let nobody = app.get("/v1/public/unions?code=E00000000").await.expect(200);
    assert_eq!(nobody["items"], json!([]));
    let both = app.get(&format!("/v1/public/unions?code={typed}&q=机械")).await;
    assert_eq!(both.problem(400), "INVALID_PARAMETER");
    let sibling = app.cadre("410103", RoleName::Officer).await;
    assert_eq!(app.get(&path).by(&sibling.session).await.problem(404), "NOT_FOUND");
}

#[tokio::test]
async fn a_cadre_creates_unions_below_and_nowhere_else() {
    let app = TestApp::start().await;
    let officer = app.cadre("410102", RoleName::Officer).await;
    let sibling = app.cadre("410103", RoleName::Officer).await;
    let new = |parent: uuid::Uuid, uscc: &str| json!({"parent_id": parent, "name": "郑州某某机械有限公司工会", "org_type": "1", "uscc": uscc});
    let create = |by: &unionhall_testkit::Session, body: Value| {
        app.post("/v1/admin/unions", body).by(by).into_future()
    };
    let reply = create(&officer.session, new(officer.union, "81410000MC00000122")).await;
    let location = reply.header("location").unwrap().to_owned();
    let made = reply.expect(201);
    assert_eq!(made["division_code"], "410102");
    assert_eq!(app.get(&location).by(&officer.session).await.etag(), "\"v1\"");
    assert_eq!(app.get(&location).by(&sibling.session).await.problem(404), "NOT_FOUND");
    let twice = create(&officer.session, new(officer.union, "81410000MC00000122")).await;
    assert_eq!(twice.problem(409), "ALREADY_EXISTS");
    let outside = create(&officer.session, new(sibling.union, "81410100MC0001015P")).await;
    assert_eq!(outside.problem(404), "NOT_FOUND");
    let bad = json!({"parent_id": officer.union, "name": " ", "org_type": "10", "uscc": "81410000MC00000123", "division_code": "999999"});
    let bad = create(&officer.session, bad).await;
    assert_eq!(bad.problem(422), "VALIDATION_FAILED");
    let pointers: Vec<String> = bad.json()["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["pointer"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(pointers, ["/name", "/uscc", "/org_type", "/division_code"]);
    let tree = app.get(&format!("/v1/admin/unions?parent_id={}&org_type=1", officer.union));
    assert_eq!(tree.by(&officer.session).await.expect(200)["items"].as_array().unwrap().len(), 1);
}
