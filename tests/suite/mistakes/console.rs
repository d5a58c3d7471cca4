//! Of cadres about their own work: posts, modules, lists, notices, partners.

use serde_json::{Value, json};
use unionhall_testkit::{CadreHandle, PASSWORD, Session, TestApp, citizen, mobile};
use unionhall_web::{Realm, RoleName};

use super::{Mender, Story, Undone, of};

pub(super) fn stories() -> Vec<Story> {
    vec![
        Box::pin(the_wrong_cadre_appointed()),
        Box::pin(a_cadre_is_gone()),
        Box::pin(a_cadre_lost_the_authenticator()),
        Box::pin(a_module_closed()),
        Box::pin(the_wrong_list_exported()),
        Box::pin(a_notice_too_early()),
        Box::pin(a_notice_with_a_wrong_word()),
        Box::pin(a_partner_suspended()),
        Box::pin(a_key_that_was_not_the_partners()),
        Box::pin(acting_for_the_wrong_member()),
    ]
}

async fn two(app: &TestApp) -> (CadreHandle, CadreHandle) {
    (app.cadre("410102", RoleName::Officer).await, app.cadre("410102", RoleName::Leader).await)
}

/// A leader who may appoint officers.
async fn grantor(app: &TestApp) -> CadreHandle {
    let leader = app.cadre("410102", RoleName::Leader).await;
    app.sql(&format!("UPDATE post SET ceiling = '{{officer}}' WHERE id = '{}'", leader.post)).await;
    app.services.identity.states.forget(leader.session.account);
    leader
}

async fn the_wrong_cadre_appointed() -> Undone {
    let app = TestApp::start().await;
    let leader = grantor(&app).await;
    let (number, phone) = (citizen(), mobile());
    let body = json!({"name": "赵敏", "id_type": "citizen_id", "id_number": number, "mobile": phone,
                      "username": format!("zhao{phone}"), "union_id": leader.union, "role": "officer"});
    let made = app.post("/v1/admin/invitations", body).by(&leader.session).await.expect(201);
    let mut mender = Mender::new(&app, &leader.session);
    mender.step(&of("/v1/admin/posts", &made), "revoke", json!({"reason": "任命错人"})).await;
    let code = app.otp(&phone, "confirm", Realm::Cadre).await;
    app.post("/v1/auth/activate", json!({"mobile": phone, "code": code, "password": PASSWORD}))
        .await
        .expect(200);
    let login = json!({"username": format!("zhao{phone}"), "password": PASSWORD});
    assert_ne!(app.post("/v1/auth/login/password", login).await.status, 200);
    mender.done(
        "the wrong person appointed 任命错人",
        "whoever may grant the post",
        "the post is revoked before or after its first use; the account opens nothing",
    )
}

async fn a_cadre_is_gone() -> Undone {
    let app = TestApp::start().await;
    let leader = grantor(&app).await;
    let officer = app.cadre("410102", RoleName::Officer).await;
    app.get("/v1/admin/members").by(&officer.session).await.expect(200);
    let mut mender = Mender::new(&app, &leader.session);
    let post = format!("/v1/admin/posts/{}", officer.post);
    mender.step(&post, "revoke", json!({"reason": "已调离"})).await;
    app.advance(chrono::Duration::seconds(1)).await;
    let refused = app.get("/v1/admin/members").by(&officer.session).await;
    assert!(matches!(refused.status, 401 | 403), "{}", refused.text());
    let other = app.cadre("410102", RoleName::Officer).await;
    app.get("/v1/admin/todos").by(&other.session).await.expect(200);
    mender.done(
        "a cadre is gone and the post was left 干部离岗未撤职",
        "whoever may grant the post",
        "their token is refused within a second; open cases wait for the union, whoever holds the post",
    )
}

