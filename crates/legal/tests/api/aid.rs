//! Legal aid: from the application to the rating, and everything that can happen between.

use chrono::Duration;
use serde_json::{Value, json};
use unionhall_testkit::counsel::{Counsel, LawyerHandle};
use unionhall_testkit::shop::id;
use unionhall_testkit::{CadreHandle, Session, TestApp};
use unionhall_web::{Realm, RoleName};
use uuid::Uuid;

use crate::{Asker, ask, ids, member_of, question};

/// A county's legal department: an officer who looks through, a leader who decides, a lawyer, a member.
pub(crate) struct Office {
    pub desk: Counsel,
    pub leader: CadreHandle,
    pub lawyer: LawyerHandle,
    pub asker: Asker,
    /// Sessions of the officer and the leader.
    pub by: [Session; 2],
}

pub(crate) const OFFICER: usize = 0;
pub(crate) const LEADER: usize = 1;

impl Office {
    pub(crate) async fn open() -> Self {
        let desk = Counsel::open().await;
        let leader = desk.app.cadre("410102", RoleName::Leader).await;
        let lawyer = desk.app.lawyer(&desk.officer.session, desk.firm, "李明").await;
        let asker = member_of(&desk.app, "410102").await;
        let by = [desk.officer.session.clone(), leader.session.clone()];
        Self { desk, leader, lawyer, asker, by }
    }

    pub(crate) fn app(&self) -> &TestApp {
        &self.desk.app
    }

    // Time passes; everybody logs in again.
    pub(crate) async fn pass(&mut self, time: Duration) {
        self.desk.app.advance(time).await;
        self.desk.app.drain().await;
        self.asker.again(&self.desk.app).await;
        self.lawyer.session = self.desk.app.login_lawyer(&self.lawyer.username).await;
        self.by = [again(self.app(), &self.desk.officer).await, again(self.app(), &self.leader).await];
    }

    pub(crate) async fn apply(&self, body: Value, key: &str) -> Uuid {
        let applied = self.app().post("/v1/me/legal-aid", body).by(&self.asker.session).key(key).await;
        id(&applied.expect(201))
    }

    // A step of the legal department's, at the version that stands.
    pub(crate) async fn act(
        &self,
        who: usize,
        case: Uuid,
        step: &str,
        body: Value,
    ) -> unionhall_testkit::Reply {
        act(self.app(), &self.by[who], case, step, body).await
    }

    pub(crate) async fn mine(&self, case: Uuid) -> Value {
        self.app().get(&format!("/v1/me/legal-aid/{case}")).by(&self.asker.session).await.expect(200)
    }

    pub(crate) async fn state(&self, case: Uuid) -> String {
        self.mine(case).await["state"].as_str().unwrap().to_owned()
    }

    async fn lawyers(&self, case: Uuid, step: &str, body: Value) -> unionhall_testkit::Reply {
        let path = format!("/v1/lawyer/legal-aid/{case}/{step}");
        self.app().post(&path, body).by(&self.lawyer.session).await
    }

    async fn report(&self, case: Uuid, key: &str) -> unionhall_testkit::Reply {
        let body =
            json!({"outcome": "settled", "recovered_fen": 1_800_000, "text": "经调解公司支付了工资。"});
        let path = format!("/v1/lawyer/legal-aid/{case}/outcome");
        self.app().post(&path, body).by(&self.lawyer.session).key(key).await
    }

    // Granted, with the lawyer named.
    async fn appointed(&self, case: Uuid) {
        self.act(OFFICER, case, "complete", json!({})).await.expect(200);
        self.act(LEADER, case, "decide", granted(true)).await.expect(200);
        self.act(OFFICER, case, "appoint", json!({"lawyer_id": self.lawyer.id})).await.expect(200);
    }

    async fn whats(&self, case: Uuid) -> Vec<String> {
        let path = format!("/v1/me/legal-aid/{case}/entries");
        let found = self.app().get(&path).by(&self.asker.session).await.expect(200);
        found["items"].as_array().unwrap().iter().map(|e| e["what"].as_str().unwrap().to_owned()).collect()
    }

    async fn titles(&self) -> Vec<String> {
        self.app().drain().await;
        let inbox = self.app().get("/v1/me/inbox?limit=100").by(&self.asker.session).await.expect(200);
        inbox["items"].as_array().unwrap().iter().map(|m| m["title"].as_str().unwrap().to_owned()).collect()
    }
}

