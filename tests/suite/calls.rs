//! How many calls the two shortest ways take: a new phone to a code that a till takes, and a scan to a receipt.

use serde_json::{Value, json};
use unionhall_testkit::Request;
use unionhall_testkit::shop::Shop;
use unionhall_web::Realm;

struct Counted(u32);

impl Counted {
    async fn call(&mut self, request: Request, status: u16) -> Value {
        self.0 += 1;
        request.await.expect(status)
    }
}

#[tokio::test]
async fn a_new_phone_shows_a_code_after_six_calls_and_a_till_takes_two() {
    let shop = Shop::open().await;
    let app = &shop.app;
    let member = app.on_roster("410102").await;
    let offer = shop.campaign(shop.terms("quota")).await;
    let till = shop.cashier().await;

    let mut phone = Counted(0);
    let config = phone.call(app.get("/v1/public/app-config"), 200).await;
    let asked = json!({"mobile": member.mobile, "purpose": "login", "realm": Realm::Member});
    phone.call(app.post("/v1/auth/otp", asked), 202).await;
    let consents: Vec<Value> = config["consents"].as_array().unwrap().to_vec();
    let consents: Vec<Value> =
        consents.iter().map(|c| json!({"document": c["document"], "version": c["version"]})).collect();
    let body = json!({"mobile": member.mobile, "code": app.sms.code(&member.mobile), "consents": consents,
                      "device": {"id": "new-phone", "platform": "harmony"}});
    let login = phone.call(app.post("/v1/auth/login/otp", body), 200).await;
    let token = login["access_token"].as_str().unwrap();
    let claim = json!({"name": member.name, "id_type": "citizen_id", "id_number": member.id_number});
    phone.call(app.post("/v1/me/real-name", claim).bearer(token), 200).await;
    let cards = phone.call(app.get("/v1/me/cards").bearer(token), 200).await;
    let path = format!("/v1/me/cards/{}/qr", cards["items"][0]["id"].as_str().unwrap());
    let qr = phone.call(app.get(&path).bearer(token), 200).await;
    assert!(phone.0 <= 6, "{} calls to a code", phone.0);

    let mut desk = Counted(0);
    let scanned = json!({"code": qr["codes"][0]["code"]});
    let seen = desk.call(app.post("/v1/merchant/verifications", scanned).by(&till), 200).await;
    let sale = shop.redeem(&till, seen["verification_token"].as_str().unwrap(), offer, 5_000, "k");
    let receipt = desk.call(sale, 201).await;
    assert!(receipt["receipt_no"].is_string(), "{receipt}");
    assert!(desk.0 <= 2, "{} calls to a receipt", desk.0);
}
