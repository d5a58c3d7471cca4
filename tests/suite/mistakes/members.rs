//! About members, as a county's office makes them.

use serde_json::{Value, json};
use unionhall_testkit::imports::Desk;
use unionhall_testkit::shop::id;
use unionhall_testkit::{CadreHandle, RosterMember, Session, TestApp, citizen, mobile};
use unionhall_web::RoleName;

use super::{Mender, Story, Undone, of, pick};

pub(super) fn stories() -> Vec<Story> {
    vec![
        Box::pin(a_wrong_file_uploaded()),
        Box::pin(a_wrong_file_committed()),
        Box::pin(bank_cards_of_another_bank()),
        Box::pin(said_to_have_died()),
        Box::pin(retired_too_early()),
        Box::pin(frozen_by_mistake()),
        Box::pin(the_wrong_person_confirmed()),
        Box::pin(somebody_of_no_union_admitted()),
        Box::pin(the_wrong_one_proposed_to_leave()),
        Box::pin(a_leaver_confirmed_who_stays()),
        Box::pin(a_card_revoked()),
        Box::pin(another_ones_card_reported_lost()),
    ]
}

/// A county's office with a member who holds a card.
pub(super) struct Office {
    pub(super) app: TestApp,
    pub(super) officer: CadreHandle,
    pub(super) leader: CadreHandle,
    pub(super) member: RosterMember,
    pub(super) session: Session,
    pub(super) card: Value,
}

impl Office {
    pub(super) async fn open() -> Self {
        let app = TestApp::start().await;
        let officer = app.cadre("410102", RoleName::Officer).await;
        let leader = app.cadre("410102", RoleName::Leader).await;
        let member = app.on_roster("410102").await;
        let session = app.login_member(&member.mobile).await;
        app.prove(&session, &member).await;
        let card = app.get("/v1/me/cards").by(&session).await.expect(200)["items"][0].clone();
        Self { app, officer, leader, member, session, card }
    }

    fn path(&self) -> String {
        format!("/v1/admin/members/{}", self.member.person)
    }

    /// A step of the member's membership, by the leader.
    async fn step(&self, step: &str, body: Value) {
        let tag = self.app.get(&self.path()).by(&self.leader.session).await.etag();
        let request = self.app.post(&format!("{}/{step}", self.path()), body).by(&self.leader.session);
        request.if_match(&tag).await.expect(200);
    }

    pub(super) async fn card_state(&self) -> String {
        let cards = self.app.get("/v1/me/cards").by(&self.session).await.expect(200);
        cards["items"][0]["state"].as_str().unwrap().to_owned()
    }

    /// Undoes a step of the membership and looks whether the card is good.
    async fn mended(&self, step: &str) -> Mender<'_> {
        assert_ne!(self.card_state().await, "");
        let mut mender = Mender::new(&self.app, &self.leader.session);
        let back = mender.step(&self.path(), step, json!({"reason": "登记错人"})).await;
        assert_eq!(back["state"], "ACTIVE");
        assert_eq!(self.card_state().await, "ACTIVE");
        mender
    }

    fn desk(&self) -> Desk<'_> {
        Desk { app: &self.app, by: &self.officer, kind: "members" }
    }

    /// Everything the tables say of people, as one number.
    async fn content(&self) -> i64 {
        let all = |table: &str| format!("(SELECT string_agg(t::text, '|' ORDER BY t::text) FROM {table} t)");
        let tables =
            ["person", "person_document", "membership", "member_profile", "card"].map(all).join(", ");
        self.app.number(&format!("SELECT hashtextextended(concat_ws('#', {tables}), 0)")).await
    }
}

fn roster(names: &[&str]) -> String {
    let mut file = String::from("姓名,身份证号,手机\n");
    for name in names {
        file += &format!("{name},{},{}\n", citizen(), mobile());
    }
    file
}

async fn a_wrong_file_uploaded() -> Undone {
    let office = Office::open().await;
    let before = office.content().await;
    let import = office.desk().validated("false", &roster(&["赵敏", "钱英"])).await;
    let path = format!("/v1/admin/imports/{import}");
    let mut mender = Mender::new(&office.app, &office.officer.session);
    assert_eq!(mender.step(&path, "cancel", json!({})).await["state"], "cancelled");
    assert_eq!(office.content().await, before);
    mender.done(
        "wrong file uploaded, not committed 传错名册",
        "who uploaded it",
        "the import is cancelled; no table changed",
    )
}