pub(crate) async fn again(app: &TestApp, who: &CadreHandle) -> Session {
    app.login_cadre(Realm::Cadre, &who.username, who.totp.as_deref(), &who.mobile).await
}

pub(crate) async fn act(
    app: &TestApp,
    by: &Session,
    case: Uuid,
    step: &str,
    body: Value,
) -> unionhall_testkit::Reply {
    let path = format!("/v1/admin/legal-aid/{case}");
    let found = app.get(&path).by(by).await;
    if found.status != 200 {
        return found;
    }
    app.post(&format!("{path}/{step}"), body).by(by).if_match(&found.etag()).await
}

pub(crate) fn granted(yes: bool) -> Value {
    json!({"granted": yes, "reason": if yes { "符合援助条件" } else { "不符合援助条件" }})
}

pub(crate) fn reason() -> Value {
    json!({"reason": "按规定办理"})
}

// Wages owed by an employer who is still one: no limitation runs.
pub(crate) fn claim() -> Value {
    json!({
        "category": "wages",
        "form": "arbitration",
        "title": "追索拖欠的三个月工资",
        "claim": "公司拖欠我三个月工资，请求支付18000元。",
        "claimed_fen": 1_800_000,
        "known_on": "2026-01-05",
    })
}

// A dismissal, so long ago that this many days are left to ask for arbitration.
fn dismissed(app: &TestApp, left: i64) -> Value {
    let known = app.core().today() - Duration::days(365 - left);
    json!({
        "category": "dismissal",
        "form": "arbitration",
        "ground": "infringement",
        "title": "违法解除劳动合同",
        "claim": "公司无故辞退我，请求支付赔偿金。",
        "known_on": known,
    })
}

