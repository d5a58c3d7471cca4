//! A member asks a lawyer at two in the morning, and is represented by one afterwards. The server's clock is set ahead for the
//! night, where it can be, and back for the day.

use anyhow::{Context as _, Result, ensure};
use chrono::{DateTime, Duration, SecondsFormat, Timelike as _, Utc};
use serde_json::{Value, json};
use unionhall_simulator::api::{number, text};
use unionhall_simulator::roster::PlantedRow;

use super::{COUNTY, Demo, figure};

/// Two in the morning in Shanghai, by UTC.
const TWO: u32 = 18;

struct Advocate {
    id: String,
    shift: String,
    username: String,
    token: String,
}

// The next time that it is two o'clock at night, with room for the shift before it.
fn two_oclock(now: DateTime<Utc>) -> DateTime<Utc> {
    let from = now + Duration::minutes(10);
    let today = from.date_naive().and_hms_opt(TWO, 0, 0).map_or(from, |at| at.and_utc());
    if today > from { today } else { today + Duration::days(1) }
}

fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

impl Demo {
    /// From the question to the closed case of legal aid.
    pub(super) async fn counsel(&self, leader: &str, row: &PlantedRow) -> Result<()> {
        #[allow(clippy::disallowed_methods)] // the demo lives by the machine's clock
        let now = Utc::now();
        let advocate = self.advocate(leader, now).await?;
        let mobile = row.mobile.as_deref().and_then(|m| m.strip_prefix("+86")).context("a mobile")?;
        let login = self.api.login_member(mobile).await?;
        let member = text(&login, "/access_token")?;
        self.claim(member, row).await?;
        let moved = self.api.post("/dev/clock", &json!({"now": instant(two_oclock(now))})).send().await?;
        let is_night = moved.status == 200;
        let night = self.night(&advocate, &login, mobile, is_night).await;
        if is_night {
            // Whatever came of the night, the day begins as the machine says.
            self.api.post("/dev/clock", &json!({"reset": true})).send().await?.expect(200)?;
        }
        let question = night?;
        // Another run tonight has a lawyer of its own.
        let shift = format!("/v1/admin/shifts/{}", advocate.shift);
        let found = self.api.get(&shift).by(leader).send().await?;
        let cancelled = self.api.post(&format!("{shift}/cancel"), &json!({"reason": "演示结束"})).by(leader);
        cancelled.if_match(found.etag.as_deref()).send().await?.expect(200)?;
        self.represented(leader, &advocate, member, &question).await
    }

    // A firm, and a lawyer of it who is on duty tonight.
    async fn advocate(&self, leader: &str, now: DateTime<Utc>) -> Result<Advocate> {
        let mut people = self.strangers(3);
        let someone = people.citizen();
        let firm = json!({"name": "河南正义律师事务所", "licence_no": format!("L{}", someone.mobile), "licence_until": "2099-12-31"});
        let firm = self.api.post("/v1/admin/firms", &firm).by(leader).send().await?.expect(201)?;
        let username = format!("lawyer.{}", someone.mobile);
        let invited = json!({
            "name": "周正义", "id_type": someone.id_type, "id_number": someone.id_number,
            "mobile": someone.mobile, "username": username,
            "terms": {"firm_id": text(&firm, "/id")?, "practice_no": format!("P{}", someone.mobile),
                      "licence_until": "2099-12-31", "fields": ["wages"], "division": COUNTY, "intro": "擅长劳动报酬案件"},
        });
        let invited = self.api.post("/v1/admin/lawyers", &invited).by(leader).send().await?.expect(201)?;
        let code = self.api.code(&someone.mobile, "confirm", "lawyer").await?;
        let active = json!({"realm": "lawyer", "mobile": someone.mobile, "code": code, "password": PASSWORD});
        self.api.post("/v1/auth/activate", &active).send().await?.expect(200)?;
        let id = text(&invited, "/id")?.to_owned();
        let two = two_oclock(now);
        let begins = (two - Duration::hours(4)).max(now);
        let shift = json!({"lawyer_id": id, "starts_at": instant(begins), "ends_at": instant(two + Duration::hours(4))});
        let shift = self.api.post("/v1/admin/shifts", &shift).by(leader).send().await?.expect(201)?;
        let path = format!("/v1/admin/shifts/{}/publish", text(&shift, "/id")?);
        self.api.post(&path, &json!({})).by(leader).if_match(Some("\"v1\"")).send().await?.expect(200)?;
        figure("on duty from 22:00 to 06:00", "周正义");
        let token = self.login_lawyer(&username).await?;
        let shift = text(&shift, "/id")?.to_owned();
        Ok(Advocate { id, shift, username, token })
    }

    async fn login_lawyer(&self, username: &str) -> Result<String> {
        let body = json!({"username": username, "password": PASSWORD, "realm": "lawyer"});
        let login = self.api.post("/v1/auth/login/password", &body).send().await?.expect(200)?;
        Ok(text(&login, "/access_token")?.to_owned())
    }

