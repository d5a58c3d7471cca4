//! Swaps with acceptance, and what lawyers are told.

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};
use unionhall_testkit::counsel::{Counsel, LawyerHandle};
use unionhall_testkit::shop::id;
use unionhall_testkit::{Reply, Session};
use unionhall_web::RoleName;
use uuid::Uuid;

use crate::{ask, ids, member_of, question};

/// A published shift of a lawyer that begins in so many hours and lasts eight.
pub(crate) async fn published(desk: &Counsel, lawyer: Uuid, hours: i64, backup: Option<Uuid>) -> Uuid {
    let from = desk.app.core().now() + Duration::hours(hours);
    let body = json!({"lawyer_id": lawyer, "backup_id": backup, "starts_at": from, "ends_at": from + Duration::hours(8)});
    let by = &desk.officer.session;
    let shift = id(&desk.app.post("/v1/admin/shifts", body).by(by).await.expect(201));
    let path = format!("/v1/admin/shifts/{shift}/publish");
    desk.app.post(&path, json!({})).by(by).if_match("\"v1\"").await.expect(200);
    shift
}

async fn offer(desk: &Counsel, by: &Session, shift: Uuid, to: Option<Uuid>) -> Reply {
    let body = json!({"to_lawyer_id": to});
    desk.app.post(&format!("/v1/lawyer/shifts/{shift}/offer"), body).by(by).await
}

async fn take(desk: &Counsel, by: &Session, offer: Uuid) -> Reply {
    desk.app.post(&format!("/v1/lawyer/shift-offers/{offer}/take"), json!({})).by(by).await
}

async fn shifts_of(desk: &Counsel, by: &Session) -> Vec<Uuid> {
    ids(&desk.app.get("/v1/lawyer/shifts").by(by).await.expect(200))
}

async fn offers_to(desk: &Counsel, by: &Session) -> Vec<Uuid> {
    ids(&desk.app.get("/v1/lawyer/shift-offers").by(by).await.expect(200))
}

/// What a lawyer was told, the newest first.
pub(crate) async fn told(desk: &Counsel, by: &Session) -> Vec<String> {
    let list = desk.app.get("/v1/lawyer/notices").by(by).await.expect(200);
    list["items"].as_array().unwrap().iter().map(|n| n["kind"].as_str().unwrap().to_owned()).collect()
}

async fn three() -> (Counsel, [LawyerHandle; 3]) {
    let desk = Counsel::open().await;
    let by = &desk.officer.session;
    let mut lawyers = Vec::new();
    for name in ["李明", "王律", "孙律"] {
        lawyers.push(desk.app.lawyer(by, desk.firm, name).await);
    }
    let lawyers = lawyers.try_into().unwrap();
    (desk, lawyers)
}