#[tokio::test]
async fn aid_is_applied_for_decided_by_two_given_to_a_lawyer_reported_put_away_and_rated() {
    let office = Office::open().await;
    let app = office.app();
    let me = &office.asker.session;
    let paper = app.paper(me, "legal_material").await;
    let mut body = claim();
    body["file_ids"] = json!([paper]);
    let case = office.apply(body.clone(), "1").await;
    assert_eq!(case, office.apply(body, "1").await, "the same key is the same case");
    let found = office.mine(case).await;
    assert_eq!((&found["state"], &found["ground"]), (&json!("APPLIED"), &json!("exempt")));
    assert_eq!((&found["limitation_on"], &found["lawyer"]), (&Value::Null, &Value::Null));
    assert_eq!(found["progress"]["waiting_for"], "county");
    let matters = app.get("/v1/me/matters").by(me).await.expect(200);
    let line = &matters["items"][0];
    assert_eq!((line["kind"].as_str(), line["id"].clone()), (Some("legal_aid"), json!(case)));
    assert_eq!(line["title"], "追索拖欠的三个月工资");
    let todos = app.get("/v1/admin/todos").by(&office.by[OFFICER]).await.expect(200);
    let waits = todos["items"].as_array().unwrap().iter().find(|t| t["type"] == "legal_aid").unwrap();
    assert_eq!(waits["count"], 1);

    office.act(OFFICER, case, "complete", json!({})).await.expect(200);
    let own = office.act(OFFICER, case, "decide", granted(true)).await;
    assert_eq!(own.problem(403), "NOT_ANOTHER_PERSON");
    office.act(LEADER, case, "decide", granted(true)).await.expect(200);
    assert_eq!(office.act(LEADER, case, "decide", granted(false)).await.problem(409), "INVALID_STATE");
    let path = format!("/v1/admin/legal-aid/{case}/lawyers");
    let free = app.get(&path).by(&office.by[OFFICER]).await.expect(200);
    assert_eq!(ids(&free), [office.lawyer.id]);
    office.act(OFFICER, case, "appoint", json!({"lawyer_id": office.lawyer.id})).await.expect(200);
    assert_eq!(office.mine(case).await["lawyer"], Value::Null, "until the lawyer takes it");
    let theirs = format!("/v1/lawyer/legal-aid/{case}");
    let seen = app.get(&theirs).by(&office.lawyer.session).await.expect(200);
    assert!(seen["member_name"].as_str().unwrap().contains('*'), "masked until taken");
    let early = office.report(case, "early").await;
    assert_eq!(early.problem(409), "INVALID_STATE");
    let taken = office.lawyers(case, "accept", json!({})).await.expect(200);
    assert!(!taken["member_name"].as_str().unwrap().contains('*'));
    assert_eq!(office.mine(case).await["lawyer"]["id"], json!(office.lawyer.id));

    // Both write, with a file; each is read by the other through a link.
    let letter = app.paper(&office.lawyer.session, "legal_material").await;
    let said = json!({"text": "请核对仲裁申请书。", "file_ids": [letter]});
    app.post(&format!("{theirs}/messages"), said).by(&office.lawyer.session).key("s1").await.expect(201);
    let said = json!({"text": "已核对，无误。"});
    let mine = format!("/v1/me/legal-aid/{case}");
    app.post(&format!("{mine}/messages"), said).by(me).key("s2").await.expect(201);
    let entries = app.get(&format!("{mine}/entries")).by(me).await.expect(200);
    let with_file = entries["items"].as_array().unwrap().iter().find(|e| e["text"] == "请核对仲裁申请书。");
    let url = with_file.unwrap()["files"][0]["url"].as_str().unwrap();
    assert_eq!(app.get(url).await.status, 200);
    assert_eq!(entries["items"][0]["files"][0]["id"], json!(paper));
    // A file that is another's is none.
    let stolen = json!({"text": "附件", "file_ids": [letter]});
    let refused = app.post(&format!("{mine}/messages"), stolen).by(me).key("s3").await;
    assert_eq!(refused.problem(422), "VALIDATION_FAILED");

    office.report(case, "r").await.expect(201);
    office.act(OFFICER, case, "send-back", json!({"reason": "请补充调解书"})).await.expect(200);
    office.report(case, "r2").await.expect(201);
    office.act(OFFICER, case, "archive", json!({})).await.expect(200);
    let closed = office.mine(case).await;
    assert_eq!((&closed["state"], &closed["recovered_fen"]), (&json!("CLOSED"), &json!(1_800_000)));
    let rating = |stars: i32| app.post(&format!("{mine}/rating"), json!({"stars": stars})).by(me);
    assert_eq!(rating(0).await.problem(422), "VALIDATION_FAILED");
    assert_eq!(rating(5).await.expect(200)["state"], "RATED");
    assert_eq!(rating(4).await.problem(409), "INVALID_STATE", "once");
    let whats = office.whats(case).await;
    let told = [
        "applied",
        "completed",
        "granted",
        "appointed",
        "accepted",
        "message",
        "message",
        "reported",
        "reported",
        "archived",
        "rated",
    ];
    assert_eq!(whats, told, "what stays between union and lawyer is not told");
    let titles = office.titles().await;
    for title in ["准予法律援助", "律师已接受指派", "法律援助已结案"] {
        assert_eq!(titles.iter().filter(|t| *t == title).count(), 1, "{title}");
    }
    let open = format!("SELECT count(*) FROM case_clock WHERE case_id = '{case}' AND ended_at IS NULL");
    assert_eq!(app.number(&open).await, 0);
    assert_eq!(app.get("/v1/me/matters").by(me).await.expect(200)["items"], json!([]));
}

#[tokio::test]
async fn wages_and_work_injury_take_no_means_test_and_others_name_their_ground() {
    let office = Office::open().await;
    let app = office.app();
    let send = async |body: Value, key: &str| {
        app.post("/v1/me/legal-aid", body).by(&office.asker.session).key(key).await
    };
    let mut body = claim();
    body["category"] = json!("work_injury");
    assert_eq!(send(body.clone(), "1").await.expect(201)["ground"], "exempt");
    body["category"] = json!("contract");
    let reply = send(body.clone(), "2").await;
    assert_eq!(
        (reply.problem(422), reply.json()["errors"][0]["pointer"].clone()),
        ("VALIDATION_FAILED".into(), json!("/ground"))
    );
    body["ground"] = json!("exempt");
    let reply = send(body.clone(), "3").await;
    assert_eq!(reply.problem(422), "VALIDATION_FAILED");
    assert_eq!(reply.json()["errors"][0]["code"], "NOT_EXEMPT");
    body["ground"] = json!("hardship");
    assert_eq!(send(body.clone(), "4").await.expect(201)["ground"], "hardship");
    // What lies in the future was not known, and a hearing that is over needs no lawyer.
    let today = app.core().today();
    body["known_on"] = json!(today + Duration::days(1));
    body["hearing_on"] = json!(today - Duration::days(1));
    body["claimed_fen"] = json!(-1);
    let reply = send(body, "5").await;
    assert_eq!(reply.problem(422), "VALIDATION_FAILED");
    assert_eq!(reply.json()["errors"].as_array().unwrap().len(), 3);
    // Five at a time.
    for n in 0..3 {
        send(claim(), &format!("c{n}")).await.expect(201);
    }
    assert_eq!(send(claim(), "c9").await.problem(409), "APPLICATION_OPEN");
}