async fn a_cadre_lost_the_authenticator() -> Undone {
    let app = TestApp::start().await;
    let leader = grantor(&app).await;
    let officer = app.cadre("410102", RoleName::Officer).await;
    let mut mender = Mender::new(&app, &leader.session);
    let post = format!("/v1/admin/posts/{}", officer.post);
    mender.step(&post, "recover", json!({"lost": "login", "reason": "本人到场，核对证件"})).await;
    app.advance(chrono::Duration::seconds(61)).await;
    let code = app.otp(&officer.mobile, "confirm", Realm::Cadre).await;
    let body = json!({"mobile": officer.mobile, "code": code, "password": PASSWORD});
    let active = app.post("/v1/auth/activate", body).await.expect(200);
    let secret = active["totp_secret"].as_str().unwrap();
    let session = app.login_cadre(Realm::Cadre, &officer.username, Some(secret), &officer.mobile).await;
    app.get("/v1/admin/members").by(&session).await.expect(200);
    mender.done(
        "a cadre lost password or authenticator 干部丢失口令或动态码",
        "whoever may grant all their posts",
        "the cadre activates anew with the mobile on record; the old factors open nothing",
    )
}

async fn a_module_closed() -> Undone {
    let app = TestApp::start().await;
    let admin = app.cadre("410102", RoleName::SystemAdmin).await;
    let path = format!("/v1/admin/unions/{}/modules", admin.union);
    let open = async || {
        let config = app.get(&format!("/v1/public/app-config?union_id={}", admin.union)).await.expect(200);
        config["modules"].as_array().unwrap().contains(&json!("join"))
    };
    let plan = |enabled: bool| {
        let switch = json!({"module": "join", "enabled": enabled, "from": "2026-11-20"});
        json!({"switches": [switch], "reason": "调整"})
    };
    let tag = app.get(&path).by(&admin.session).await.etag();
    app.put(&path, plan(false)).by(&admin.session).if_match(&tag).await.expect(200);
    assert!(!open().await);
    let mut mender = Mender::new(&app, &admin.session);
    let tag = mender.get(&path).await.etag();
    let _: Value = mender.send("PUT", &path, Some(plan(true)), Some(&tag)).await.expect(200);
    assert!(open().await);
    mender.done(
        "a module closed by mistake 误关模块",
        "the union's system administrator",
        "open again from today on; cases begun before went on all the time",
    )
}

async fn the_wrong_list_exported() -> Undone {
    let app = TestApp::start().await;
    let (officer, _) = two(&app).await;
    let _member = app.on_roster("410102").await;
    let body = json!({"kind": "members", "format": "csv", "full": false, "reason": "核对名单"});
    let made = app.post("/v1/admin/exports", body).by(&officer.session).await.expect(202);
    app.drain().await;
    let export = of("/v1/admin/exports", &made);
    assert_eq!(app.get(&export).by(&officer.session).await.expect(200)["state"], "READY");
    let mut mender = Mender::new(&app, &officer.session);
    mender.step(&export, "cancel", json!({})).await;
    assert_ne!(app.get(&format!("{export}/file")).by(&officer.session).await.status, 200);
    mender.done(
        "the wrong list exported 导出错名单",
        "who asked for it",
        "the file is gone; who took it meanwhile is on record, and its rows are marked",
    )
}

async fn a_notice_too_early() -> Undone {
    let app = TestApp::start().await;
    let (officer, leader) = two(&app).await;
    let mut body = app.notice_body("春节慰问申请开始");
    body["audience"] = json!("everyone");
    let notice = app.notice(&officer, &leader, &body).await;
    app.get(&format!("/v1/public/notices/{notice}")).await.expect(200);
    let mut mender = Mender::new(&app, &leader.session);
    let path = format!("/v1/admin/notices/{notice}");
    mender.step(&path, "withdraw", json!({"reason": "发布过早"})).await;
    assert_ne!(app.get(&format!("/v1/public/notices/{notice}")).await.status, 200);
    mender.done(
        "a notice published too early 通知发早了",
        "a leader of the union",
        "nobody sees it any more, on any channel; it never comes back by itself",
    )
}

