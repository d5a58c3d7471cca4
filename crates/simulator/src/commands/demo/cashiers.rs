//! A cashier's day: taken on by the manager, at the till by a code, relieved by PIN, with a mistake that is voided.

use anyhow::{Result, ensure};
use reqwest::Method;
use serde_json::{Value, json};
use unionhall_simulator::api::{number, text};
use unionhall_simulator::demo_data::Merchant;
use unionhall_simulator::people::Person;

use super::{Demo, figure};

const PIN: &str = "908172";

/// A cashier who was taken on and said yes.
struct Cashier {
    place: String,
    session: String,
}

impl Demo {
    pub(super) async fn cashiers_day(&self, merchant: &Merchant, shopper: &str) -> Result<()> {
        let till = format!("till-{}", self.seed);
        let body = json!({"username": merchant.manager.username, "password": merchant.manager.password,
                          "realm": "merchant", "device": {"id": till, "platform": "android"}});
        let login = self.api.post("/v1/auth/login/password", &body).send().await?.expect(200)?;
        let manager = text(&login, "/access_token")?.to_owned();
        let body = json!({"branch_id": merchant.branch_id, "name": "前台"});
        self.api.post("/v1/merchant/tills", &body).by(&manager).send().await?.expect(201)?;
        let mut people = self.strangers(2);
        let morning = self.take_on(&manager, merchant, &people.citizen(), &till).await?;
        let evening = self.take_on(&manager, merchant, &people.citizen(), "phone").await?;
        figure("the manager takes on, they accept", "two cashiers, each with a PIN");

        let sale = self.sale_by_digits(shopper, &morning.session).await?;
        figure(
            "the phone's camera is broken: eight digits",
            format!("receipt {}", text(&sale, "/receipt_no")?),
        );
        let void = format!("/v1/merchant/redemptions/{}/void", text(&sale, "/id")?);
        let key = format!("day-void-{}", self.seed);
        let voided =
            self.api.post(&void, &json!({})).by(&morning.session).key(&key).send().await?.expect(200)?;
        ensure!(text(&voided, "/state")? == "VOIDED", "{voided}");
        figure("a wrong amount, voided within ten minutes", text(&voided, "/state")?);

        let body = json!({"role_id": evening.place, "pin": PIN});
        let taken = self.api.post("/v1/merchant/till-staff/take-over", &body).by(&morning.session);
        let taken = taken.send().await?.expect(200)?;
        let relief = text(&taken, "/access_token")?;
        figure("relieved by PIN, without a code", "the till is the second one's");
        let day = self.api.get("/v1/merchant/day-summary").by(relief).send().await?.expect(200)?;
        ensure!(number(&day, "/redemptions")? >= 1 && number(&day, "/voided")? >= 1, "{day}");
        let sold = number(&day, "/redemptions")?;
        figure("the day's close", format!("{sold} sales, {} voided", number(&day, "/voided")?));
        Ok(())
    }

    async fn take_on(
        &self,
        manager: &str,
        merchant: &Merchant,
        who: &Person,
        device: &str,
    ) -> Result<Cashier> {
        let body = json!({"name": who.name, "mobile": who.mobile, "branch_id": merchant.branch_id});
        let made = self.api.post("/v1/merchant/staff", &body).by(manager).send().await?.expect(201)?;
        let place = text(&made, "/id")?.to_owned();
        let code = self.api.code(&who.mobile, "login", "merchant").await?;
        let body = json!({"realm": "merchant", "mobile": who.mobile, "code": code, "consents": [],
                          "device": {"id": device, "platform": "android"}});
        let login = self.api.post("/v1/auth/login/otp", &body).send().await?.expect(200)?;
        let own = text(&login, "/access_token")?;
        let accept = format!("/v1/merchant/places/{place}/accept");
        self.api.post(&accept, &json!({})).by(own).send().await?.expect(200)?;
        let body = json!({"refresh_token": text(&login, "/refresh_token")?, "device_id": device});
        let here = self.api.post("/v1/auth/refresh", &body).send().await?.expect(200)?;
        let session = text(&here, "/access_token")?.to_owned();
        let code = self.api.code(&who.mobile, "confirm", "merchant").await?;
        let pin = json!({"pin": PIN, "code": code});
        let set = self.api.request(Method::PUT, "/v1/merchant/pin").json(&pin).by(&session);
        set.send().await?.expect(200)?;
        Ok(Cashier { place, session })
    }

    async fn sale_by_digits(&self, shopper: &str, cashier: &str) -> Result<Value> {
        let card = self.card(shopper).await?;
        let path = format!("/v1/me/cards/{}/till-code", text(&card, "/id")?);
        let digits = self.api.post(&path, &json!({})).by(shopper).send().await?.expect(200)?;
        let body = json!({"code": text(&digits, "/code")?});
        let seen =
            self.api.post("/v1/merchant/verifications", &body).by(cashier).send().await?.expect(200)?;
        ensure!(seen.get("valid") == Some(&json!(true)), "{seen}");
        let body = json!({
            "verification_token": text(&seen, "/verification_token")?,
            "offer_id": text(&seen, "/offers/0/offer_id")?,
            "amount_fen": 20_000,
        });
        let key = format!("day-sale-{}", self.seed);
        self.api.post("/v1/merchant/redemptions", &body).by(cashier).key(&key).send().await?.expect(201)
    }
}
