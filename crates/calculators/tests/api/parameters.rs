//! The parameters of the law: entered by one person of the province, approved by another, and used from then on.

use futures_util::future::join_all;
use serde_json::{Value, json};
use unionhall_testkit::{CadreHandle, Reply, Session, TestApp};
use unionhall_web::RoleName;

use crate::{ask, refused, result};

const LIST: &str = "/v1/admin/law-parameters";

/// The province's two legal officers and its leader.
struct Office {
    app: TestApp,
    officer: CadreHandle,
    other: CadreHandle,
    leader: CadreHandle,
}

impl Office {
    async fn open() -> Self {
        let app = TestApp::start().await;
        let officer = app.cadre("41", RoleName::LegalOfficer).await;
        let other = app.cadre("41", RoleName::LegalOfficer).await;
        let leader = app.cadre("41", RoleName::Leader).await;
        Self { app, officer, other, leader }
    }

    async fn enter(&self, new: &Value) -> String {
        let made = self.app.post(LIST, new.clone()).by(&self.officer.session).await.expect(201);
        made["id"].as_str().unwrap().to_owned()
    }

    async fn step(&self, id: &str, step: &str, by: &Session) -> Reply {
        let path = format!("{LIST}/{id}");
        let tag = self.app.get(&path).by(by).await.etag();
        let body = if step == "reject" { json!({"reason": "数额有误"}) } else { json!({}) };
        self.app.post(&format!("{path}/{step}"), body).by(by).if_match(&tag).await
    }

    async fn in_force(&self, new: &Value) -> String {
        let id = self.enter(new).await;
        self.step(&id, "approve", &self.leader.session).await.expect(200);
        id
    }

    async fn listed(&self, query: &str) -> Vec<Value> {
        let page = self.app.get(&format!("{LIST}?{query}")).by(&self.leader.session).await.expect(200);
        page["items"].as_array().unwrap().clone()
    }
}

fn average(region: &str, from: &str, fen: i64) -> Value {
    json!({"key": "local_average_wage", "region": region, "valid_from": from, "value": {"month_fen": fen},
           "source": "统计局公报"})
}

fn severance(region: &str, ended: &str) -> Value {
    json!({"hired_on": "2020-01-01", "ended_on": ended, "average_wage_fen": 10_000_000, "wage_class": 1,
           "region": region})
}

#[tokio::test]
async fn one_enters_another_approves_and_only_then_it_counts() {
    let office = Office::open().await;
    let (app, officer) = (&office.app, &office.officer.session);
    let id = office.enter(&average("410100", "2026-07-01", 700_000)).await;
    let path = format!("{LIST}/{id}");
    let waits = app.get(&path).by(officer).await.expect(200);
    assert_eq!(
        json!([waits["state"], waits["state_text"], waits["standing"], waits["number"], waits["unit"]]),
        json!(["PENDING", "待审核", false, 1, "分/月"])
    );
    let unknown = "/local_average_wage_fen NO_PARAMETER";
    assert_eq!(refused(app, "severance", severance("410102", "2026-08-31")).await, unknown);
    assert_eq!(office.step(&id, "approve", officer).await.problem(403), "NOT_ANOTHER_PERSON");
    let approved = office.step(&id, "approve", &office.other.session).await.expect(200);
    assert_eq!(json!([approved["state"], approved["standing"]]), json!(["APPROVED", true]));
    let got = ask(app, "severance", severance("410102", "2026-08-31")).await;
    assert_eq!(got["result"]["base_fen"], 2_100_000);
    let used =
        got["parameters"].as_array().unwrap().iter().find(|p| p["key"] == "local_average_wage").unwrap();
    assert_eq!(json!([used["region"], used["version"], used["source"]]), json!(["410100", 1, "统计局公报"]));
    // The day before its first, and the city beside it, are as they were.
    assert_eq!(refused(app, "severance", severance("410102", "2026-06-30")).await, unknown);
    assert_eq!(refused(app, "severance", severance("410202", "2026-08-31")).await, unknown);
    for step in ["approve", "reject"] {
        assert_eq!(
            office.step(&id, step, &office.other.session).await.problem(409),
            "INVALID_STATE",
            "{step}"
        );
    }
    let rows = "SELECT count(*) FROM audit_event WHERE object_type = 'law_parameter' AND action = ";
    assert_eq!(app.number(&format!("{rows}'law_parameter.enter'")).await, 1);
    assert_eq!(app.number(&format!("{rows}'law_parameter.approve'")).await, 1);
}

