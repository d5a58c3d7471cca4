//! At the till: verified, redeemed, claimed, used and voided.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use chrono::Utc;
use serde_json::{Value, json};
use unionhall_simulator::api::{items, number, text};
use unionhall_simulator::demo_data::Merchant;

use super::super::seed_demo::{launch, merge};
use super::{Demo, figure};

impl Demo {
    async fn qr(&self, member: &str, card: &Value) -> Result<String> {
        let path = format!("/v1/me/cards/{}/qr", text(card, "/id")?);
        let qr = self.api.get(&path).by(member).send().await?.expect(200)?;
        Ok(text(&qr, "/codes/0/code")?.to_owned())
    }

    pub(super) async fn verify(&self, member: &str, card: &Value, cashier: &str) -> Result<(String, Value)> {
        let code = self.qr(member, card).await?;
        let body = json!({"code": code});
        let seen =
            self.api.post("/v1/merchant/verifications", &body).by(cashier).send().await?.expect(200)?;
        ensure!(seen.get("valid") == Some(&json!(true)), "{seen}");
        let offers = seen.get("offers").and_then(Value::as_array).map_or(0, Vec::len);
        ensure!(offers >= 2, "a standing and a quota offer are running: {seen}");
        figure("holder", text(&seen, "/holder_display")?);
        figure("offers", offers);
        let body = json!({"code": "not-a-code"});
        let bad = self.api.post("/v1/merchant/verifications", &body).by(cashier).send().await?.expect(200)?;
        ensure!(text(&bad, "/reason")? == "code_invalid", "{bad}");
        Ok((code, seen))
    }

    pub(super) async fn redeem(&self, cashier: &str, code: &str, seen: &Value) -> Result<()> {
        let quota = seen.get("offers").and_then(Value::as_array).into_iter().flatten();
        let quota =
            quota.into_iter().find(|o| o.get("kind") == Some(&json!("quota"))).context("a quota offer")?;
        let body = json!({
            "verification_token": text(seen, "/verification_token")?,
            "offer_id": text(quota, "/offer_id")?,
            "amount_fen": 8000,
        });
        let path = "/v1/merchant/redemptions";
        let key = format!("sale-{}", self.seed);
        let first = self.api.post(path, &body).by(cashier).key(&key).send().await?;
        let again = self.api.post(path, &body).by(cashier).key(&key).send().await?;
        ensure!(first.bytes == again.bytes && first.status == again.status, "a retry is answered the same");
        let sale = first.expect(201)?;
        ensure!(number(&sale, "/benefit_fen")? == 500 && number(&sale, "/payable_fen")? == 7500, "{sale}");
        figure("receipt", text(&sale, "/receipt_no")?);
        figure("original, benefit, payable", "80.00, 5.00, 75.00");
        // The same code, scanned again: a screenshot.
        let body = json!({"code": code});
        let screenshot =
            self.api.post("/v1/merchant/verifications", &body).by(cashier).send().await?.expect(200)?;
        ensure!(screenshot.get("valid") == Some(&json!(false)), "a used code: {screenshot}");
        figure("the same code again", text(&screenshot, "/reason")?);
        Ok(())
    }

    #[allow(clippy::too_many_arguments)] // the cast of the step
    pub(super) async fn coupons(
        &self,
        officer: &str,
        leader: &str,
        member: &str,
        card: &Value,
        cashier: &str,
        manager: &str,
        merchant: &Merchant,
    ) -> Result<()> {
        let mut body = json!({
            "title": format!("示范券{}", self.seed % 100_000),
            "kind": "coupon",
            "branch_ids": [merchant.branch_id],
            "starts_at": now_text(-60),
            "ends_at": now_text(86_400),
        });
        let terms = json!({"benefit_kind": "amount", "benefit_fen": 1000, "min_spend_fen": 3000, "quota": 1,
                           "per_member_limit": 1, "coupon_valid_days": 7});
        merge(&mut body, terms);
        let campaign = launch(&self.api, officer, leader, &body).await?;
        let claim = json!({"campaign_id": campaign});
        let key = format!("claim-{}", self.seed);
        let coupon =
            self.api.post("/v1/me/coupons", &claim).by(member).key(&key).send().await?.expect(201)?;
        let coupon_id = text(&coupon, "/id")?.to_owned();
        let second =
            self.api.post("/v1/me/coupons", &claim).by(member).key(&format!("{key}-2")).send().await?;
        let refused = second.problem(409)?.to_owned();
        ensure!(refused == "ALREADY_HAVE" || refused == "SOLD_OUT", "{refused}");
        figure("claimed; a second claim", refused);
        // The step that was burned is over at the latest after 30 seconds; a fresh code is then shown.
        let seen = self.next_code(member, card, cashier).await?;
        let mine = seen.get("offers").and_then(Value::as_array).into_iter().flatten();
        let mine = mine.into_iter().any(|o| o.get("coupon_id") == Some(&json!(coupon_id)));
        ensure!(mine, "the coupon stands among the offers: {seen}");
        let body = json!({
            "verification_token": text(&seen, "/verification_token")?,
            "coupon_id": coupon_id,
            "amount_fen": 5000,
        });
        let path = "/v1/merchant/redemptions";
        let sale =
            self.api.post(path, &body).by(cashier).key(&format!("coupon-{}", self.seed)).send().await?;
        let sale = sale.expect(201)?;
        ensure!(number(&sale, "/payable_fen")? == 4000, "{sale}");
        figure("used, payable", "40.00");
        let void = format!("{path}/{}/void", text(&sale, "/id")?);
        let key = format!("void-{}", self.seed);
        self.api.post(&void, &json!({})).by(manager).key(&key).send().await?.expect(200)?;
        let coupons = self.api.get("/v1/me/coupons?state=CLAIMED").by(member).send().await?.expect(200)?;
        let back = items(&coupons)?.iter().any(|c| c.get("id") == Some(&json!(coupon_id)));
        ensure!(back, "a void gives the coupon back: {coupons}");
        figure("voided by the manager", "the coupon is back");
        Ok(())
    }

    async fn next_code(&self, member: &str, card: &Value, cashier: &str) -> Result<Value> {
        let begun = Instant::now();
        loop {
            let body = json!({"code": self.qr(member, card).await?});
            let seen =
                self.api.post("/v1/merchant/verifications", &body).by(cashier).send().await?.expect(200)?;
            if seen.get("valid") == Some(&json!(true)) {
                return Ok(seen);
            }
            ensure!(begun.elapsed() < Duration::from_secs(45), "no fresh code: {seen}");
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
}

#[allow(clippy::disallowed_methods)] // a client lives by the machine's clock
fn now_text(seconds: i64) -> String {
    (Utc::now() + chrono::Duration::seconds(seconds)).to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}