    // Asked, answered, accepted, rated.
    async fn night(
        &self,
        advocate: &Advocate,
        login: &Value,
        mobile: &str,
        is_night: bool,
    ) -> Result<String> {
        let (mut member, mut lawyer) = (text(login, "/access_token")?.to_owned(), advocate.token.clone());
        if is_night {
            let renewal = json!({"refresh_token": text(login, "/refresh_token")?, "device_id": format!("phone-{mobile}")});
            let renewed = self.api.post("/v1/auth/refresh", &renewal).send().await?.expect(200)?;
            text(&renewed, "/access_token")?.clone_into(&mut member);
            lawyer = self.login_lawyer(&advocate.username).await?;
        }
        let empty = json!({});
        let there = self.api.post("/v1/lawyer/presence", &empty).by(&lawyer).send().await?.expect(200)?;
        ensure!(!is_night || there.get("on_duty") == Some(&json!(true)), "{there}");
        // Without a clock to set, the lawyer is asked for by name at whatever hour it is.
        let wanted = (!is_night).then_some(&advocate.id);
        let question = json!({"category": "wages", "lawyer_id": wanted, "title": "公司拖欠三个月工资",
                                  "question": "我在公司工作两年，公司已三个月没有发工资，该怎么办？"});
        let asked = self.api.post("/v1/me/consultations", &question).by(&member).key("night");
        let asked = asked.send().await?.expect(201)?;
        ensure!(text(&asked, "/lawyer/id")? == advocate.id, "{asked}");
        let at: DateTime<Utc> = text(&asked, "/asked_at")?.parse()?;
        ensure!(!is_night || at.hour() == TWO, "asked at {at}");
        figure("asked at (Shanghai)", (at + Duration::hours(8)).format("%H:%M"));
        let case = text(&asked, "/id")?;
        let answer = json!({"text": "请保留考勤记录和工资条，可申请劳动仲裁，时效为一年。"});
        let path = format!("/v1/lawyer/consultations/{case}/messages");
        self.api.post(&path, &answer).by(&lawyer).key("answer").send().await?.expect(201)?;
        let mine = format!("/v1/me/consultations/{case}");
        let read = self.api.get(&format!("{mine}/entries")).by(&member).send().await?.expect(200)?;
        ensure!(read.pointer("/items/2/author") == Some(&json!("lawyer")), "{read}");
        self.api.post(&format!("{mine}/accept"), &empty).by(&member).send().await?.expect(200)?;
        let rated = self.api.post(&format!("{mine}/rating"), &json!({"stars": 5})).by(&member);
        figure(
            "answered by the lawyer on duty, accepted, rated",
            number(&rated.send().await?.expect(200)?, "/rating")?,
        );
        Ok(case.to_owned())
    }

    async fn of_aid(
        &self,
        by: &str,
        case: &str,
        step: &str,
        body: Value,
    ) -> Result<unionhall_simulator::api::Reply> {
        let path = format!("/v1/admin/legal-aid/{case}");
        let found = self.api.get(&path).by(by).send().await?;
        self.api.post(&format!("{path}/{step}"), &body).by(by).if_match(found.etag.as_deref()).send().await
    }

    // Applied for by day, looked through at the province, decided by the county's leader, and so on to the rating.
    async fn represented(
        &self,
        leader: &str,
        advocate: &Advocate,
        member: &str,
        question: &str,
    ) -> Result<()> {
        let claim = json!({"consultation_id": question, "category": "wages", "form": "arbitration", "title": "追索拖欠的三个月工资",
                           "claim": "请求公司支付三个月工资18000元。", "claimed_fen": 1_800_000, "known_on": "2026-01-05"});
        let applied = self.api.post("/v1/me/legal-aid", &claim).by(member).key("aid");
        let applied = applied.send().await?.expect(201)?;
        ensure!(text(&applied, "/ground")? == "exempt", "{applied}");
        figure("legal aid without a means test, for wages", text(&applied, "/number")?);
        let case = text(&applied, "/id")?;
        let officer = self.data.cadre("legal_officer", "province", "410000")?;
        let officer = self.api.login_cadre(officer).await?;
        let empty = json!({});
        self.of_aid(&officer, case, "complete", empty.clone()).await?.expect(200)?;
        let granted = json!({"granted": true, "reason": "追索劳动报酬，符合援助条件"});
        let alone = self.of_aid(&officer, case, "decide", granted.clone()).await?;
        figure("who looked it through decides it, too", alone.problem(403)?);
        self.of_aid(leader, case, "decide", granted).await?.expect(200)?;
        self.of_aid(leader, case, "appoint", json!({"lawyer_id": advocate.id})).await?.expect(200)?;
        let lawyer = self.login_lawyer(&advocate.username).await?;
        let theirs = format!("/v1/lawyer/legal-aid/{case}");
        self.api.post(&format!("{theirs}/accept"), &empty).by(&lawyer).send().await?.expect(200)?;
        let report = json!({"outcome": "settled", "recovered_fen": 1_800_000, "text": "经仲裁调解，公司支付了全部拖欠工资。"});
        self.api
            .post(&format!("{theirs}/outcome"), &report)
            .by(&lawyer)
            .key("report")
            .send()
            .await?
            .expect(201)?;
        self.of_aid(leader, case, "archive", empty).await?.expect(200)?;
        let path = format!("/v1/me/legal-aid/{case}/rating");
        let rated = self.api.post(&path, &json!({"stars": 5})).by(member).send().await?.expect(200)?;
        ensure!(text(&rated, "/state")? == "RATED", "{rated}");
        figure("granted, represented, closed and rated; recovered, fen", number(&rated, "/recovered_fen")?);
        Ok(())
    }
}

const PASSWORD: &str = "demo-counsel-2026";
