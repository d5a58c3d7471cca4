//! A member without a phone, at the counter: what is done there is the member's, and both persons are on record.

use anyhow::{Context as _, Result, ensure};
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::json;
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
        let auditor = self.api.login_cadre(&self.data.auditor).await?;
        let rows = self.api.get("/v1/admin/audit-events?action=card.replace").by(&auditor).send().await?;
        let rows = rows.expect(200)?;
        let row = items(&rows)?.first().context("the replacement is on record")?;
        ensure!(text(row, "/on_behalf_of")? == text(member, "/id")?, "{row}");
        ensure!(text(row, "/channel")? == "counter", "{row}");
        figure("on record under both persons", text(row, "/action")?);
        Ok(())
    }
}