#[tokio::test]
async fn missing_papers_are_told_once_and_the_decisions_clock_stands_still_meanwhile() {
    let mut office = Office::open().await;
    let case = office.apply(claim(), "1").await;
    let due = format!(
        "SELECT count(*) FROM case_clock WHERE case_id = '{case}' AND name = 'decide' AND due_at IS NULL AND ended_at IS NULL"
    );
    assert_eq!(office.app().number(&due).await, 0);
    office.act(OFFICER, case, "ask-papers", json!({"reason": "请补充工资条"})).await.expect(200);
    assert_eq!(office.app().number(&due).await, 1, "it stands still");
    let found = office.mine(case).await;
    assert_eq!((&found["state"], &found["progress"]["waiting_for"]), (&json!("NEED_DOCS"), &json!("member")));
    assert_eq!(found["progress"]["missing"], json!(["请补充工资条"]));
    office.pass(Duration::days(13)).await;
    let titles = office.titles().await;
    assert_eq!(titles.iter().filter(|t| *t == "补正材料即将到期").count(), 1);
    let path = format!("/v1/me/legal-aid/{case}/papers");
    let body = json!({"text": "工资条见附件"});
    office.app().post(&path, body.clone()).by(&office.asker.session).key("p").await.expect(201);
    assert_eq!(office.app().number(&due).await, 0, "and runs on");
    let twice = office.app().post(&path, body).by(&office.asker.session).key("p2").await;
    assert_eq!(twice.problem(409), "INVALID_STATE");
    let again = office.act(OFFICER, case, "ask-papers", json!({"reason": "再补充"})).await;
    assert_eq!(again.problem(409), "INVALID_STATE", "once");
    // Of another case nobody hands anything in: it counts as withdrawn.
    let other = office.apply(claim(), "2").await;
    office.act(OFFICER, other, "ask-papers", json!({"reason": "请补充工资条"})).await.expect(200);
    office.pass(Duration::days(17)).await;
    assert_eq!(office.state(other).await, "WITHDRAWN");
    assert_eq!(office.state(case).await, "APPLIED", "one that was handed in waits for the union");
}

#[tokio::test]
async fn a_lawyer_acts_first_where_the_limitation_is_near_and_the_decision_follows() {
    let office = Office::open().await;
    let far = office.apply(dismissed(office.app(), 60), "far").await;
    let refused = office.act(OFFICER, far, "provide", reason()).await;
    assert_eq!(refused.problem(409), "INVALID_STATE");
    let case = office.apply(dismissed(office.app(), 3), "near").await;
    let path = format!("/v1/admin/legal-aid/{case}");
    assert_eq!(office.app().get(&path).by(&office.by[OFFICER]).await.expect(200)["urgent"], true);
    office.act(OFFICER, case, "provide", reason()).await.expect(200);
    office.act(OFFICER, case, "appoint", json!({"lawyer_id": office.lawyer.id})).await.expect(200);
    office.lawyers(case, "accept", json!({})).await.expect(200);
    office.report(case, "r").await.expect(201);
    assert_eq!(office.act(OFFICER, case, "archive", json!({})).await.problem(409), "INVALID_STATE");
    // Who let the lawyer act does not decide it either.
    let own = office.act(OFFICER, case, "decide", granted(true)).await;
    assert_eq!(own.problem(403), "NOT_ANOTHER_PERSON");
    office.act(LEADER, case, "decide", granted(true)).await.expect(200);
    assert_eq!(office.state(case).await, "REPORTED", "the lawyer's work stands");
    office.act(OFFICER, case, "archive", json!({})).await.expect(200);

    let other = office.apply(dismissed(office.app(), 3), "other").await;
    office.act(OFFICER, other, "provide", reason()).await.expect(200);
    office.act(OFFICER, other, "appoint", json!({"lawyer_id": office.lawyer.id})).await.expect(200);
    // Given back before the decision, it is not granted by that; and who is suspended takes nothing.
    office.lawyers(other, "recuse", reason()).await.expect(204);
    assert_eq!(office.state(other).await, "PROVISIONAL");
    let second = office.app().lawyer(&office.by[OFFICER], office.desk.firm, "周正").await;
    office.act(OFFICER, other, "appoint", json!({"lawyer_id": second.id})).await.expect(200);
    let path = format!("/v1/admin/lawyers/{}", second.id);
    office.app().decide(&path, "suspend", &office.by[OFFICER], reason()).await.expect(200);
    let accept = format!("/v1/lawyer/legal-aid/{other}/accept");
    let suspended = office.app().post(&accept, json!({})).by(&second.session).await;
    assert!([401, 403, 409].contains(&suspended.status), "{}", suspended.text());
    office.app().decide(&path, "resume", &office.by[OFFICER], reason()).await.expect(200);
    office.app().post(&accept, json!({})).by(&second.session).await.expect(200);
    office.act(LEADER, other, "decide", granted(false)).await.expect(200);
    assert_eq!(office.state(other).await, "TERMINATED");
}

