//! The wall: who acts or acted for the other side must not know that there is a question.

use serde_json::{Value, json};
use unionhall_testkit::counsel::{Counsel, LawyerHandle};
use unionhall_testkit::shop::id;
use unionhall_testkit::{Reply, Session};
use uuid::Uuid;

use crate::{Asker, answer, ask, ids, member_of, question, staffed, state};

const USCC: &str = "91410100MA000ABC24";
const OTHER: &str = "91350100M000100Y43";

pub(crate) fn about(parties: Value) -> Value {
    let mut body = question();
    body["parties"] = parties;
    body
}

fn employer() -> Value {
    json!([{"role": "employer", "kind": "organisation", "name": "郑州宏达机械有限公司", "uscc": USCC}])
}

pub(crate) async fn engage(desk: &Counsel, firm: Uuid, client: Value) -> Value {
    let mut body = json!({"kind": "organisation", "role": "常年法律顾问", "from_date": "2024-01-01"});
    body.as_object_mut().unwrap().extend(client.as_object().unwrap().clone());
    let path = format!("/v1/admin/firms/{firm}/engagements");
    desk.app.post(&path, body).by(&desk.officer.session).await.expect(201)
}

fn without_request(reply: &Reply) -> (u16, Value) {
    let mut body = reply.json();
    if let Some(fields) = body.as_object_mut() {
        fields.remove("request_id");
        fields.remove("until");
    }
    (reply.status, body)
}

// Everything a lawyer can ask about a question.
async fn view(desk: &Counsel, by: &Session, case: Uuid) -> Vec<(u16, Value)> {
    let app = &desk.app;
    let root = format!("/v1/lawyer/consultations/{case}");
    let states = "?state=QUEUED,ASSIGNED,ANSWERED,ESCALATED,CLOSED,CALLBACK,RATED,UNRATED,WITHDRAWN";
    let replies = [
        app.get(&format!("/v1/lawyer/consultations{states}")).by(by).await,
        app.get(&root).by(by).await,
        app.get(&format!("{root}/entries")).by(by).await,
        app.post(&format!("{root}/messages"), json!({"text": "答复"})).by(by).key("k").await,
        app.post(&format!("{root}/recuse"), json!({"reason": "回避"})).by(by).await,
        app.post("/v1/lawyer/presence", json!({})).by(by).await,
        app.get("/v1/lawyer/shifts").by(by).await,
        app.get("/v1/lawyer/notices").by(by).await,
    ];
    replies.iter().map(without_request).collect()
}

// Whether the only lawyer on duty gets a question about these parties.
pub(crate) async fn is_given(desk: &Counsel, asker: &Asker, parties: Value, key: &str) -> bool {
    let asked = ask(&desk.app, &asker.session, about(parties), key).await;
    let given = asked["state"] == "ASSIGNED";
    let path = format!("/v1/me/consultations/{}/withdraw", id(&asked));
    desk.app.post(&path, json!({})).by(&asker.session).await.expect(200);
    given
}

#[tokio::test]
async fn a_walled_lawyer_sees_the_same_with_and_without_the_question() {
    let (desk, lawyer, asker) = staffed().await;
    engage(&desk, desk.firm, json!({"name": "宏达公司", "uscc": USCC})).await;
    let never = desk.app.core().id();
    let without = view(&desk, &lawyer.session, never).await;
    let asked = ask(&desk.app, &asker.session, about(employer()), "1").await;
    assert_eq!(asked["state"], "QUEUED", "nobody else is there");
    let case = id(&asked);
    assert_eq!(view(&desk, &lawyer.session, case).await, without);
    // Nor when they are wanted by name; the member is not told why somebody else answers.
    let mut wanted = about(employer());
    wanted["lawyer_id"] = json!(lawyer.id);
    let wanted = id(&ask(&desk.app, &asker.session, wanted, "2").await);
    assert_eq!(view(&desk, &lawyer.session, wanted).await, without);
    // The legal department cannot give it to them by mistake.
    desk.app.advance(chrono::Duration::minutes(31)).await;
    desk.app.drain().await;
    let officer = desk.app.cadre("410102", unionhall_web::RoleName::LegalOfficer).await.session;
    let path = format!("/v1/admin/consultations/{case}");
    let tag = desk.app.get(&path).by(&officer).await.etag();
    let give = desk.app.post(&format!("{path}/assign"), json!({"lawyer_id": lawyer.id}));
    assert_eq!(give.by(&officer).if_match(&tag).await.problem(409), "LAWYER_CONFLICT");
}

#[tokio::test]
async fn the_whole_firm_past_and_present_is_one_head() {
    let desk = Counsel::open().await;
    let by = &desk.officer.session;
    let asker = member_of(&desk.app, "410102").await;
    let rival = desk.app.firm(by, "河南公平律师事务所").await;
    engage(&desk, rival, json!({"name": "宏达公司", "uscc": USCC, "to_date": "2024-06-30"})).await;
    // A colleague of the firm that once advised the employer.
    let colleague = desk.app.lawyer(by, rival, "赵律").await;
    desk.app.put_on_duty(by, colleague.id).await;
    desk.app.heartbeat(&colleague.session).await;
    assert!(!is_given(&desk, &asker, employer(), "1").await, "an engagement that ended counts");
    // They leave the firm: what they knew they know.
    let path = format!("/v1/admin/lawyers/{}", colleague.id);
    let tag = desk.app.get(&path).by(by).await.etag();
    let moved = desk.app.request("PATCH", &path).json(json!({"firm_id": desk.firm})).by(by).if_match(&tag);
    moved.await.expect(200);
    desk.app.heartbeat(&colleague.session).await;
    assert!(!is_given(&desk, &asker, employer(), "2").await, "a past colleague counts");
    assert!(is_given(&desk, &asker, json!([]), "3").await, "other questions they get");
    let third = desk.on_duty("钱律").await;
    let asked = ask(&desk.app, &asker.session, about(employer()), "4").await;
    assert_eq!(asked["lawyer"]["id"], json!(third.id), "the new firm does not inherit what one lawyer knew");
}

