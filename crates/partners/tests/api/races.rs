//! Many at once: one ticket, one assertion, one consent.

use futures_util::future::join_all;
use serde_json::json;

use crate::city::City;

#[tokio::test]
async fn of_sixty_four_exchanges_one_succeeds() {
    let city = City::open().await;
    let app = &city.app;
    let copy = app.copy().await;
    let member = city.member().await;
    let session = app.login_partner(&city.partner).await;
    let ticket = app.sso_ticket(&member.session, city.partner.id).await;
    let all = (0..64).map(|n| [app, &copy][n % 2].exchange(&session, &ticket));
    let replies = join_all(all).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 1);
    for reply in replies.iter().filter(|reply| reply.status != 200) {
        assert_eq!(reply.problem(409), "TICKET_INVALID");
    }
    let rows = "SELECT count(*) FROM audit_event WHERE action = 'partner.exchange'";
    assert_eq!(app.number(rows).await, 1);
}

#[tokio::test]
async fn of_one_assertion_sent_many_times_one_is_taken() {
    let city = City::open().await;
    let app = &city.app;
    let copy = app.copy().await;
    let assertion = city.partner.key.sign(Some("JWT"), &app.claims(city.partner.id));
    let all = (0..16).map(|n| [app, &copy][n % 2].assert_partner(&assertion));
    let replies = join_all(all).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 1);
    for reply in replies.iter().filter(|reply| reply.status != 200) {
        assert_eq!(reply.problem(401), "ASSERTION_INVALID");
    }
}

#[tokio::test]
async fn many_logins_at_once_share_the_keys_session() {
    let city = City::open().await;
    let app = &city.app;
    let sessions = join_all((0..32).map(|_| app.login_partner(&city.partner))).await;
    for session in &sessions {
        assert_eq!(app.exchange(session, "x").await.problem(409), "TICKET_INVALID");
    }
    let rows = format!("SELECT count(*) FROM session WHERE account_id = '{}'", city.partner.id);
    assert_eq!(app.number(&rows).await, 1);
}

#[tokio::test]
async fn many_first_tickets_at_once_are_one_consent() {
    let city = City::open().await;
    let app = &city.app;
    let member = city.member().await;
    let tickets = join_all((0..16).map(|_| app.sso_ticket(&member.session, city.partner.id))).await;
    assert_eq!(app.number("SELECT count(*) FROM partner_consent").await, 1);
    let session = app.login_partner(&city.partner).await;
    for ticket in tickets {
        app.exchange(&session, &ticket).await.expect(200);
    }
}

#[tokio::test]
async fn after_a_withdrawal_nothing_more_is_learned_however_many_try() {
    let city = City::open().await;
    let app = &city.app;
    let member = city.member().await;
    let session = app.login_partner(&city.partner).await;
    let tickets = join_all((0..16).map(|_| app.sso_ticket(&member.session, city.partner.id))).await;
    let withdraw = app.delete(&format!("/v1/me/partners/{}", city.partner.id)).by(&member.session);
    let exchanges = join_all(tickets.iter().map(|ticket| app.exchange(&session, ticket)));
    let (replies, withdrawn) = futures_util::future::join(exchanges, withdraw.into_future()).await;
    assert_eq!(withdrawn.status, 204);
    assert!(replies.iter().all(|reply| [200, 409].contains(&reply.status)));
    for ticket in &tickets {
        assert_eq!(app.exchange(&session, ticket).await.problem(409), "TICKET_INVALID");
    }
    let body = json!({"partner_id": city.partner.id});
    let asked = app.post("/v1/me/sso-tickets", body).by(&member.session).await;
    assert_eq!(asked.problem(403), "CONSENT_REQUIRED");
}