#[tokio::test]
async fn a_refusal_is_looked_at_by_the_union_above() {
    let mut office = Office::open().await;
    let refuse = async |office: &Office, key: &str| {
        let case = office.apply(claim(), key).await;
        office.act(OFFICER, case, "complete", json!({})).await.expect(200);
        office.act(LEADER, case, "decide", granted(false)).await.expect(200);
        let path = format!("/v1/me/legal-aid/{case}/appeal");
        let appealed = office.app().post(&path, reason()).by(&office.asker.session).await.expect(200);
        assert_eq!(appealed["state"], "APPEALED");
        case
    };
    let (first, second) = (refuse(&office, "1").await, refuse(&office, "2").await);
    let own = office.act(LEADER, first, "decide-appeal", granted(true)).await;
    assert_eq!(own.problem(403), "WRONG_LEVEL");
    let above = office.app().cadre("4101", RoleName::LegalOfficer).await.session;
    // What the city refused the city does not decide again; the province does.
    let higher = office.apply(claim(), "higher").await;
    office.act(OFFICER, higher, "complete", json!({})).await.expect(200);
    act(office.app(), &above, higher, "decide", granted(false)).await.expect(200);
    let path = format!("/v1/me/legal-aid/{higher}/appeal");
    office.app().post(&path, reason()).by(&office.asker.session).await.expect(200);
    let colleague = office.app().cadre("4101", RoleName::Leader).await.session;
    let level = act(office.app(), &colleague, higher, "decide-appeal", granted(true)).await;
    assert_eq!(level.problem(403), "WRONG_LEVEL");
    let province = office.app().cadre("41", RoleName::LegalOfficer).await.session;
    act(office.app(), &province, higher, "decide-appeal", granted(true)).await.expect(200);
    act(office.app(), &above, first, "decide-appeal", granted(true)).await.expect(200);
    assert_eq!(office.state(first).await, "GRANTED");
    act(office.app(), &above, second, "decide-appeal", granted(false)).await.expect(200);
    assert_eq!(office.state(second).await, "REFUSED_FINAL");
    // Without an appeal in fifteen days a refusal is final.
    let third = office.apply(claim(), "3").await;
    office.act(OFFICER, third, "complete", json!({})).await.expect(200);
    office.act(LEADER, third, "decide", granted(false)).await.expect(200);
    office.pass(Duration::days(16)).await;
    assert_eq!(office.state(third).await, "REFUSED_FINAL");
    let path = format!("/v1/me/legal-aid/{third}/appeal");
    let late = office.app().post(&path, reason()).by(&office.asker.session).await;
    assert_eq!(late.problem(409), "INVALID_STATE");
}