async fn a_wrong_file_committed() -> Undone {
    let office = Office::open().await;
    let before = office.content().await;
    let import = office.desk().committed(&roster(&["赵敏", "钱英", "孙丽"])).await;
    assert_ne!(office.content().await, before);
    let mut mender = Mender::new(&office.app, &office.officer.session);
    mender.step(&of("/v1/admin/imports", &import), "revert", json!({})).await;
    office.app.drain().await;
    assert_eq!(office.content().await, before);
    mender.done(
        "wrong file committed 导错名册",
        "who committed it",
        "persons, memberships and cards are byte for byte as before; rows touched since are listed and stay",
    )
}

async fn bank_cards_of_another_bank() -> Undone {
    let office = Office::open().await;
    let file = format!(
        "姓名,证件号码,卡号,银行,卡种,状态\n{},{},6217000000000000004,郑州银行,借记卡,在用\n",
        office.member.name, office.member.id_number
    );
    let registrar = office.app.cadre("410102", RoleName::Registrar).await;
    let before = office.content().await;
    let import = Desk { app: &office.app, by: &registrar, kind: "cards" }.committed(&file).await;
    assert_ne!(office.content().await, before);
    let mut mender = Mender::new(&office.app, &registrar.session);
    mender.step(&of("/v1/admin/imports", &import), "revert", json!({})).await;
    office.app.drain().await;
    assert_eq!(office.content().await, before);
    mender.done(
        "bank cards imported to the wrong members 银行卡导入串行",
        "who committed them",
        "the cards are as before",
    )
}

async fn said_to_have_died() -> Undone {
    let office = Office::open().await;
    office.step("end", json!({"kind": "deceased", "reason": "登记错人"})).await;
    assert_ne!(office.card_state().await, "ACTIVE");
    office.mended("reinstate").await.done(
        "the wrong member registered as deceased 误登记去世",
        "a leader of the union or above",
        "the membership goes on and the card with it; both versions stay on record",
    )
}

async fn retired_too_early() -> Undone {
    let office = Office::open().await;
    office.step("retain", json!({"kind": "retire", "reason": "登记错人"})).await;
    office.mended("reinstate").await.done(
        "membership retained by mistake 误办保留会籍",
        "a leader of the union or above",
        "ACTIVE again; both versions stay on record",
    )
}

async fn frozen_by_mistake() -> Undone {
    let office = Office::open().await;
    office.step("freeze", json!({"reason": "登记错人"})).await;
    assert_ne!(office.card_state().await, "ACTIVE");
    office.mended("unfreeze").await.done(
        "the wrong member frozen 误冻结会籍",
        "a leader of the union or above",
        "ACTIVE again, and the card is good at once",
    )
}

async fn the_wrong_person_confirmed() -> Undone {
    let app = TestApp::start().await;
    let leader = app.cadre("410102", RoleName::Leader).await;
    let member = app.on_roster("410102").await;
    let wrong = app.login_member(&mobile()).await;
    let statement = json!({"name": member.name, "id_type": "citizen_id", "id_number": member.id_number});
    let body = json!({"union_id": member.union, "statement": statement});
    let made = app.post("/v1/me/join-applications", body).by(&wrong).key("a").await.expect(201);
    approve(&app, &leader.session, &of("/v1/admin/join-applications", &made)).await;
    let mut mender = Mender::new(&app, &leader.session);
    let path = format!("/v1/admin/members/{}", member.person);
    mender.step(&path, "unbind", json!({"reason": "核对照片，非本人"})).await;
    app.advance(chrono::Duration::seconds(61)).await;
    assert_eq!(app.get("/v1/me/cards").by(&wrong).await.problem(401), "UNAUTHENTICATED");
    let right = app.login_member(&member.mobile).await;
    app.prove(&right, &member).await;
    mender.done(
        "the wrong person confirmed as a member 认错人",
        "a leader of the union or above",
        "the wrong account is nobody's and logged out; the right person proves who they are",
    )
}

async fn approve(app: &TestApp, by: &Session, path: &str) {
    let tag = app.get(path).by(by).await.etag();
    app.post(&format!("{path}/approve"), json!({})).by(by).if_match(&tag).await.expect(200);
}

