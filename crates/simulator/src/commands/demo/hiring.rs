//! An employer wants men only, is told so, corrects it, and hires a member.

use anyhow::{Context as _, Result, ensure};
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use unionhall_kernel::Uscc;
use unionhall_simulator::api::{items, text};

use super::{COUNTY, Demo, figure};

// A credit code of the county that is nobody's.
fn uscc(seed: u64) -> Result<String> {
    let body = format!("9141010200{:07}", seed % 10_000_000);
    let mut codes = "0123456789ABCDEFGHJKLMNPQRTUWXY".chars().map(|check| format!("{body}{check}"));
    codes.find(|code| Uscc::parse(code).is_ok()).context("a check character fits")
}

impl Demo {
    /// From the blocked posting to the hired member.
    pub(super) async fn hiring(&self, officer: &str, seeker: &str) -> Result<()> {
        let recruiter = self.recruiter(officer).await?;
        let (title, empty) = (format!("数控车床操作工{}", self.seed), json!({}));
        let posting = |content: &str| {
            json!({
                "title": title, "employment_type": "full_time", "headcount": 2,
                "content": content, "conditions": "能看懂机械图纸。",
                "division_code": COUNTY, "address": "郑州市中原区建设路1号",
                "pay": {"min_fen": 450_000, "max_fen": 600_000, "period": "month"},
            })
        };
        let men_only = posting("限男性，操作数控车床，按图纸加工零件。");
        let refused = self.api.post("/v1/recruiter/postings", &men_only).by(&recruiter).key("p1");
        let refused = refused.send().await?;
        ensure!(refused.status == 422, "{}", refused.body);
        figure("“限男性”", text(&refused.body, "/errors/0/code")?);
        let corrected = posting("操作数控车床，按图纸加工零件。");
        let made = self.api.post("/v1/recruiter/postings", &corrected).by(&recruiter).key("p2");
        let made = made.send().await?.expect(201)?;
        let id = text(&made, "/id")?;
        let own = format!("/v1/recruiter/postings/{id}/submit");
        self.api.post(&own, &empty).by(&recruiter).send().await?.expect(200)?;
        let review = format!("/v1/admin/job-postings/{id}");
        let found = self.api.get(&review).by(officer).send().await?;
        let approve = self.api.post(&format!("{review}/approve"), &empty).by(officer);
        approve.if_match(found.etag.as_deref()).send().await?.expect(200)?;
        let search = format!("/v1/public/jobs?q=车床&division={COUNTY}&salary_min=500000&order=newest");
        let jobs = self.api.get(&search).send().await?.expect(200)?;
        let first = items(&jobs)?.first().context("the posting is found")?;
        ensure!(text(first, "/id")? == id, "{jobs}");
        figure("corrected, reviewed and found", text(first, "/title")?);

        let resume = json!({"content": {"headline": "车工", "education": "中专", "skills": "车工三级", "about": "吃苦耐劳。",
                                        "experiences": []}, "blocked_employers": []});
        self.api.request(Method::PUT, "/v1/me/resume").json(&resume).by(seeker).send().await?.expect(200)?;
        let applied =
            self.api.post("/v1/me/job-applications", &json!({"posting_id": id})).by(seeker).key("job");
        let applied = applied.send().await?.expect(201)?;
        let application = text(&applied, "/id")?;
        let candidate = format!("/v1/recruiter/candidates/{application}");
        let seen = self.api.get(&candidate).by(&recruiter).send().await?.expect(200)?;
        ensure!(text(&seen, "/name")?.contains('*'), "{seen}");
        for step in ["view", "invite", "offer"] {
            self.api.post(&format!("{candidate}/{step}"), &empty).by(&recruiter).send().await?.expect(200)?;
        }
        let accept = format!("/v1/me/job-applications/{application}/accept");
        let hired = self.api.post(&accept, &empty).by(seeker).send().await?.expect(200)?;
        figure("applied, invited, offered, accepted", text(&hired, "/state")?);
        let own = format!("/v1/recruiter/postings/{id}");
        let filled = self.api.get(&own).by(&recruiter).send().await?.expect(200)?;
        ensure!(filled.get("filled") == Some(&json!(1)), "{filled}");
        Ok(())
    }

    // An enterprise that applied with its papers and was verified by the county.
    async fn recruiter(&self, officer: &str) -> Result<String> {
        let mut people = self.strangers(4);
        let someone = people.citizen();
        let mobile = someone.mobile.as_str();
        let code = self.api.code(mobile, "apply", "recruiter").await?;
        let device = json!({"id": format!("desk-{mobile}"), "platform": "web"});
        let begun = json!({"mobile": mobile, "code": code, "device": device});
        let begun = self.api.post("/v1/public/recruiter-applications", &begun).send().await?;
        let begun = begun.expect(200)?;
        let by = text(&begun, "/access_token")?;
        let (licence, authorised) =
            (self.paper(by, "recruiter_licence").await?, self.paper(by, "recruiter_authorisation").await?);
        let stated = json!({"name": format!("郑州某某机械有限公司{}", self.seed), "uscc": uscc(self.seed)?, "division_code": COUNTY,
                            "about": "机械加工企业。", "contact_name": someone.name,
                            "licence_file_id": licence, "authorisation_file_id": authorised});
        let made = self.api.post("/v1/recruiter/applications", &stated).by(by).key("apply");
        let path =
            format!("/v1/admin/recruiter-applications/{}", text(&made.send().await?.expect(201)?, "/id")?);
        let found = self.api.get(&path).by(officer).send().await?;
        let verify = self.api.post(&format!("{path}/verify"), &json!({})).by(officer);
        verify.if_match(found.etag.as_deref()).send().await?.expect(200)?;
        let renewal =
            json!({"refresh_token": text(&begun, "/refresh_token")?, "device_id": format!("desk-{mobile}")});
        let renewed = self.api.post("/v1/auth/refresh", &renewal).send().await?.expect(200)?;
        figure("an enterprise applies, and is verified by the county", text(&stated, "/name")?);
        Ok(text(&renewed, "/access_token")?.to_owned())
    }

    async fn paper(&self, by: &str, purpose: &'static str) -> Result<Value> {
        let form = Form::new()
            .text("purpose", purpose)
            .part("file", Part::bytes(b"%PDF-1.7 paper %%EOF".as_slice()).file_name("证照.pdf"));
        let file = self.api.request(Method::POST, "/v1/files").by(by).form(form).send().await?.expect(201)?;
        Ok(json!(text(&file, "/id")?))
    }
}