#[tokio::test]
async fn whoever_acts_for_the_other_side_neither_gets_nor_sees_a_case() {
    let office = Office::open().await;
    let app = office.app();
    let uscc = "91410100MA000ABC24";
    let employer =
        json!([{"role": "employer", "kind": "organisation", "name": "郑州宏达机械有限公司", "uscc": uscc}]);
    // The parties of the question go with it.
    let mut asked = question();
    asked["parties"] = employer;
    let asked = id(&ask(app, &office.asker.session, asked, "q").await);
    let mut body = claim();
    body["consultation_id"] = json!(asked);
    let case = office.apply(body, "1").await;
    office.appointed(case).await;
    office.lawyers(case, "accept", json!({})).await.expect(200);
    let notices = async || {
        let list = app.get("/v1/lawyer/notices").by(&office.lawyer.session).await.expect(200);
        list["items"].as_array().unwrap().iter().filter(|n| n["case_id"] == json!(case)).count()
    };
    assert_eq!(notices().await, 1, "the lawyer is told");
    let engagement = json!({"kind": "organisation", "name": "宏达机械", "uscc": uscc, "role": "常年法律顾问", "from_date": "2024-01-01"});
    let path = format!("/v1/admin/firms/{}/engagements", office.desk.firm);
    app.post(&path, engagement).by(&office.by[OFFICER]).await.expect(201);
    assert_eq!(office.state(case).await, "GRANTED", "taken back in the same step");
    for path in [format!("/v1/lawyer/legal-aid/{case}"), format!("/v1/lawyer/legal-aid/{case}/entries")] {
        assert_eq!(app.get(&path).by(&office.lawyer.session).await.problem(404), "NOT_FOUND");
    }
    let states = "?state=APPOINTED,IN_PROGRESS,REPORTED,CLOSED,GRANTED";
    let list = app.get(&format!("/v1/lawyer/legal-aid{states}")).by(&office.lawyer.session).await.expect(200);
    assert_eq!(list["items"], json!([]));
    assert_eq!(office.report(case, "r").await.problem(404), "NOT_FOUND");
    assert_eq!(notices().await, 0, "and what was told is not shown any more");
    let named = office.act(OFFICER, case, "appoint", json!({"lawyer_id": office.lawyer.id})).await;
    assert_eq!(named.problem(409), "LAWYER_CONFLICT");
    let path = format!("/v1/admin/legal-aid/{case}/lawyers");
    assert_eq!(app.get(&path).by(&office.by[OFFICER]).await.expect(200)["items"], json!([]));
}

#[tokio::test]
async fn an_engagement_and_an_appointment_at_once_never_pass_each_other() {
    let office = Office::open().await;
    let app = office.app();
    for n in 0..4 {
        let client = format!("郑州第{n}机械有限公司");
        let firm = app.firm(&office.by[OFFICER], &format!("河南公正{n}律师事务所")).await;
        let lawyer = app.lawyer(&office.by[OFFICER], firm, "赵律").await;
        let mut body = claim();
        body["parties"] = json!([{"role": "employer", "kind": "organisation", "name": client}]);
        let case = office.apply(body, &format!("r{n}")).await;
        office.act(OFFICER, case, "complete", json!({})).await.expect(200);
        office.act(LEADER, case, "decide", granted(true)).await.expect(200);
        let engagement =
            json!({"kind": "organisation", "name": client, "role": "法律顾问", "from_date": "2024-01-01"});
        let path = format!("/v1/admin/firms/{firm}/engagements");
        let engaged = app.post(&path, engagement).by(&office.by[OFFICER]).into_future();
        let named = office.act(LEADER, case, "appoint", json!({"lawyer_id": lawyer.id}));
        let (engaged, named) = futures_util::future::join(engaged, named).await;
        engaged.expect(201);
        assert!(named.status == 200 || named.problem(409) == "LAWYER_CONFLICT", "{}", named.text());
        assert_eq!(office.state(case).await, "GRANTED", "whichever came first");
        let withdrawn = office.app().post(&format!("/v1/me/legal-aid/{case}/withdraw"), json!({}));
        withdrawn.by(&office.asker.session).await.expect(200);
    }
}