async fn somebody_of_no_union_admitted() -> Undone {
    let app = TestApp::start().await;
    let leader = app.cadre("410102", RoleName::Leader).await;
    let session = app.login_member(&mobile()).await;
    let statement =
        json!({"name": "赵敏", "id_type": "citizen_id", "id_number": citizen(), "employment_form": "13"});
    let (union, _) = app.union_under("410102", "中原机械厂工会").await;
    let body = json!({"union_id": union, "statement": statement});
    let made = app.post("/v1/me/join-applications", body).by(&session).key("a").await.expect(201);
    approve(&app, &leader.session, &of("/v1/admin/join-applications", &made)).await;
    let list = app.get(&format!("/v1/admin/members?union_id={union}")).by(&leader.session).await.expect(200);
    let member = of("/v1/admin/members", &list["items"][0]);
    let mut mender = Mender::new(&app, &leader.session);
    let ended =
        mender.step(&member, "end", json!({"kind": "auto_quit", "reason": "非本单位职工，误批"})).await;
    assert_eq!(ended["state"], "ENDED");
    let cards = app.get("/v1/me/cards").by(&session).await.expect(200);
    assert_ne!(cards["items"][0]["state"], "ACTIVE");
    mender.done(
        "an application approved that should not have been 误批入会",
        "a leader of the union or above",
        "the membership has ended and the card with it; the person may apply to the right union",
    )
}

impl Office {
    /// Proposes the member as somebody who retires; answers the proposal.
    async fn proposed(&self) -> Value {
        let body =
            json!({"ids": [self.member.person], "action": "propose_retire", "reason": "已办理退休手续"});
        self.app.post("/v1/admin/members/batch", body).by(&self.officer.session).await.expect(200);
        let list = self.app.get("/v1/admin/leaver-proposals").by(&self.leader.session).await.expect(200);
        list["items"][0].clone()
    }
}

async fn the_wrong_one_proposed_to_leave() -> Undone {
    let office = Office::open().await;
    let proposal = of("/v1/admin/leaver-proposals", &office.proposed().await);
    let mut mender = Mender::new(&office.app, &office.officer.session);
    assert_eq!(mender.step(&proposal, "withdraw", json!({})).await["state"], "WITHDRAWN");
    assert_eq!(office.card_state().await, "ACTIVE");
    mender.done(
        "the wrong member proposed as a leaver 提错离会人员",
        "who proposed",
        "the proposal is withdrawn; the membership was never touched",
    )
}

async fn a_leaver_confirmed_who_stays() -> Undone {
    let office = Office::open().await;
    let proposal = of("/v1/admin/leaver-proposals", &office.proposed().await);
    let tag = office.app.get(&proposal).by(&office.leader.session).await.etag();
    let confirm = office.app.post(&format!("{proposal}/confirm"), json!({})).by(&office.leader.session);
    confirm.if_match(&tag).await.expect(200);
    office.mended("reinstate").await.done(
        "a leaver confirmed who stays 误确认离会",
        "a leader of the union or above",
        "ACTIVE again; both versions stay on record",
    )
}

async fn a_card_revoked() -> Undone {
    let office = Office::open().await;
    let card = of("/v1/admin/cards", &office.card);
    let tag = office.app.get(&card).by(&office.leader.session).await.etag();
    let revoke = office.app.post(&format!("{card}/revoke"), json!({"reason": "登记错人"}));
    revoke.by(&office.leader.session).if_match(&tag).await.expect(200);
    let mut mender = Mender::new(&office.app, &office.leader.session);
    let new = mender.step(&card, "reissue", json!({"reason": "登记错人"})).await;
    assert_ne!(new["number"], office.card["number"]);
    let cards = office.app.get("/v1/me/cards").by(&office.session).await.expect(200);
    let good = pick(&cards, |card| card["state"] == "ACTIVE");
    assert_eq!(id(&good), id(&new));
    mender.done(
        "the wrong card revoked 误注销会员卡",
        "a leader of the union or above",
        "a new card with a new number; the revoked one stays on record",
    )
}

async fn another_ones_card_reported_lost() -> Undone {
    let office = Office::open().await;
    let path = format!("{}/report-loss", of("/v1/admin/cards", &office.card));
    let tag = office.app.get(&of("/v1/admin/cards", &office.card)).by(&office.leader.session).await.etag();
    let reported = office.app.post(&path, json!({"reason": "电话挂失"})).by(&office.leader.session);
    reported.if_match(&tag).await.expect(200);
    assert_eq!(office.card_state().await, "LOST");
    let mut mender = Mender::new(&office.app, &office.session);
    // A code is sent once a minute, and the login took one.
    office.app.advance(chrono::Duration::seconds(61)).await;
    let code = mender.code(&office.member.mobile, "confirm").await;
    let found = format!("{}/found", of("/v1/me/cards", &office.card));
    let back: Value = mender.post(&found, json!({"code": code})).await.expect(200);
    assert_eq!((back["state"].as_str(), &back["number"]), (Some("ACTIVE"), &office.card["number"]));
    mender.done(
        "the wrong member's card reported lost 挂失错人",
        "the member, within seven days",
        "the same card with the same number is good again",
    )
}