#[tokio::test]
async fn a_shift_is_its_lawyers_until_another_takes_it() {
    let (desk, [a, b, c]) = three().await;
    let shift = published(&desk, a.id, 72, Some(c.id)).await;
    let made = offer(&desk, &a.session, shift, Some(b.id)).await.expect(201);
    assert_eq!(shifts_of(&desk, &a.session).await, [shift], "still theirs");
    let listed = desk.app.get("/v1/lawyer/shifts").by(&a.session).await.expect(200);
    assert_eq!(listed["items"][0]["offered_until"], made["expires_at"]);
    let listed = desk.app.get("/v1/admin/shifts").by(&desk.officer.session).await.expect(200);
    assert_eq!(listed["items"][0]["offered_until"], made["expires_at"]);
    // To one by name: nobody else sees it, nor takes it; not even the one who offers.
    assert!(offers_to(&desk, &c.session).await.is_empty());
    for other in [&c, &a] {
        assert_eq!(take(&desk, &other.session, id(&made)).await.problem(404), "NOT_FOUND");
    }
    let seen = desk.app.get("/v1/lawyer/shift-offers").by(&b.session).await.expect(200);
    assert_eq!((ids(&seen), &seen["items"][0]["from_name"]), (vec![id(&made)], &json!("李明")));
    assert_eq!(offer(&desk, &a.session, shift, None).await.problem(409), "INVALID_STATE", "once at a time");
    take(&desk, &b.session, id(&made)).await.expect(200);
    assert!(shifts_of(&desk, &a.session).await.is_empty());
    assert_eq!(shifts_of(&desk, &b.session).await, [shift]);
    assert_eq!(take(&desk, &b.session, id(&made)).await.problem(409), "INVALID_STATE", "once");
    assert!(offers_to(&desk, &b.session).await.is_empty());
    // Everybody affected was told.
    assert_eq!(told(&desk, &a.session).await, ["shift_swapped", "shift_published"]);
    assert_eq!(told(&desk, &b.session).await, ["shift_swapped", "swap_offered"]);
    assert_eq!(told(&desk, &c.session).await, ["shift_swapped", "shift_published"]);
    // The new lawyer can offer it on.
    offer(&desk, &b.session, shift, None).await.expect(201);
    let who = [&a.session, &c.session];
    assert_eq!(offers_to(&desk, who[0]).await.len(), 1);
    assert!(offers_to(&desk, who[1]).await.is_empty(), "the backup stands in already");
}

#[tokio::test]
async fn of_many_who_take_it_at_once_one_has_it() {
    let desk = Counsel::open().await;
    let by = &desk.officer.session;
    let a = desk.app.lawyer(by, desk.firm, "李明").await;
    let mut others = Vec::new();
    for n in 0..4 {
        others.push(desk.app.lawyer(by, desk.firm, ["赵一", "钱二", "孙三", "周四"][n]).await);
    }
    let shift = published(&desk, a.id, 72, None).await;
    let made = id(&offer(&desk, &a.session, shift, None).await.expect(201));
    let all = others.iter().flat_map(|lawyer| [lawyer, lawyer]);
    let replies = futures_util::future::join_all(all.map(|l| take(&desk, &l.session, made))).await;
    assert_eq!(replies.iter().filter(|r| r.status == 200).count(), 1);
    assert!(
        replies.iter().all(|r| r.status == 200
            || ["INVALID_STATE", "NOT_FOUND"].contains(&r.json()["code"].as_str().unwrap()))
    );
    let mut holders = 0;
    for lawyer in &others {
        holders += shifts_of(&desk, &lawyer.session).await.len();
    }
    assert_eq!(holders, 1);
    let rows = "SELECT count(*) FROM audit_event WHERE action = 'shift.swap'";
    assert_eq!(desk.app.number(rows).await, 1);
}

#[tokio::test]
async fn who_cannot_be_there_does_not_get_it() {
    let (desk, [a, b, c]) = three().await;
    let by = &desk.officer.session;
    let shift = published(&desk, a.id, 72, None).await;
    let made = id(&offer(&desk, &a.session, shift, None).await.expect(201));
    published(&desk, b.id, 76, None).await;
    assert_eq!(take(&desk, &b.session, made).await.problem(409), "SHIFT_OVERLAPS");
    // Friday noon and three days: 23 November; one day short.
    let path = format!("/v1/admin/lawyers/{}", c.id);
    let tag = desk.app.get(&path).by(by).await.etag();
    let until = |day: &str| desk.app.request("PATCH", &path).json(json!({"licence_until": day})).by(by);
    let changed = until("2026-11-22").if_match(&tag).await;
    assert_eq!(take(&desk, &c.session, made).await.problem(409), "LICENCE_ENDS");
    until("2026-11-23").if_match(&changed.etag()).await.expect(200);
    take(&desk, &c.session, made).await.expect(200);
    // Of another county's list.
    let far = desk.app.cadre("410103", RoleName::LegalOfficer).await.session;
    let firm = desk.app.firm(&far, "外地律师事务所").await;
    let stranger = desk.app.lawyer(&far, firm, "周正").await;
    let again = offer(&desk, &c.session, shift, Some(stranger.id)).await;
    assert_eq!(again.json()["errors"][0]["code"], "LAWYER_UNKNOWN");
    let made = id(&offer(&desk, &c.session, shift, None).await.expect(201));
    assert!(offers_to(&desk, &stranger.session).await.is_empty());
    assert_eq!(take(&desk, &stranger.session, made).await.problem(404), "NOT_FOUND");
    for to in [c.id, desk.app.core().id()] {
        let own = published(&desk, c.id, 100, None).await;
        assert_eq!(offer(&desk, &c.session, own, Some(to)).await.status, 422);
        let path = format!("/v1/admin/shifts/{own}/cancel");
        desk.app.post(&path, json!({"reason": "排班有误"})).by(by).if_match("\"v2\"").await.expect(200);
        assert_eq!(offer(&desk, &c.session, own, None).await.problem(404), "NOT_FOUND", "cancelled");
    }
    assert_eq!(offer(&desk, &a.session, shift, None).await.problem(404), "NOT_FOUND", "no longer theirs");
}