#[tokio::test]
async fn a_silent_lawyer_loses_the_case_and_one_may_give_it_back() {
    let mut office = Office::open().await;
    let case = office.apply(claim(), "1").await;
    office.appointed(case).await;
    office.pass(Duration::days(6)).await;
    assert_eq!(office.state(case).await, "GRANTED");
    let accept = office.lawyers(case, "accept", json!({})).await;
    assert_eq!(accept.problem(404), "NOT_FOUND");
    office.act(OFFICER, case, "appoint", json!({"lawyer_id": office.lawyer.id})).await.expect(200);
    office.lawyers(case, "accept", json!({})).await.expect(200);
    office.lawyers(case, "recuse", reason()).await.expect(204);
    assert_eq!(office.state(case).await, "GRANTED");
    let back = office.act(OFFICER, case, "appoint", json!({"lawyer_id": office.lawyer.id})).await;
    assert_eq!(back.problem(409), "LAWYER_CONFLICT", "not to whoever gave it back");
    let path = format!("/v1/admin/legal-aid/{case}/lawyers");
    let free = office.app().get(&path).by(&office.by[OFFICER]).await.expect(200);
    assert_eq!(free["items"], json!([]));
    assert!(!office.whats(case).await.iter().any(|what| what == "recused" || what == "silent"));
}

#[tokio::test]
async fn a_question_leads_to_one_case_and_ends_with_it() {
    let office = Office::open().await;
    let app = office.app();
    app.put_on_duty(&office.by[OFFICER], office.lawyer.id).await;
    app.heartbeat(&office.lawyer.session).await;
    let asked = id(&ask(app, &office.asker.session, question(), "q").await);
    let path = format!("/v1/lawyer/consultations/{asked}/recommend-aid");
    let advice = json!({"reason": "建议申请仲裁代理"});
    app.post(&path, advice.clone()).by(&office.lawyer.session).await.expect(204);
    let mut body = claim();
    body["consultation_id"] = json!(asked);
    let tries = (0..6).map(|n| {
        app.post("/v1/me/legal-aid", body.clone())
            .by(&office.asker.session)
            .key(&format!("k{n}"))
            .into_future()
    });
    let replies = futures_util::future::join_all(tries).await;
    assert_eq!(replies.iter().filter(|r| r.status == 201).count(), 1);
    assert!(replies.iter().all(|r| r.status == 201 || r.problem(409) == "APPLICATION_OPEN"));
    let found = app.get(&format!("/v1/me/consultations/{asked}")).by(&office.asker.session).await.expect(200);
    assert_eq!(found["state"], "TO_AID");
    assert_eq!(app.post(&path, advice).by(&office.lawyer.session).await.problem(409), "INVALID_STATE");
    // Another's question is none.
    let other = member_of(app, "410102").await;
    let theirs = app.post("/v1/me/legal-aid", body).by(&other.session).key("o").await;
    assert_eq!(theirs.json()["errors"][0]["code"], "CONSULTATION_UNKNOWN");
    let path = format!("/v1/me/legal-aid/{}", office_case(app, &office.asker.session).await);
    assert_eq!(app.get(&path).by(&other.session).await.problem(404), "NOT_FOUND");
}

async fn office_case(app: &TestApp, by: &Session) -> Uuid {
    ids(&app.get("/v1/me/legal-aid").by(by).await.expect(200))[0]
}