async fn a_notice_with_a_wrong_word() -> Undone {
    let app = TestApp::start().await;
    let (officer, leader) = two(&app).await;
    let notice = app.submitted(&officer, &app.notice_body("错字通知")).await;
    let path = format!("/v1/admin/notices/{notice}");
    let mut mender = Mender::new(&app, &leader.session);
    mender.step(&path, "return", json!({"reason": "标题有错字"})).await;
    let tag = app.get(&path).by(&officer.session).await.etag();
    let body = json!({"title": "更正后的通知"});
    let mended = app.request("PATCH", &path).json(body).by(&officer.session).if_match(&tag).await.expect(200);
    assert_eq!(mended["title"], "更正后的通知");
    mender.done(
        "a notice handed in with a wrong word 送审通知有错字",
        "who would approve it",
        "a draft again in the hands of who wrote it, nothing retyped",
    )
}

async fn a_partner_suspended() -> Undone {
    let app = TestApp::start().await;
    let (officer, leader) =
        (app.cadre("4101", RoleName::Officer).await, app.cadre("4101", RoleName::Leader).await);
    let partner = app.partner(&officer, &leader, "郑州职工文化宫").await;
    app.partner_step(partner.id, "suspend", &leader).await.expect(200);
    let mut mender = Mender::new(&app, &leader.session);
    let path = format!("/v1/admin/partners/{}", partner.id);
    mender.step(&path, "resume", json!({"reason": "停错系统"})).await;
    app.login_partner(&partner).await;
    mender.done(
        "the wrong system suspended 误停合作系统",
        "a leader of the union that registered it",
        "it logs in again with the key it had; members' consents stand",
    )
}

async fn a_key_that_was_not_the_partners() -> Undone {
    let app = TestApp::start().await;
    let (officer, leader) =
        (app.cadre("4101", RoleName::Officer).await, app.cadre("4101", RoleName::Leader).await);
    let partner = app.partner(&officer, &leader, "郑州职工文化宫").await;
    let path = format!("/v1/admin/partners/{}", partner.id);
    let stranger = app.signing_key();
    let tag = app.get(&path).by(&officer.session).await.etag();
    let body = json!({"public_key": stranger.public});
    app.post(&format!("{path}/keys"), body).by(&officer.session).if_match(&tag).await.expect(200);
    let mut mender = Mender::new(&app, &officer.session);
    let read = mender.get(&path).await;
    let (tag, keys) = (read.etag(), read.json()["keys"].clone());
    let wrong = keys.as_array().unwrap().iter().find(|k| k["public_key"] == json!(stranger.public));
    let key = wrong.expect("the key")["id"].as_str().unwrap().to_owned();
    let reply = mender.send("DELETE", &format!("{path}/keys/{key}"), None, Some(&tag)).await;
    assert!(matches!(reply.status, 200 | 204), "{}", reply.text());
    let forged = stranger.sign(Some("JWT"), &app.claims(partner.id));
    assert_eq!(app.assert_partner(&forged).await.status, 401);
    app.login_partner(&partner).await;
    mender.done(
        "a wrong public key entered 录错公钥",
        "who may register partners",
        "nothing signed by it is taken any more; the partner's own key goes on",
    )
}

async fn acting_for_the_wrong_member() -> Undone {
    let app = TestApp::start().await;
    let (officer, _) = two(&app).await;
    let wrong = app.on_roster("410102").await;
    let upload = app.request("POST", "/v1/files").by(&officer.session);
    let form =
        upload.form(&[("purpose", "on_behalf_form")], Some(b"%PDF-1.7 signed %%EOF")).await.expect(201);
    let body = json!({"member_id": wrong.person, "way": "counter", "reason": "本人到柜台办理", "form_file_id": form["id"]});
    let held = app.post("/v1/admin/assisted-sessions", body).by(&officer.session).await.expect(201);
    let session = Session {
        access: held["access_token"].as_str().unwrap().to_owned(),
        refresh: String::new(),
        account: officer.session.account,
        body: held,
    };
    app.get("/v1/me/cards").by(&session).await.expect(200);
    let mut mender = Mender::new(&app, &session);
    assert_eq!(mender.post("/v1/auth/logout", json!({})).await.status, 204);
    app.advance(chrono::Duration::seconds(1)).await;
    assert_eq!(app.get("/v1/me/cards").by(&session).await.status, 401);
    mender.done(
        "a session opened for the wrong member 代办选错会员",
        "the clerk",
        "the session is over; the look is on record, and the member can see it",
    )
}