#[tokio::test]
async fn what_nobody_takes_stays_and_what_is_taken_back_is_gone() {
    let (desk, [mut a, mut b, _c]) = three().await;
    let (near, far) = (published(&desk, a.id, 20, None).await, published(&desk, a.id, 72, None).await);
    let begins = |offer: &Value| offer["expires_at"].as_str().unwrap().parse::<DateTime<Utc>>().unwrap();
    let soon = offer(&desk, &a.session, near, None).await.expect(201);
    assert_eq!(soon["expires_at"], soon["starts_at"], "until it begins");
    let later = offer(&desk, &a.session, far, None).await.expect(201);
    assert_eq!(begins(&later), desk.app.core().now() + Duration::hours(48));
    let keep = format!("/v1/lawyer/shifts/{near}/keep");
    desk.app.post(&keep, json!({})).by(&a.session).await.expect(204);
    assert_eq!(desk.app.post(&keep, json!({})).by(&a.session).await.problem(409), "INVALID_STATE");
    assert_eq!(take(&desk, &b.session, id(&soon)).await.problem(409), "INVALID_STATE");
    desk.app.advance(Duration::hours(48) - Duration::seconds(1)).await;
    (a.session, b.session) =
        (desk.app.login_lawyer(&a.username).await, desk.app.login_lawyer(&b.username).await);
    assert_eq!(offers_to(&desk, &b.session).await, [id(&later)]);
    desk.app.advance(Duration::seconds(1)).await;
    assert!(offers_to(&desk, &b.session).await.is_empty(), "over, whether the worker ran or not");
    assert_eq!(take(&desk, &b.session, id(&later)).await.problem(409), "INVALID_STATE");
    desk.app.drain().await;
    assert_eq!(told(&desk, &a.session).await[0], "swap_ended");
    assert_eq!(shifts_of(&desk, &a.session).await, [far]);
    // Offered again, and given to somebody by the department: the offer is over.
    let again = offer(&desk, &a.session, far, None).await.expect(201);
    let path = format!("/v1/admin/shifts/{far}");
    let officer = desk.app.cadre("410102", RoleName::LegalOfficer).await.session;
    let tag = desk.app.get(&path).by(&officer).await.etag();
    let body = json!({"lawyer_id": b.id, "reason": "原值班律师出庭"});
    desk.app.post(&format!("{path}/reassign"), body).by(&officer).if_match(&tag).await.expect(200);
    assert_eq!(desk.app.number("SELECT count(*) FROM legal_offer WHERE state = 'OPEN'").await, 0);
    assert_eq!(take(&desk, &b.session, id(&again)).await.problem(409), "INVALID_STATE", "theirs already");
}