#[tokio::test]
async fn another_union_is_asked_and_handles_it_once_it_says_so() {
    let mut office = Office::open().await;
    let there = office.app().cadre("410105", RoleName::LegalOfficer).await;
    let third = office.app().cadre("410103", RoleName::LegalOfficer).await.session;
    let session = there.session.clone();
    let case = office.apply(claim(), "1").await;
    office.act(OFFICER, case, "complete", json!({})).await.expect(200);
    office.act(LEADER, case, "decide", granted(true)).await.expect(200);
    let path = format!("/v1/admin/legal-aid/{case}");
    assert_eq!(office.app().get(&path).by(&session).await.problem(404), "NOT_FOUND");
    let org = |id: Uuid| json!({"org_id": id, "reason": "用人单位在贵地"});
    let nobody = office.act(OFFICER, case, "entrust", org(Uuid::nil())).await;
    assert_eq!(nobody.json()["errors"][0]["code"], "ORG_UNKNOWN");
    let itself = office.act(OFFICER, case, "entrust", org(office.desk.officer.union)).await;
    assert_eq!(itself.json()["errors"][0]["code"], "ORG_UNSUITABLE");
    office.act(OFFICER, case, "entrust", org(there.union)).await.expect(200);
    let twice = office.act(OFFICER, case, "entrust", org(there.union)).await;
    assert_eq!(twice.problem(409), "INVALID_STATE");
    let meanwhile = office.act(OFFICER, case, "appoint", json!({"lawyer_id": office.lawyer.id})).await;
    assert_eq!(meanwhile.problem(409), "INVALID_STATE");
    assert_eq!(office.app().get(&path).by(&third).await.problem(404), "NOT_FOUND", "whom nobody asked");
    let early = act(office.app(), &session, case, "appoint", json!({"lawyer_id": office.lawyer.id})).await;
    assert_eq!(early.problem(409), "INVALID_STATE", "asked is not handed over");
    act(office.app(), &session, case, "decline", json!({"reason": "案多人少"})).await.expect(200);
    assert_eq!(office.app().get(&path).by(&session).await.problem(404), "NOT_FOUND");

    office.act(OFFICER, case, "entrust", org(there.union)).await.expect(200);
    act(office.app(), &session, case, "take-over", json!({})).await.expect(200);
    assert_eq!(
        office.app().get(&path).by(&office.by[OFFICER]).await.expect(200)["org_id"],
        json!(there.union)
    );
    let elsewhere = office.act(OFFICER, case, "appoint", json!({"lawyer_id": office.lawyer.id})).await;
    assert_eq!(elsewhere.problem(409), "INVALID_STATE", "it is theirs now");
    act(office.app(), &session, case, "appoint", json!({"lawyer_id": office.lawyer.id})).await.expect(200);
    // Nobody answers: the offer lapses after three working days.
    let other = office.apply(claim(), "2").await;
    office.act(OFFICER, other, "complete", json!({})).await.expect(200);
    office.act(LEADER, other, "decide", granted(true)).await.expect(200);
    office.act(OFFICER, other, "entrust", org(there.union)).await.expect(200);
    office.pass(Duration::days(8)).await;
    let path = format!("/v1/admin/legal-aid/{other}");
    let found = office.app().get(&path).by(&office.by[OFFICER]).await.expect(200);
    assert_eq!(found["entrusted_to"], Value::Null);
}

#[tokio::test]
async fn the_end_of_the_limitation_is_told_thirty_seven_and_one_day_before_once_each() {
    let mut office = Office::open().await;
    let case = office.apply(dismissed(office.app(), 40), "1").await;
    let told =
        format!("SELECT count(*) FROM case_entry WHERE case_id = '{case}' AND what = 'limitation_near'");
    for (days, expected) in [(9, 0), (2, 1), (22, 1), (2, 2), (4, 2), (3, 3), (3, 3)] {
        office.pass(Duration::days(days)).await;
        assert_eq!(office.app().number(&told).await, expected, "after {days} more days");
    }
    let titles = office.titles().await;
    assert_eq!(titles.iter().filter(|t| *t == "仲裁时效即将届满").count(), 3);
}

#[tokio::test]
async fn cases_are_their_unions_alone_and_what_is_sensitive_the_legal_officers() {
    let office = Office::open().await;
    let app = office.app();
    let case = office.apply(claim(), "1").await;
    let path = format!("/v1/admin/legal-aid/{case}");
    let sibling = app.cadre("410103", RoleName::LegalOfficer).await.session;
    assert_eq!(app.get(&path).by(&sibling).await.problem(404), "NOT_FOUND");
    assert_eq!(app.get("/v1/admin/legal-aid").by(&sibling).await.expect(200)["items"], json!([]));
    let mut body = claim();
    body["sensitive"] = json!(true);
    let secret = office.apply(body, "2").await;
    let list = app.get("/v1/admin/legal-aid").by(&office.by[LEADER]).await.expect(200);
    assert_eq!(ids(&list), [case]);
    let list = app.get("/v1/admin/legal-aid").by(&office.by[OFFICER]).await.expect(200);
    assert_eq!(ids(&list), [case, secret]);
    let reply = app.get(&format!("/v1/admin/legal-aid/{secret}")).by(&office.by[LEADER]).await;
    assert_eq!(reply.problem(404), "NOT_FOUND");
    // Two at once: one decides.
    office.act(OFFICER, case, "complete", json!({})).await.expect(200);
    let tag = app.get(&path).by(&office.by[LEADER]).await.etag();
    let tries = [true, false].map(|yes| {
        app.post(&format!("{path}/decide"), granted(yes)).by(&office.by[LEADER]).if_match(&tag).into_future()
    });
    let replies = futures_util::future::join_all(tries).await;
    assert_eq!(replies.iter().filter(|r| r.status == 200).count(), 1);
    assert!(replies.iter().all(|r| r.status == 200 || r.problem(412) == "STALE"));
}