#[tokio::test]
async fn neither_role_nor_order_nor_side_changes_the_verdict() {
    let (desk, _lawyer, asker) = staffed().await;
    let firm = json!({"role": "counterpart_firm", "kind": "organisation", "name": "北京公正律师事务所"});
    let person = json!({"role": "counterpart", "kind": "person", "name": "钱大友"});
    let company =
        json!({"role": "employer", "kind": "organisation", "name": "郑州宏达机械有限公司", "uscc": USCC});
    let all = [firm, person, company];
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    let mut key = 0;
    for engaged in [None, Some(json!({"name": "钱大有", "kind": "person"}))] {
        if let Some(client) = &engaged {
            engage(&desk, desk.firm, client.clone()).await;
        }
        let mut verdicts = Vec::new();
        for order in orders {
            for role in ["employer", "counterpart", "counterpart_lawyer", "counterpart_firm"] {
                let parties: Vec<Value> = order
                    .iter()
                    .map(|n: &usize| {
                        let mut party = all[*n].clone();
                        party["role"] = json!(role);
                        party
                    })
                    .collect();
                key += 1;
                verdicts.push(is_given(&desk, &asker, json!(parties), &format!("k{key}")).await);
            }
        }
        assert!(verdicts.iter().all(|given| *given == engaged.is_none()), "{verdicts:?}");
    }
}

#[tokio::test]
async fn companies_of_one_group_firms_as_parties_and_lawyers_as_parties_count() {
    let (desk, lawyer, asker) = staffed().await;
    engage(&desk, desk.firm, json!({"name": "宏达控股", "uscc": OTHER})).await;
    assert!(is_given(&desk, &asker, employer(), "1").await);
    let group = json!({"uscc": USCC, "group_uscc": OTHER});
    let county = desk.app.post("/v1/admin/company-groups", group.clone()).by(&desk.officer.session).await;
    assert_eq!(county.problem(403), "WRONG_LEVEL");
    let province = desk.app.cadre("41", unionhall_web::RoleName::LegalOfficer).await;
    desk.app.post("/v1/admin/company-groups", group).by(&province.session).await.expect(200);
    assert!(!is_given(&desk, &asker, employer(), "2").await, "a company of the same group");
    let own = json!([{"role": "counterpart_firm", "kind": "organisation", "name": "河南正义"}]);
    assert!(!is_given(&desk, &asker, own, "3").await, "their own firm is on the other side");
    let named = json!([{"role": "counterpart_lawyer", "kind": "person", "name": "李明"}]);
    assert!(!is_given(&desk, &asker, named, "4").await, "they are on the other side themselves");
    let else_named = json!([{"role": "counterpart_lawyer", "kind": "person", "name": "周正"}]);
    assert!(is_given(&desk, &asker, else_named, "5").await);
    let _: LawyerHandle = lawyer;
}

#[tokio::test]
async fn a_wall_that_comes_later_takes_the_question_away_at_once() {
    let (desk, lawyer, asker) = staffed().await;
    let by = &desk.officer.session;
    let second_firm = desk.app.firm(by, "河南公平律师事务所").await;
    let case = id(&ask(&desk.app, &asker.session, about(employer()), "1").await);
    assert_eq!(ids(&desk.app.get("/v1/lawyer/consultations").by(&lawyer.session).await.expect(200)), [case]);
    let other = desk.app.lawyer(by, second_firm, "孙律").await;
    desk.app.put_on_duty(by, other.id).await;
    desk.app.heartbeat(&other.session).await;
    engage(&desk, desk.firm, json!({"name": "郑州宏达机械有限责任公司"})).await;
    assert!(ids(&desk.app.get("/v1/lawyer/consultations").by(&lawyer.session).await.expect(200)).is_empty());
    assert_eq!(ids(&desk.app.get("/v1/lawyer/consultations").by(&other.session).await.expect(200)), [case]);
    answer(&desk.app, &other, case, "a").await;
    // After the answer: the next question of the member goes elsewhere.
    engage(&desk, second_firm, json!({"name": "宏达", "uscc": USCC})).await;
    let path = format!("/v1/lawyer/consultations/{case}");
    assert_eq!(desk.app.get(&path).by(&other.session).await.problem(404), "NOT_FOUND");
    let more = json!({"text": "还有一个问题要请教。"});
    let mine = format!("/v1/me/consultations/{case}/messages");
    desk.app.post(&mine, more).by(&asker.session).key("f").await.expect(201);
    assert_eq!(state(&desk.app, &asker.session, case).await, "QUEUED");
}
