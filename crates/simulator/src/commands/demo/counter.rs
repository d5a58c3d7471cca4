//! A member without a phone, at the counter: what is done there is the member's, and both persons are on record.

use anyhow::{Context as _, Result, ensure};
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use unionhall_simulator::api::{items, text};
use unionhall_simulator::roster::PlantedRow;

use super::{Demo, figure};

impl Demo {
    pub(super) async fn counter(&self, clerk: &str, row: &PlantedRow) -> Result<()> {
        let search = json!({"id_type": row.id_type, "id_number": row.id_number});
        let found = self.api.post("/v1/admin/members/search", &search).by(clerk).send().await?.expect(200)?;
        let member = items(&found)?.first().context("the member is found by the document")?;
        figure("found by the document shown", text(member, "/name")?);
        let form = Form::new()
            .text("purpose", "on_behalf_form")
            .part("file", Part::bytes(b"%PDF-1.7 signed %%EOF".as_slice()).file_name("委托书.pdf"));
        let form =
            self.api.request(Method::POST, "/v1/files").by(clerk).form(form).send().await?.expect(201)?;
        let body = json!({"member_id": text(member, "/id")?, "way": "counter", "reason": "本人到柜台办理",
                          "form_file_id": text(&form, "/id")?});
        let held = self.api.post("/v1/admin/assisted-sessions", &body).by(clerk).send().await?.expect(201)?;
        let held = text(&held, "/access_token")?;
        let old = self.card(held).await?;
        let card = format!("/v1/me/cards/{}", text(&old, "/id")?);
        let qr = self.api.get(&format!("{card}/qr")).by(held).send().await?;
        figure("the clerk asks for the QR code", qr.problem(403)?);
        let empty = json!({});
        self.api.post(&format!("{card}/report-loss"), &empty).by(held).send().await?.expect(200)?;
        let new = self.api.post(&format!("{card}/replace"), &empty).by(held).send().await?.expect(200)?;
        ensure!(text(&new, "/number")? != text(&old, "/number")?, "{new}");
        figure("lost at home, replaced at the counter", text(&new, "/number")?);
        let row = self.audited("card.replace", text(member, "/id")?).await?;
        ensure!(text(&row, "/channel")? == "counter", "{row}");
        figure("on record under both persons", text(&row, "/action")?);
        Ok(())
    }

    // The row of what was done for somebody; the log goes by county, so all of it is read.
    async fn audited(&self, action: &str, member: &str) -> Result<Value> {
        let auditor = self.api.login_cadre(&self.data.auditor).await?;
        let mut after = String::new();
        loop {
            let path = format!("/v1/admin/audit-events?limit=100&action={action}{after}");
            let page = self.api.get(&path).by(&auditor).send().await?.expect(200)?;
            if let Some(row) =
                items(&page)?.iter().find(|row| row.get("on_behalf_of") == Some(&json!(member)))
            {
                return Ok(row.clone());
            }
            let next = page.get("next").and_then(Value::as_str).context("the replacement is on record")?;
            after = format!("&after={next}");
        }
    }
}