#[tokio::test]
async fn lawyers_are_told_and_woken_where_it_is_soon() {
    let (desk, [a, b, c]) = three().await;
    let app = &desk.app;
    app.drain().await;
    let sms = |l: &LawyerHandle| app.sms.count(&l.mobile);
    let (mut of_a, mut of_b) = (sms(&a), sms(&b));
    published(&desk, a.id, 49, Some(b.id)).await;
    app.drain().await;
    assert_eq!((sms(&a) - of_a, sms(&b) - of_b), (0, 0), "in more than two days");
    let shift = published(&desk, a.id, 24, Some(b.id)).await;
    app.drain().await;
    assert_eq!((sms(&a) - of_a, sms(&b) - of_b), (1, 1));
    assert_eq!(app.sms.last(&a.mobile), Some("shift_moved"));
    (of_a, of_b) = (sms(&a), sms(&b));
    let path = format!("/v1/admin/shifts/{shift}/cancel");
    let by = &desk.officer.session;
    app.post(&path, json!({"reason": "排班有误"})).by(by).if_match("\"v2\"").await.expect(200);
    app.drain().await;
    assert_eq!((sms(&a) - of_a, sms(&b) - of_b), (1, 1));
    assert_eq!(told(&desk, &b.session).await, ["shift_cancelled", "shift_published", "shift_published"]);
    // Offered to one by name, and to all: an alarm is for one.
    let soon = published(&desk, a.id, 40, None).await;
    app.drain().await;
    let (before, others) = (sms(&b), sms(&c));
    let made = offer(&desk, &a.session, soon, None).await.expect(201);
    app.drain().await;
    assert_eq!((sms(&b), sms(&c)), (before, others));
    assert_eq!(told(&desk, &c.session).await, ["swap_offered"]);
    let keep = format!("/v1/lawyer/shifts/{soon}/keep");
    app.post(&keep, json!({})).by(&a.session).await.expect(204);
    offer(&desk, &a.session, soon, Some(b.id)).await.expect(201);
    app.drain().await;
    assert_eq!((sms(&b), sms(&c)), (before + 1, others));
    assert_eq!(take(&desk, &b.session, id(&made)).await.problem(409), "INVALID_STATE", "the offer of before");
    // A plan is nobody's business yet.
    let from = app.core().now() + Duration::hours(30);
    let plan = json!({"lawyer_id": a.id, "starts_at": from, "ends_at": from + Duration::hours(2)});
    app.post("/v1/admin/shifts", plan).by(by).await.expect(201);
    assert_eq!(told(&desk, &a.session).await.len(), 4);
    // A question.
    app.put_on_duty(by, a.id).await;
    app.heartbeat(&a.session).await;
    let asker = member_of(app, "410102").await;
    let asked = ask(app, &asker.session, question(), "1").await;
    let list = app.get("/v1/lawyer/notices").by(&a.session).await.expect(200);
    assert_eq!(
        (&list["items"][0]["kind"], &list["items"][0]["case_id"]),
        (&json!("question_assigned"), &asked["id"])
    );
    assert_eq!(list["items"][0]["is_read"], false);
    let read = app.post("/v1/lawyer/notices/read-all", json!({})).by(&a.session).await.expect(200);
    assert_eq!(read["read_count"], list["items"].as_array().unwrap().len());
    let list = app.get("/v1/lawyer/notices?limit=2").by(&a.session).await.expect(200);
    assert!(list["items"].as_array().unwrap().iter().all(|n| n["is_read"] == true));
    assert_eq!(list["items"].as_array().unwrap().len(), 2);
    // After half a year they are forgotten.
    app.clock.advance(Duration::days(181));
    let core = app.core();
    unionhall_legal::enqueue_daily(core, &mut core.db.writer().await.unwrap()).await.unwrap();
    app.drain().await;
    // But for the end of the last offer, which is told only now.
    assert_eq!(app.number("SELECT count(*) FROM legal_notice WHERE kind <> 'swap_ended'").await, 0);
}
