//! Subjects: one partner's alone, the same for good, and resolved by the member's own county with a reason.

use serde_json::{Value, json};
use unionhall_testkit::{CadreHandle, PartnerHandle, Reply};
use unionhall_web::RoleName;

use crate::city::{City, Proved};

async fn subject(city: &City, member: &Proved, partner: &PartnerHandle) -> String {
    let session = city.app.login_partner(partner).await;
    let ticket = city.app.sso_ticket(&member.session, partner.id).await;
    let found = city.app.exchange(&session, &ticket).await.expect(200);
    found["subject"].as_str().unwrap().to_owned()
}

async fn resolve(city: &City, by: &CadreHandle, partner: &PartnerHandle, subject: &str) -> Reply {
    let body = json!({"subject": subject, "reason": "合作方投诉核实"});
    city.app.post(&format!("/v1/admin/partners/{}/resolve", partner.id), body).by(&by.session).await
}

#[tokio::test]
async fn two_partners_cannot_put_together_what_they_know() {
    let city = City::open().await;
    let other = city.another().await;
    let (first, second) = (city.member().await, city.member().await);
    let one = subject(&city, &first, &city.partner).await;
    assert_eq!(subject(&city, &first, &city.partner).await, one, "one's are stable");
    let all = [
        one,
        subject(&city, &second, &city.partner).await,
        subject(&city, &first, &other).await,
        subject(&city, &second, &other).await,
    ];
    for (n, one) in all.iter().enumerate() {
        assert!(all.iter().skip(n + 1).all(|other| other != one), "{all:?}");
    }
    // Another copy, started anew, has the same key.
    let copy = city.app.copy().await;
    let session = copy.login_partner(&city.partner).await;
    let ticket = copy.sso_ticket(&first.session, city.partner.id).await;
    assert_eq!(copy.exchange(&session, &ticket).await.expect(200)["subject"], json!(all[0]));
}

#[tokio::test]
async fn a_subject_is_resolved_for_ones_own_members_with_a_reason_on_record() {
    let city = City::open().await;
    let app = &city.app;
    let member = city.member_of("410102").await;
    let one = subject(&city, &member, &city.partner).await;
    let own = app.cadre("410102", RoleName::Leader).await;
    let registrar = app.cadre("4101", RoleName::Registrar).await;
    for by in [&own, &registrar] {
        let found = resolve(&city, by, &city.partner, &one).await.expect(200);
        let masked = format!("{}****{}", &member.mobile[..3], &member.mobile[7..]);
        assert_eq!((&found["name"], &found["mobile"]), (&json!("王*明"), &json!(masked)));
        assert_eq!((&found["member_id"], &found["union_id"]), (&json!(member.person), &json!(member.union)));
    }
    for outcome in ["intent", "done"] {
        let rows = format!(
            "SELECT count(*) FROM audit_event WHERE action = 'partner.resolve' AND outcome = '{outcome}' \
             AND reason = '合作方投诉核实' AND subject_person = '{}'",
            member.person
        );
        assert_eq!(app.number(&rows).await, 2);
    }
    let looks = app.get("/v1/me/data-accesses").by(&member.session).await.expect(200);
    let seen: Vec<&Value> =
        looks["items"].as_array().unwrap().iter().filter(|l| l["action"] == "partner.resolve").collect();
    assert_eq!(seen.len(), 2, "the member sees who asked");

    // Still, after the consent was withdrawn: what the partner did before may have to be cleared up.
    let path = format!("/v1/me/partners/{}", city.partner.id);
    assert_eq!(app.delete(&path).by(&member.session).await.status, 204);
    resolve(&city, &own, &city.partner, &one).await.expect(200);
}

#[tokio::test]
async fn nobody_resolves_what_is_not_theirs() {
    let city = City::open().await;
    let app = &city.app;
    let member = city.member_of("410102").await;
    let one = subject(&city, &member, &city.partner).await;
    let other = city.another().await;
    let neighbour = app.cadre("410103", RoleName::Leader).await;
    let elsewhere = app.cadre("4102", RoleName::Leader).await;
    let (_, code) = app.union_under("410102", "中原机械厂工会").await;
    let basic = app.cadre(&code, RoleName::Leader).await;
    let absent = "2jmj7l5rSw0yVb_vlWAYkK_YBwk2jmj7l5rSw0yVb_s";
    for (by, partner, subject) in [
        (&neighbour, &city.partner, one.as_str()),
        (&elsewhere, &city.partner, one.as_str()),
        (&city.leader, &other, one.as_str()),
        (&city.leader, &city.partner, absent),
    ] {
        assert_eq!(resolve(&city, by, partner, subject).await.problem(404), "NOT_FOUND");
    }
    assert_eq!(resolve(&city, &basic, &city.partner, &one).await.problem(403), "FORBIDDEN");
    assert_eq!(resolve(&city, &city.officer, &city.partner, &one).await.problem(403), "FORBIDDEN");
    assert_eq!(app.number("SELECT count(*) FROM audit_event WHERE action = 'partner.resolve'").await, 0);
    let path = format!("/v1/admin/partners/{}/resolve", city.partner.id);
    let body = json!({"subject": "x", "reason": " "});
    let odd = app.post(&path, body).by(&city.leader.session).await;
    assert_eq!(odd.problem(422), "VALIDATION_FAILED");
    assert_eq!(odd.json()["errors"].as_array().unwrap().len(), 2);
}