#[tokio::test]
async fn a_correction_takes_the_place_and_nothing_is_overwritten() {
    let office = Office::open().await;
    let first = office.in_force(&average("410100", "2026-07-01", 700_000)).await;
    let second = office.in_force(&average("410100", "2026-07-01", 800_000)).await;
    let got = ask(&office.app, "severance", severance("410100", "2026-08-31")).await;
    assert_eq!(got["result"]["base_fen"], 2_400_000);
    let rows = office.listed("key=local_average_wage").await;
    let told: Vec<Value> = rows
        .iter()
        .map(|row| json!([row["id"], row["number"], row["standing"], row["value"]["month_fen"]]))
        .collect();
    assert_eq!(json!(told), json!([[first, 1, false, 700_000], [second, 2, true, 800_000]]));
    assert!(rows[0]["superseded_at"].is_string());
    // A later year leaves what stood for this one.
    office.in_force(&average("410100", "2027-07-01", 900_000)).await;
    let got = result(&office.app, "severance", severance("410100", "2026-08-31")).await;
    assert_eq!(got["base_fen"], 2_400_000);
}

#[tokio::test]
async fn a_rejected_version_never_counts_and_says_why() {
    let office = Office::open().await;
    let id = office.enter(&average("410100", "2026-07-01", 700_000)).await;
    assert_eq!(office.step(&id, "reject", &office.leader.session).await.problem(403), "FORBIDDEN");
    let rejected = office.step(&id, "reject", &office.officer.session).await.expect(200);
    assert_eq!(json!([rejected["state"], rejected["reason"]]), json!(["REJECTED", "数额有误"]));
    assert_eq!(office.step(&id, "approve", &office.leader.session).await.problem(409), "INVALID_STATE");
    let told = refused(&office.app, "severance", severance("410100", "2026-08-31")).await;
    assert_eq!(told, "/local_average_wage_fen NO_PARAMETER");
    let reasons =
        "SELECT count(*) FROM audit_event WHERE action = 'law_parameter.reject' AND reason = '数额有误'";
    assert_eq!(office.app.number(reasons).await, 1);
}

#[tokio::test]
async fn a_county_falls_back_to_its_city_and_its_class_is_looked_up() {
    let office = Office::open().await;
    let class = |region: &str, class: u8| {
        json!({"key": "minimum_wage_class", "region": region, "valid_from": "2024-01-01", "value": {"class": class},
               "source": "省政府通知"})
    };
    office.in_force(&class("410100", 1)).await;
    office.in_force(&class("410122", 2)).await;
    let probation = |region: &str| {
        json!({"term": "open_ended", "starts_on": "2026-01-01", "agreed_months": 6, "full_wage_fen": 100_000,
               "region": region})
    };
    for (region, least) in
        [("410102", 210_000), ("410122", 200_000), ("410100", 210_000), ("410102001", 210_000)]
    {
        let got = result(&office.app, "probation", probation(region)).await;
        assert_eq!(got["least_wage_fen"], least, "{region}");
    }
    let told = refused(&office.app, "probation", probation("410202")).await;
    assert_eq!(told, "/wage_class NO_PARAMETER");
}

#[tokio::test]
async fn below_the_province_there_is_nothing_to_see_or_do() {
    let office = Office::open().await;
    let (app, id) = (&office.app, office.enter(&average("410100", "2026-07-01", 700_000)).await);
    for code in ["4101", "410102"] {
        for role in [RoleName::Leader, RoleName::LegalOfficer] {
            let cadre = app.cadre(code, role).await;
            let list = app.get(LIST).by(&cadre.session).await.expect(200);
            assert_eq!(list, json!({"items": [], "next": null}));
            assert_eq!(app.get(&format!("{LIST}/{id}")).by(&cadre.session).await.problem(404), "NOT_FOUND");
            let path = format!("{LIST}/{id}/approve");
            let reply = app.post(&path, json!({})).by(&cadre.session).if_match("\"v1\"").await;
            assert_eq!(reply.problem(404), "NOT_FOUND");
        }
        let cadre = app.cadre(code, RoleName::LegalOfficer).await;
        let own = app.post(LIST, average("410100", "2026-07-01", 1)).by(&cadre.session).await;
        assert_eq!(own.problem(404), "NOT_FOUND");
    }
    assert_eq!(office.listed("state=PENDING").await.len(), 1);
}

