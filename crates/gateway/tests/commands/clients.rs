//! The client that app teams start from, compiled from the documents and run against a server as it is started.

use std::path::Path;
use std::process::{Command, Output};

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};
use unionhall_kernel::Clock as _;
use unionhall_kernel::clock::SystemClock;
use unionhall_testkit::shop::{Shop, id, merchant_body};
use unionhall_testkit::{PASSWORD, RosterMember, TestApp, mobile};
use unionhall_web::{Realm, RoleName};

use crate::dev_pages::outbox;
use crate::server::{Server, program};

fn succeeded(what: &str, output: &Output) {
    let (told, failed) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{what}:\n{told}\n{failed}");
}

/// A shop that is open at `now`, whatever year it is, with a running offer; answers its cashier's username.
async fn open(app: TestApp, now: DateTime<Utc>) -> (Shop, String) {
    // What a test builds goes by its own clock and moves it a little; the server must find all of it begun.
    app.clock.set(now - Duration::minutes(10));
    let officer = app.cadre("410102", RoleName::Officer).await;
    let leader = app.cadre("410102", RoleName::Leader).await;
    let today = app.clock.today();
    let mut body = merchant_body("方中山胡辣汤");
    body["contract_from"] = json!(today - Duration::days(30));
    body["contract_to"] = json!(today + Duration::days(30));
    let made = app.post("/v1/admin/merchants", body).by(&officer.session).await.expect(201);
    let merchant = id(&made);
    let mut branches = Vec::new();
    for name in ["顺河路店", "建设路店"] {
        let body = json!({"name": name, "address": "郑州市中原区 1 号", "division_code": "410102"});
        let path = format!("/v1/admin/merchants/{merchant}/branches");
        let made = app.post(&path, body).by(&officer.session).await.expect(201);
        branches.push((id(&made), made["code"].as_str().unwrap().to_owned()));
    }
    let [(a, code_a), (b, code_b)] = branches.try_into().unwrap();
    let (number, username) = (mobile(), "cashier.clients".to_owned());
    let staff =
        json!({"name": "李小红", "username": username, "mobile": number, "role": "staff", "branch_id": a});
    let path = format!("/v1/admin/merchants/{merchant}/staff");
    app.post(&path, staff).by(&officer.session).await.expect(201);
    let code = app.otp(&number, "confirm", Realm::Merchant).await;
    let body = json!({"realm": "merchant", "mobile": number, "code": code, "password": PASSWORD});
    app.post("/v1/auth/activate", body).await.expect(200);
    let shop = Shop { app: app.into(), officer, leader, merchant, branches: [a, b], codes: [code_a, code_b] };
    shop.campaign(shop.terms("standing")).await;
    (shop, username)
}

fn world(server: &Server, member: &RosterMember, username: &str) -> Value {
    let RosterMember { mobile, name, id_number, .. } = member;
    json!({
        "base_url": format!("http://{}", server.address),
        "member": {"mobile": mobile, "name": name, "id_type": "citizen_id", "id_number": id_number},
        "cashier": {"username": username, "password": PASSWORD},
    })
}

#[tokio::test]
async fn the_typescript_client_compiles_and_does_the_main_job() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let built = Command::new(root.join("scripts/clients")).arg("typescript").output().unwrap();
    succeeded("scripts/clients typescript", &built);

    let app = TestApp::start().await;
    let now = SystemClock.now().max(app.clock.now() + Duration::hours(1));
    let (shop, username) = open(app, now).await;
    let member = shop.app.on_roster("410102").await;
    let path = outbox("clients");
    let mut command = program(&shop.app.db);
    command.env("UNIONHALL_PROFILE", "development").env("UNIONHALL_SMS_OUTBOX", &path);
    let server = Server::start(&mut command);
    if SystemClock.now() < now {
        let clock = format!("http://{}/dev/clock", server.address);
        let moved = reqwest::Client::new().post(clock).json(&json!({"now": now.to_rfc3339()})).send().await;
        assert_eq!(moved.unwrap().status(), 200);
    }
    let run = Command::new("npm")
        .args(["test", "--silent"])
        .current_dir(root.join("clients/typescript"))
        .env("UNIONHALL_WORLD", world(&server, &member, &username).to_string())
        .output()
        .unwrap();
    succeeded("npm test", &run);
    let told = String::from_utf8_lossy(&run.stdout);
    assert!(told.contains("skipped 0"), "nothing may be left out: {told}");
    std::fs::remove_file(path).unwrap();
}
