//! What a merchant of the demo is: a branch, a manager and a cashier, a standing offer, a quota and a
//! coupon, entered and approved over HTTP.

use anyhow::{Result, bail};
use serde_json::{Value, json};
use unionhall_simulator::api::{Api, text};
use unionhall_simulator::demo_data::{Login, Merchant, Offer};
use unionhall_simulator::people::Person;

use super::Seeder;

impl Seeder {
    pub(super) async fn merchant(
        &mut self,
        api: &Api,
        county: &str,
        (officer, leader): (&str, &str),
    ) -> Result<Merchant> {
        self.ids.begin(&format!("merchant of {county}"));
        let today = self.services.app.core.today();
        let place = unionhall_kernel::division::division(county).map_or(county, |d| d.name);
        let uscc = match county {
            "410102" => "91410100MA000ABC24",
            _ => "91350100M000100Y43",
        };
        let (manager, cashier) = (self.people.citizen(), self.people.citizen());
        let merchant = json!({
            "name": format!("{place}幸福超市有限公司"),
            "uscc": uscc,
            "category": "超市",
            "division_code": county,
            "contract_from": today,
            "contract_to": today + chrono::Duration::days(365),
            "contact_name": manager.name,
            "contact_mobile": manager.mobile,
        });
        let made = api.post("/v1/admin/merchants", &merchant).by(officer).send().await?.expect(201)?;
        let id = text(&made, "/id")?.to_owned();
        let branch =
            json!({"name": format!("幸福超市{place}店"), "address": "建设路1号", "division_code": county});
        let path = format!("/v1/admin/merchants/{id}");
        let branch = api.post(&format!("{path}/branches"), &branch).by(officer).send().await?.expect(201)?;
        let branch_id = text(&branch, "/id")?.to_owned();
        let manager =
            self.staff(api, officer, &path, &manager, &format!("manager.{county}"), "manager", None).await?;
        let staff = self
            .staff(api, officer, &path, &cashier, &format!("cashier.{county}"), "staff", Some(&branch_id))
            .await?;
        let offer = |title: &str, kind: &str| self.offer(title, kind, &branch_id);
        let mut standing = offer("会员卡九五折", "standing");
        merge(&mut standing, json!({"benefit_kind": "percent", "benefit_bp": 500, "cap_fen": 2000}));
        let mut quota = offer("会员卡满50减5", "quota");
        let terms = json!({"benefit_kind": "amount", "benefit_fen": 500, "min_spend_fen": 5000, "quota": 100_000,
                           "per_member_limit": 1, "period": "day", "budget_fen": 50_000_000});
        merge(&mut quota, terms);
        let mut offers = Vec::new();
        for body in [standing, quota] {
            let (kind, title) = (text(&body, "/kind")?.to_owned(), text(&body, "/title")?.to_owned());
            self.ids.begin(&format!("{kind} offer of {county}"));
            offers.push(Offer { offer_id: launch(api, officer, leader, &body).await?, kind, title });
        }
        Ok(Merchant {
            manager,
            staff,
            merchant_id: id,
            branch_id,
            branch_code: text(&branch, "/code")?.to_owned(),
            division: county.to_owned(),
            offers,
        })
    }

    /// Adds a coupon to a merchant's offers. Merchants get theirs after everything else, which keeps the ids of what the
    /// demo had before it had coupons.
    pub(super) async fn coupon(
        &self,
        api: &Api,
        of: &mut Merchant,
        (officer, leader): (&str, &str),
    ) -> Result<()> {
        let title = "满30减10元券";
        self.ids.begin(&format!("coupon of {}", of.division));
        let mut body = self.offer(title, "coupon", &of.branch_id);
        let terms = json!({"benefit_kind": "amount", "benefit_fen": 1000, "min_spend_fen": 3000, "quota": 100_000,
                           "per_member_limit": 3, "coupon_valid_days": 30, "budget_fen": 100_000_000});
        merge(&mut body, terms);
        let offer_id = launch(api, officer, leader, &body).await?;
        of.offers.push(Offer { offer_id, kind: "coupon".to_owned(), title: title.to_owned() });
        Ok(())
    }

    // A campaign of half a year without its terms.
    fn offer(&self, title: &str, kind: &str, branch: &str) -> Value {
        let now = self.services.app.core.now();
        json!({
            "title": title,
            "kind": kind,
            "branch_ids": [branch],
            "starts_at": now,
            "ends_at": now + chrono::Duration::days(180),
        })
    }

    #[allow(clippy::too_many_arguments)] // each names one field of the request
    async fn staff(
        &self,
        api: &Api,
        officer: &str,
        merchant: &str,
        who: &Person,
        username: &str,
        role: &str,
        branch: Option<&str>,
    ) -> Result<Login> {
        let body = json!({"name": who.name, "mobile": who.mobile, "username": username, "role": role, "branch_id": branch});
        api.post(&format!("{merchant}/staff"), &body).by(officer).send().await?.expect(201)?;
        let code = api.code(&who.mobile, "confirm", "merchant").await?;
        let password = self.password();
        let body = json!({"realm": "merchant", "mobile": who.mobile, "code": code, "password": password});
        api.post("/v1/auth/activate", &body).send().await?.expect(200)?;
        Ok(Login { username: username.to_owned(), password, mobile: who.mobile.clone() })
    }
}

/// Adds the fields of one object to another.
pub fn merge(into: &mut Value, fields: Value) {
    if let (Some(into), Value::Object(fields)) = (into.as_object_mut(), fields) {
        into.extend(fields);
    }
}

/// Enters a campaign, submits it, and has another person approve it.
pub async fn launch(api: &Api, officer: &str, leader: &str, body: &Value) -> Result<String> {
    let made = api.post("/v1/admin/campaigns", body).by(officer).send().await?.expect(201)?;
    let id = text(&made, "/id")?.to_owned();
    let path = format!("/v1/admin/campaigns/{id}");
    for (action, by) in [("submit", officer), ("approve", leader)] {
        let tag = api.get(&path).by(by).send().await?.etag;
        let reply =
            api.post(&format!("{path}/{action}"), &json!({})).by(by).if_match(tag.as_deref()).send().await?;
        if reply.status != 200 {
            bail!("{action} of {id}: {} {}", reply.status, reply.body);
        }
    }
    Ok(id)
}