#[tokio::test]
async fn what_is_entered_has_the_shape_of_its_key() {
    let office = Office::open().await;
    let (app, officer) = (&office.app, &office.officer.session);
    let base = average("410100", "2026-07-01", 700_000);
    for (field, value, told) in [
        ("value", json!({"month_fen": 0}), "/value PARAMETER_SHAPE"),
        ("value", json!({"month_fen": "700000"}), "/value PARAMETER_SHAPE"),
        ("value", json!({"month_fen": 700_000, "more": 1}), "/value PARAMETER_SHAPE"),
        ("value", json!({"year_fen": 700_000}), "/value PARAMETER_SHAPE"),
        ("value", json!({}), "/value PARAMETER_SHAPE"),
        ("value", json!([700_000]), "/value INVALID_TYPE"),
        ("key", json!("national_income"), "/value PARAMETER_SHAPE"),
        ("key", json!("anything"), "/key INVALID_TYPE"),
        ("region", json!("419999"), "/region DIVISION_UNKNOWN"),
        ("region", json!("410102001"), "/region DIVISION_LEVEL"),
        ("valid_to", json!("2026-06-30"), "/valid_to DATE_ORDER"),
        ("source", json!(" "), "/source TEXT_FORMAT"),
        ("state", json!("APPROVED"), "/state UNKNOWN_FIELD"),
    ] {
        let mut new = base.clone();
        new[field] = value.clone();
        let reply = app.post(LIST, new).by(officer).await;
        assert_eq!(reply.problem(422), "VALIDATION_FAILED", "{field} {value}");
        let error = &reply.json()["errors"][0];
        let got = format!("{} {}", error["pointer"].as_str().unwrap(), error["code"].as_str().unwrap());
        assert_eq!(got, told, "{field} {value}");
    }
    let mut day = base.clone();
    day["valid_to"] = json!("2026-07-01");
    office.in_force(&day).await;
    assert_eq!(result(app, "severance", severance("410100", "2026-07-01")).await["capped"], true);
    let told = refused(app, "severance", severance("410100", "2026-07-02")).await;
    assert_eq!(told, "/local_average_wage_fen NO_PARAMETER", "its last day was the one before");
    // Every version the software came with has the shape of its key, or no calculation could use it.
    assert_eq!(office.listed("limit=100&state=APPROVED").await.len(), 18);
}

#[tokio::test]
async fn versions_are_paged_by_key_and_filtered() {
    let office = Office::open().await;
    let (mut after, mut seen) = (String::new(), Vec::new());
    loop {
        let path = format!("{LIST}?limit=5{after}");
        let page = office.app.get(&path).by(&office.leader.session).await.expect(200);
        seen.extend(
            page["items"].as_array().unwrap().iter().map(|row| row["key"].as_str().unwrap().to_owned()),
        );
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    assert_eq!(seen.len(), 17);
    assert!(seen.is_sorted());
    assert_eq!(office.listed("key=minimum_wage,paid_days").await.len(), 4);
    assert_eq!(office.listed("key=minimum_wage&region=410000").await.len(), 2);
    assert_eq!(office.listed("state=PENDING").await.len(), 0);
    let bad = office.app.get(&format!("{LIST}?key=nothing")).by(&office.leader.session).await;
    assert_eq!(bad.problem(400), "INVALID_PARAMETER");
}

#[tokio::test]
async fn many_at_once_are_numbered_in_a_row_and_one_stands() {
    let office = Office::open().await;
    let app = &office.app;
    let new = average("410100", "2026-07-01", 700_000);
    let entered =
        join_all((0..12).map(|_| app.post(LIST, new.clone()).by(&office.officer.session).into_future()));
    let mut numbers = Vec::new();
    let mut ids = Vec::new();
    for reply in entered.await {
        let made = reply.expect(201);
        numbers.push(made["number"].as_i64().unwrap());
        ids.push(made["id"].as_str().unwrap().to_owned());
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=12).collect::<Vec<i64>>());
    let approvals = ids.iter().flat_map(|id| [id, id]).map(|id| {
        let path = format!("{LIST}/{id}/approve");
        app.post(&path, json!({})).by(&office.leader.session).if_match("\"v1\"").into_future()
    });
    let statuses: Vec<u16> = join_all(approvals).await.iter().map(|reply| reply.status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 12, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 412).count(), 12, "{statuses:?}");
    let rows = office.listed("key=local_average_wage").await;
    assert_eq!(rows.iter().filter(|row| row["standing"] == true).count(), 1);
    assert_eq!(
        app.number("SELECT count(*) FROM audit_event WHERE action = 'law_parameter.approve'").await,
        12
    );
}

#[tokio::test]
async fn a_repeated_entry_is_one_version() {
    let office = Office::open().await;
    let new = average("410100", "2026-07-01", 700_000);
    let send = || office.app.post(LIST, new.clone()).by(&office.officer.session).key("once").into_future();
    let replies = join_all((0..6).map(|_| send())).await;
    let first = replies[0].body.clone();
    for reply in replies {
        assert_eq!((reply.status, &reply.body), (201, &first));
    }
    assert_eq!(office.listed("state=PENDING").await.len(), 1);
    let path = format!("{LIST}/{}/approve", office.listed("state=PENDING").await[0]["id"].as_str().unwrap());
    let none = office.app.post(&path, json!({})).by(&office.leader.session).await;
    assert_eq!(none.problem(428), "IF_MATCH_REQUIRED");
    let old = office.app.post(&path, json!({})).by(&office.leader.session).if_match("\"v7\"").await;
    assert_eq!(old.problem(412), "STALE");
}
