//! The chair of a basic union, on the phone: bound at the first login, and no other phone opens anything.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use unionhall_simulator::api::{items, text};
use unionhall_simulator::demo_data::Cadre;

use super::{COUNTY, Demo, figure};

/// Who applies for membership while the chair is on the way.
const APPLICANTS: usize = 3;

impl Demo {
    pub(super) async fn chair(&self) -> Result<()> {
        let chair = self.data.cadre("leader", "union", COUNTY)?;
        let mut applications = Vec::new();
        let mut people = self.strangers(1);
        for _ in 0..APPLICANTS {
            let someone = people.citizen();
            let login = self.api.login_member(&someone.mobile).await?;
            let session = text(&login, "/access_token")?.to_owned();
            let statement = json!({"name": someone.name, "id_type": someone.id_type, "id_number": someone.id_number,
                                   "employment_form": "13"});
            let body = json!({"union_id": chair.union_id, "statement": statement});
            let made = self.api.post("/v1/me/join-applications", &body).by(&session).key("join");
            applications.push((text(&made.send().await?.expect(201)?, "/id")?.to_owned(), session));
        }
        self.strange_phone(chair).await?;
        let phone = self.api.login_cadre(chair).await?;
        let todos = self.api.get("/v1/admin/todos").by(&phone).send().await?.expect(200)?;
        let waiting = items(&todos)?.iter().find(|todo| todo.get("type") == Some(&json!("join_application")));
        figure(
            "waiting on the work list",
            waiting.context("applications wait")?.get("count").unwrap_or(&Value::Null),
        );
        let ids: Vec<&String> = applications.iter().map(|(id, _)| id).collect();
        let body = json!({"ids": ids, "action": "approve"});
        let done = self.api.post("/v1/admin/join-applications/batch", &body).by(&phone);
        let done = done.send().await?.expect(200)?;
        ensure!(done.get("done") == Some(&json!(APPLICANTS)), "{done}");
        figure("approved with one touch", APPLICANTS);
        for (_, session) in &applications {
            self.card(session).await?;
        }
        figure("cards there by that very act", APPLICANTS);
        Ok(())
    }

    // Password and SIM card in another phone.
    async fn strange_phone(&self, chair: &Cadre) -> Result<()> {
        let body = json!({"username": chair.username, "password": chair.password, "realm": "cadre", "otp": "000000",
                          "device": {"id": "strange", "platform": "android"}});
        let refused = self.api.post("/v1/auth/login/password", &body).send().await?;
        figure("another phone with the password", refused.problem(401)?);
        Ok(())
    }
}
