//! Authorization coverage: the published documents are walked, and every operation is tried by those who may not.
//!
//! Each cell asserts the status *and* that nothing planted in the other county is in any byte of the answer. A path
//! parameter without a foreign row to try fails the suite, so a new operation cannot come without its cells.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};
use unionhall_gateway::document::{self, AUDIENCES};
use unionhall_testkit::counsel::LawyerHandle;
use unionhall_testkit::shop::{Holder, Shop, id};
use unionhall_testkit::{
    CadreHandle, PartnerHandle, RecruiterHandle, Reply, Session, TestApp, citizen, mobile,
};
use unionhall_web::policy::{Action, allows};
use unionhall_web::{Realm, RoleName};
use uuid::Uuid;

const HERE: &str = "410102";
const THERE: &str = "410103";
/// Roles of those who are no cadres; they are tried as themselves.
const OTHER_REALMS: [RoleName; 5] =
    [RoleName::Member, RoleName::Manager, RoleName::Staff, RoleName::Lawyer, RoleName::Recruiter];
/// A parameter of the law: the province's alone, and there from the beginning.
const PROVINCES_OWN: Uuid = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_3701);
const ABSENT: Uuid = Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_dead_beef);

/// An operation of a document.
struct Operation {
    method: String,
    path: String,
    schemes: BTreeMap<String, Vec<String>>,
    body: Option<Value>,
    multipart: bool,
}

fn resolve<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).expect("a schema"),
        None => schema,
    }
}

/// A value that fits a schema, from its examples: what the documents promise must be enough to make a request.
fn example(document: &Value, schema: &Value) -> Value {
    let schema = resolve(document, schema);
    let given = schema.get("example").or_else(|| schema["examples"].as_array()?.first());
    if let Some(given) = given {
        return given.clone();
    }
    for alternatives in ["oneOf", "anyOf", "allOf"] {
        if let Some(options) = schema[alternatives].as_array() {
            let some = options.iter().find(|o| o["type"] != "null").expect("an alternative");
            return example(document, some);
        }
    }
    if let Some(first) = schema["enum"].as_array().and_then(|e| e.first()) {
        return first.clone();
    }
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().find(|k| *k != "null").cloned().unwrap_or_default(),
        other => other.clone(),
    };
    match kind.as_str().unwrap_or("object") {
        "string" if schema["format"] == "uuid" => json!(ABSENT),
        "string" if schema["format"] == "date" => json!("2026-11-20"),
        "string" if schema["format"] == "date-time" => json!("2026-11-20T04:00:00Z"),
        "string" => json!("示例"),
        "integer" | "number" => schema.get("minimum").cloned().unwrap_or(json!(1)),
        "boolean" => json!(false),
        "array" => json!([example(document, &schema["items"])]),
        _ => {
            let required = schema["required"].as_array().cloned().unwrap_or_default();
            let fields = required.iter().filter_map(Value::as_str);
            fields.map(|f| (f.to_owned(), example(document, &schema["properties"][f]))).collect()
        }
    }
}

fn operations() -> Vec<Operation> {
    let mut found: BTreeMap<(String, String), Operation> = BTreeMap::new();
    for audience in AUDIENCES {
        let document = document::of(audience);
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let mut schemes = BTreeMap::new();
                for requirement in operation["security"].as_array().into_iter().flatten() {
                    for (scheme, scopes) in requirement.as_object().unwrap() {
                        let scopes =
                            scopes.as_array().unwrap().iter().map(|s| s.as_str().unwrap().to_owned());
                        schemes.insert(scheme.clone(), scopes.collect());
                    }
                }
                let content = &operation["requestBody"]["content"];
                let multipart = content.get("multipart/form-data").is_some();
                let json = content.as_object().into_iter().flatten().find(|(kind, _)| kind.ends_with("json"));
                let body = json.map(|(_, content)| example(&document, &content["schema"]));
                let method = method.to_uppercase();
                let key = (path.clone(), method.clone());
                let operation = Operation { method, path: path.clone(), schemes, body, multipart };
                found.insert(key, operation);
            }
        }
    }
    found.into_values().collect()
}

/// Two counties with the same things in each; what is in the other one must never show.
struct World {
    here: Shop,
    there: Shop,
    member: Holder,
    cashier: Session,
    recruiter: RecruiterHandle,
    /// Another system, logged in.
    system: Session,
    /// A lawyer of this county.
    lawyer: Session,
    /// A partner of this county, as it was registered.
    partner: Uuid,
    /// Foreign ids by the path that takes them, the longest match first.
    foreign: Vec<(&'static str, Uuid)>,
    /// What only the other county may see.
    canaries: Vec<String>,
    /// What the public lists show of it.
    published: Vec<String>,
}

async fn import_of(shop: &Shop) -> Uuid {
    let text = format!("姓名,证件号码,手机\n金丝雀,{},{}\n", citizen(), mobile());
    let union = shop.officer.union.to_string();
    let fields =
        [("kind", "members"), ("mode", "upsert"), ("dry_run", "false"), ("union_id", union.as_str())];
    let reply = shop.app.request("POST", "/v1/admin/imports").by(&shop.officer.session);
    let reply = reply.form(&fields, Some(text.as_bytes()));
    id(&reply.await.expect(202))
}

async fn reconciliation_of(shop: &Shop) -> Uuid {
    let body = json!({"union_id": shop.officer.union, "kind": "members"});
    let reply = shop.app.post("/v1/admin/import-reconciliations", body).by(&shop.officer.session);
    id(&reply.key("canary").await.expect(201))
}

async fn application_of(shop: &Shop) -> Uuid {
    let session = shop.app.login_member(&mobile()).await;
    let body = json!({"union_id": shop.officer.union,
                      "statement": {"name": "金丝雀", "id_type": "citizen_id", "id_number": citizen()}});
    let reply = shop.app.post("/v1/me/join-applications", body).by(&session).key("canary");
    id(&reply.await.expect(201))
}

async fn mobile_change_of(shop: &Shop) -> Uuid {
    let (lost, new) = (shop.app.on_roster(THERE).await, mobile());
    let code = shop.app.otp(&new, "apply", Realm::Member).await;
    let body = json!({"mobile": new, "code": code, "name": lost.name, "id_type": "citizen_id",
                      "id_number": lost.id_number});
    shop.app.post("/v1/public/mobile-changes", body).await.expect(202);
    let list = shop.app.get("/v1/admin/mobile-changes").by(&shop.officer.session).await.expect(200);
    id(&list["items"][0])
}

async fn correction_of(shop: &Shop, by: &Session) -> Uuid {
    let upload = shop.app.request("POST", "/v1/files").by(by);
    let upload = upload.form(&[("purpose", "correction_evidence")], Some(b"%PDF-1.7 evidence %%EOF"));
    let body = json!({"fields": {"name": "金丝雀"}, "evidence_file_ids": [id(&upload.await.expect(201))],
                      "reason": "姓名写错"});
    id(&shop.app.post("/v1/me/corrections", body).by(by).key("canary").await.expect(201))
}

async fn export_of(shop: &Shop) -> Uuid {
    let body = json!({"kind": "members", "format": "csv", "reason": "金丝雀"});
    id(&shop.app.post("/v1/admin/exports", body).by(&shop.officer.session).await.expect(202))
}

async fn assisted_of(shop: &Shop, person: Uuid) -> Uuid {
    let upload = shop.app.request("POST", "/v1/files").by(&shop.officer.session);
    let upload = upload.form(&[("purpose", "on_behalf_form")], Some(b"%PDF-1.7 signed %%EOF"));
    let body = json!({"member_id": person, "way": "counter", "reason": "金丝雀",
                      "form_file_id": id(&upload.await.expect(201))});
    id(&shop.app.post("/v1/admin/assisted-sessions", body).by(&shop.officer.session).await.expect(201))
}

async fn delegation_of(shop: &Shop, other: &Holder) -> Uuid {
    let code = shop.app.otp(&other.mobile, "confirm", Realm::Member).await;
    let body = json!({"mobile": mobile(), "relation": "child", "scopes": ["view"], "expires_on": "2026-12-31", "code": code});
    id(&shop.app.post("/v1/me/delegates", body).by(&other.session).await.expect(201))
}

async fn leaver_of(shop: &Shop, person: Uuid) -> Uuid {
    let body = json!({"ids": [person], "action": "propose_retire", "reason": "金丝雀"});
    shop.app.post("/v1/admin/members/batch", body).by(&shop.officer.session).await.expect(200);
    let list = shop.app.get("/v1/admin/leaver-proposals").by(&shop.officer.session).await.expect(200);
    id(&list["items"][0])
}

/// A message of a member's, and a device of theirs that is known by an id of the other paths' kind.
async fn told_and_pushed_to(shop: &Shop, other: &Holder) -> (Uuid, Uuid) {
    let app = &shop.app;
    app.drain().await;
    let inbox = app.get("/v1/me/inbox").by(&other.session).await.expect(200);
    let device = app.core().id();
    app.advance(chrono::Duration::seconds(60)).await;
    let code = app.otp(&other.mobile, "login", Realm::Member).await;
    let body = json!({"mobile": other.mobile, "code": code, "device": {"id": device, "platform": "android"},
                      "consents": []});
    let session = Session::of(app.post("/v1/auth/login/otp", body).await);
    let body = json!({"platform": "android", "channel": "huawei", "push_token": "canary"});
    app.put(&format!("/v1/me/devices/{device}"), body).by(&session).await.expect(200);
    (id(&inbox["items"][0]), device)
}

// A city's partner, given to a county: that is where those stand who try to reach it.
// A rotation, a shift that is offered and a leave.
async fn duty_of(shop: &Shop, officer: &Session, lawyer: &LawyerHandle) -> (Uuid, Uuid, Uuid) {
    let app = &shop.app;
    let terms = json!({"name": "金丝雀轮值", "lawyer_ids": [lawyer.id], "first_day": "2026-12-01",
                       "slots": [{"starts": "08:00", "hours": 8}]});
    let rotation = id(&app.post("/v1/admin/rotations", terms).by(officer).await.expect(201));
    let from = app.core().now() + chrono::Duration::days(3);
    let shift =
        json!({"lawyer_id": lawyer.id, "starts_at": from, "ends_at": from + chrono::Duration::hours(8)});
    let shift = id(&app.post("/v1/admin/shifts", shift).by(officer).await.expect(201));
    let publish = app.post(&format!("/v1/admin/shifts/{shift}/publish"), json!({})).by(officer);
    publish.if_match("\"v1\"").await.expect(200);
    let offer = app.post(&format!("/v1/lawyer/shifts/{shift}/offer"), json!({})).by(&lawyer.session);
    let offer = id(&offer.await.expect(201));
    let leave = json!({"from_date": "2027-01-04", "to_date": "2027-01-05"});
    let leave = id(&app.post("/v1/lawyer/leaves", leave).by(&lawyer.session).await.expect(201));
    (rotation, offer, leave)
}

async fn engagement_of(shop: &Shop, by: &Session, firm: Uuid) -> Uuid {
    let body =
        json!({"kind": "person", "name": "金丝雀委托人", "role": "诉讼代理", "from_date": "2026-01-01"});
    id(&shop.app.post(&format!("/v1/admin/firms/{firm}/engagements"), body).by(by).await.expect(201))
}

async fn consultation_of(shop: &Shop, other: &Holder) -> Uuid {
    let body =
        json!({"category": "wages", "title": "金丝雀咨询", "question": "金丝雀问题：公司拖欠工资怎么办？"});
    id(&shop.app.post("/v1/me/consultations", body).by(&other.session).key("canary-ask").await.expect(201))
}

async fn aid_of(shop: &Shop, other: &Holder) -> Uuid {
    let body = json!({"category": "wages", "form": "arbitration", "title": "金丝雀援助", "claim": "金丝雀请求：支付工资。", "known_on": "2026-01-05"});
    id(&shop.app.post("/v1/me/legal-aid", body).by(&other.session).key("canary-aid").await.expect(201))
}

async fn partner_of(shop: &Shop, name: &str, county: &str) -> (CadreHandle, PartnerHandle) {
    let officer = shop.app.cadre("4101", RoleName::Officer).await;
    let partner = shop.app.registered_partner(&officer, name).await;
    let given = format!(
        "UPDATE partner p SET org_id = o.id, path = o.path FROM org o WHERE p.id = '{}' AND o.code = '{county}'",
        partner.id
    );
    shop.app.sql(&given).await;
    (officer, partner)
}

// A recruiter of the other county, and an application of somebody's who wants to be one there.
async fn recruiter_of(shop: &Shop) -> (RecruiterHandle, Uuid) {
    let app = &shop.app;
    let made = app.recruiter(&shop.officer, THERE, "金丝雀机械有限公司").await;
    let newcomer = app.recruiting(&mobile()).await;
    let mut body = app.recruiter_body(&newcomer).await;
    (body["name"], body["division_code"]) = (json!("金丝雀电子有限公司"), json!(THERE));
    (made, id(&app.apply_as_recruiter(&newcomer, &body).await.expect(201)))
}

// A posting that waits for the other county.
async fn posting_of(shop: &Shop, by: &RecruiterHandle) -> Uuid {
    let body = json!({"title": "金丝雀操作工", "employment_type": "full_time", "headcount": 1, "content": "操作机床",
                      "conditions": "认真负责", "division_code": THERE, "address": "郑州市二七区",
                      "pay": {"min_fen": 450_000, "period": "month"}});
    let made =
        shop.app.post("/v1/recruiter/postings", body).by(&by.session).key(&shop.app.core().id().to_string());
    let made = id(&made.await.expect(201));
    let submit = format!("/v1/recruiter/postings/{made}/submit");
    shop.app.post(&submit, json!({})).by(&by.session).await.expect(200);
    made
}

// Somebody of the other county who applied there, to a posting that has been closed since.
async fn candidate_of(shop: &Shop, by: &RecruiterHandle, other: &Holder) -> Uuid {
    let posting = posting_of(shop, by).await;
    let path = format!("/v1/admin/job-postings/{posting}");
    shop.app.decide(&path, "approve", &shop.officer.session, json!({})).await.expect(200);
    let content =
        json!({"headline": "金丝雀", "education": "", "skills": "", "about": "", "experiences": []});
    let resume = json!({"content": content, "blocked_employers": []});
    shop.app.put("/v1/me/resume", resume).by(&other.session).await.expect(200);
    let apply = shop.app.post("/v1/me/job-applications", json!({"posting_id": posting}));
    let made = id(&apply.by(&other.session).key("canary").await.expect(201));
    let close = format!("/v1/recruiter/postings/{posting}/close");
    shop.app.post(&close, json!({})).by(&by.session).await.expect(200);
    made
}

impl World {
    async fn build() -> Self {
        let app = Arc::new(TestApp::start().await);
        let here = Shop::open_in(app.clone(), HERE).await;
        let there = Shop::open_in(app, THERE).await;
        let member = here.holder_in(HERE).await;
        let other = there.holder_in(THERE).await;
        let (union, _) = there.app.union_under(THERE, "金丝雀机械有限公司工会").await;
        let kept = there.app.post("/v1/me/job-alerts", json!({"name": "金丝雀"})).by(&other.session);
        let alert = id(&kept.key("canary").await.expect(201));
        let campaign = there.campaign(there.terms("coupon")).await;
        let claim = there.app.post("/v1/me/coupons", json!({"campaign_id": campaign})).by(&other.session);
        let coupon = id(&claim.key("canary").await.expect(201));
        let quota = there.campaign(there.terms("quota")).await;
        let import = import_of(&there).await;
        there.app.drain().await;
        let reconciliation = reconciliation_of(&there).await;
        let application = application_of(&there).await;
        let mobile_change = mobile_change_of(&there).await;
        let correction = correction_of(&there, &other.session).await;
        let (export, leaver) = (export_of(&there).await, leaver_of(&there, other.person).await);
        let delegation = delegation_of(&there, &other).await;
        let assisted = assisted_of(&there, other.person).await;
        let mut text = there.app.notice_body("金丝雀通知");
        let notice = there.app.notice(&there.officer, &there.leader, &text).await;
        text["audience"] = json!("cadres");
        let for_cadres = there.app.notice(&there.officer, &there.leader, &text).await;
        let (officer, partner) = partner_of(&here, "本地系统", HERE).await;
        let approver = here.app.cadre("4101", RoleName::Leader).await;
        let system = here.app.partner(&officer, &approver, "合作系统").await;
        let system = here.app.login_partner(&system).await;
        let (_, foreign_partner) = partner_of(&there, "金丝雀系统", THERE).await;
        there.app.partner_step(foreign_partner.id, "approve", &there.leader).await.expect(200);
        there.app.sso_ticket(&other.session, foreign_partner.id).await;
        let path = format!("/v1/admin/partners/{}", foreign_partner.id);
        let key = there.app.get(&path).by(&there.leader.session).await.expect(200);
        let key = id(&key["keys"][0]);
        let counsel = |code: &'static str| there.app.cadre(code, RoleName::LegalOfficer);
        let (near, far) = (counsel(HERE).await.session, counsel(THERE).await.session);
        let home = there.app.firm(&near, "本地律师事务所").await;
        let lawyer = there.app.lawyer(&near, home, "李明").await.session;
        let firm = there.app.firm(&far, "外地律师事务所").await;
        let advocate = there.app.lawyer(&far, firm, "周正").await;
        let shift = there.app.put_on_duty(&far, advocate.id).await;
        let (rotation, offer, leave) = duty_of(&there, &far, &advocate).await;
        let engagement = engagement_of(&there, &far, firm).await;
        let consultation = consultation_of(&there, &other).await;
        let aid = aid_of(&there, &other).await;
        let file = there.app.licence(&there.officer.session).await;
        let applicant = there.app.applicant(&mobile()).await;
        let mut stated = there.app.application_of(&applicant).await;
        (stated["name"], stated["division_code"]) = (json!("金丝雀商行"), json!(THERE));
        let applied = id(&there.app.apply(&applicant, &stated).await.expect(201));
        let recruiter = here.app.recruiter(&here.officer, HERE, "本地机械有限公司").await;
        let (foreign_recruiter, recruiting) = recruiter_of(&there).await;
        let posting = posting_of(&there, &foreign_recruiter).await;
        let candidate = candidate_of(&there, &foreign_recruiter, &other).await;
        let till = there.cashier().await;
        let token = there.token(&till, &other).await;
        let manager = there.staff("manager", None).await;
        // A session that began without a device has it from its first refresh.
        let manager = there.staff_again(&manager).await;
        let counter = json!({"branch_id": there.branches[0], "name": "金丝雀前台"});
        let counter = there.app.post("/v1/merchant/tills", counter).by(&manager);
        let counter = id(&counter.await.expect(201));
        let redemption = id(&there.redeem(&till, &token, quota, 5000, "canary").await.expect(201));
        let cashier = here.cashier().await;
        let staff = there.app.get(&format!("/v1/admin/merchants/{}/staff", there.merchant));
        let staff = staff.by(&there.officer.session).await.expect(200);
        let staff = id(&staff["items"][0]);
        let (message, device) = told_and_pushed_to(&there, &other).await;
        let sessions = there.app.get("/v1/auth/sessions").by(&other.session).await.expect(200);
        let session = id(&sessions["items"][0]);
        let foreign = vec![
            ("/v1/admin/partners/{id}/keys/{key_id}", key),
            ("/v1/admin/partners/{id}", foreign_partner.id),
            ("/v1/me/partners/{id}", foreign_partner.id),
            ("/v1/admin/merchants/{id}/staff/{staff_id}", staff),
            ("/v1/admin/merchants/{id}/branches/{branch_id}", there.branches[0]),
            ("/v1/merchant/branches/{id}", there.branches[0]),
            ("/v1/merchant/staff/{id}", till.role()),
            ("/v1/merchant/tills/{id}", counter),
            ("/v1/merchant/places/{id}", till.role()),
            ("/v1/admin/members/{id}", other.person),
            ("/v1/admin/cards/{id}", other.card),
            ("/v1/admin/unions/{id}", union),
            ("/v1/admin/posts/{id}", there.officer.post),
            ("/v1/admin/join-applications/{id}", application),
            ("/v1/admin/mobile-changes/{id}", mobile_change),
            ("/v1/admin/corrections/{id}", correction),
            ("/v1/me/corrections/{id}", correction),
            ("/v1/admin/imports/{id}", import),
            ("/v1/admin/import-reconciliations/{id}", reconciliation),
            ("/v1/admin/exports/{id}", export),
            ("/v1/admin/leaver-proposals/{id}", leaver),
            ("/v1/admin/assisted-sessions/{id}", assisted),
            ("/v1/admin/merchants/{id}", there.merchant),
            ("/v1/admin/merchant-applications/{id}", applied),
            ("/v1/merchant/applications/{id}", applied),
            ("/v1/admin/recruiter-applications/{id}", recruiting),
            ("/v1/recruiter/applications/{id}", recruiting),
            ("/v1/admin/recruiters/{id}", foreign_recruiter.id),
            ("/v1/admin/job-postings/{id}", posting),
            ("/v1/recruiter/postings/{id}", posting),
            ("/v1/public/jobs/{id}", posting),
            ("/v1/recruiter/candidates/{id}", candidate),
            ("/v1/me/job-applications/{id}", candidate),
            ("/v1/me/job-alerts/{id}", alert),
            ("/v1/admin/campaigns/{id}", campaign),
            ("/v1/admin/firms/{id}", firm),
            ("/v1/admin/engagements/{id}", engagement),
            ("/v1/admin/lawyers/{id}", advocate.id),
            ("/v1/admin/shifts/{id}", shift),
            ("/v1/admin/rotations/{id}", rotation),
            ("/v1/lawyer/shifts/{id}", shift),
            ("/v1/lawyer/shift-offers/{id}", offer),
            ("/v1/lawyer/leaves/{id}", leave),
            ("/v1/admin/consultations/{id}", consultation),
            ("/v1/me/consultations/{id}", consultation),
            ("/v1/lawyer/consultations/{id}", consultation),
            ("/v1/admin/legal-aid/{id}", aid),
            ("/v1/me/legal-aid/{id}", aid),
            ("/v1/lawyer/legal-aid/{id}", aid),
            ("/v1/admin/redemptions/{id}", redemption),
            ("/v1/admin/law-parameters/{id}", PROVINCES_OWN),
            ("/v1/admin/notices/{id}", notice),
            ("/v1/admin/received-notices/{id}", for_cadres),
            ("/v1/me/notices/{id}", notice),
            ("/v1/public/notices/{id}", notice),
            ("/v1/me/inbox/{id}", message),
            ("/v1/me/devices/{id}", device),
            ("/v1/me/cards/{id}", other.card),
            ("/v1/me/delegates/{id}", delegation),
            ("/v1/me/delegations/{id}", delegation),
            ("/v1/me/join-applications/{id}", application),
            ("/v1/me/redemptions/{id}", redemption),
            ("/v1/me/coupons/{id}", coupon),
            ("/v1/merchant/redemptions/{id}", redemption),
            ("/v1/auth/sessions/{id}", session),
            ("/v1/files/{id}", file),
            ("/v1/public/files/{id}", file),
        ];
        let mut canaries: Vec<String> = foreign.iter().map(|(_, id)| id.to_string()).collect();
        canaries.extend(there.codes.iter().cloned());
        let mut published: Vec<String> = there.branches.iter().map(Uuid::to_string).collect();
        published.extend([campaign, there.merchant, union, advocate.id].map(|id| id.to_string()));
        canaries.retain(|canary| !published.contains(canary));
        canaries.extend([other.mobile.clone(), there.officer.person.to_string(), "金丝雀".to_owned()]);
        canaries.push(foreign_partner.key.public);
        let partner = partner.id;
        Self {
            here,
            there,
            member,
            cashier,
            recruiter,
            system,
            lawyer,
            partner,
            foreign,
            canaries,
            published,
        }
    }

    /// The concrete path with an id in place of its parameter; `None` when the operation takes none.
    fn path(&self, operation: &Operation, absent: bool) -> Option<String> {
        // What these name is everybody's.
        if ["{document}", "{name}", "{year}"].iter().any(|named| operation.path.contains(named)) {
            return None;
        }
        operation.path.contains('{').then(|| {
            let row = self.foreign.iter().find(|(prefix, _)| operation.path.starts_with(prefix));
            let (_, foreign) = row.unwrap_or_else(|| panic!("no foreign row to try {} with", operation.path));
            let value = if absent { ABSENT } else { *foreign };
            // A nested row is looked for under one's own parent.
            let (shop, partner) = (self.here.merchant, self.partner);
            let nested = [("{staff_id}", shop), ("{branch_id}", shop), ("{key_id}", partner)];
            let nested = nested.into_iter().find(|(name, _)| operation.path.contains(name));
            let (name, parent) = nested.unwrap_or(("{id}", value));
            let path = operation.path.replace(name, &value.to_string());
            path.replace("{id}", &parent.to_string())
        })
    }

    async fn send(&self, operation: &Operation, path: &str, by: Option<&Session>) -> Reply {
        let mut request = self.here.app.request(&operation.method, path).key("cell").if_match("\"v1\"");
        if let Some(session) = by {
            request = request.by(session);
        }
        if let Some(body) = &operation.body {
            request = request.json(body.clone());
        }
        let reply = request.await;
        let text = reply.text();
        let public = operation.path.starts_with("/v1/public/");
        for canary in self.canaries.iter().chain(self.published.iter().filter(|_| !public)) {
            let asked = path.contains(canary.as_str());
            assert!(
                asked || !text.contains(canary.as_str()),
                "{} {path} shows {canary}: {text}",
                operation.method
            );
        }
        reply
    }
}

fn without_request_id(reply: &Reply) -> (u16, Value) {
    let mut body: Value = serde_json::from_slice(&reply.body).unwrap_or(Value::Null);
    if let Some(fields) = body.as_object_mut() {
        fields.remove("request_id");
    }
    (reply.status, body)
}

fn action(operation: &Operation, scheme: &str) -> Option<Action> {
    let scopes = operation.schemes.get(scheme)?;
    let scope = scopes.first().unwrap_or_else(|| panic!("{} names no action", operation.path));
    let found = Action::ALL.iter().copied().find(|a| a.as_str() == scope);
    Some(found.unwrap_or_else(|| panic!("{} names {scope}, which is no action", operation.path)))
}

#[tokio::test]
async fn every_operation_refuses_who_may_not() {
    let world = World::build().await;
    let mut sessions: BTreeMap<RoleName, Session> = BTreeMap::new();
    for role in RoleName::ALL.iter().copied().filter(|r| !OTHER_REALMS.contains(r)) {
        sessions.insert(role, world.here.app.cadre(HERE, role).await.session);
    }
    let manager = world.here.staff("manager", None).await;
    let newcomer = world.here.app.login_member(&mobile()).await;
    let applying = world.here.app.recruiting(&mobile()).await;
    let outsiders = |scheme: &str| -> Vec<&Session> {
        let all = [
            ("member", &world.member.session),
            ("merchant", &world.cashier),
            ("recruiter", &world.recruiter.session),
            ("admin", &sessions[&RoleName::Leader]),
            ("partner", &world.system),
            ("lawyer", &world.lawyer),
        ];
        all.into_iter().filter(|(name, _)| *name != scheme).map(|(_, s)| s).collect()
    };
    let mut cells = 0;
    for operation in operations() {
        let at = format!("{} {}", operation.method, operation.path);
        let concrete = world.path(&operation, false).unwrap_or_else(|| {
            operation
                .path
                .replace("{document}", "notifications")
                .replace("{name}", "ethnic")
                .replace("{year}", "2026")
        });
        if operation.schemes.is_empty() {
            let reply = world.send(&operation, &concrete, None).await;
            assert!(reply.status < 500, "{at}: {}", reply.text());
            cells += 1;
            continue;
        }
        let anonymous = world.send(&operation, &concrete, None).await;
        assert_eq!(anonymous.problem(401), "UNAUTHENTICATED", "{at}: anonymous");
        cells += 1;
        let scheme = operation.schemes.keys().next().unwrap().clone();
        // What is open to any person is not open to a system.
        let outside = if scheme == "any" { vec![&world.system] } else { outsiders(&scheme) };
        for outsider in outside {
            let reply = world.send(&operation, &concrete, Some(outsider)).await;
            assert_eq!(reply.problem(401), "UNAUTHENTICATED", "{at}: another audience");
            cells += 1;
        }
        let insider = match scheme.as_str() {
            "admin" => {
                let action = action(&operation, "admin").unwrap();
                // What is published is what is asked: each role is refused exactly where the table says so.
                let path = world.path(&operation, true).unwrap_or_else(|| concrete.clone());
                for (role, session) in &sessions {
                    let reply = world.send(&operation, &path, Some(session)).await;
                    let refused = reply.status == 403 && reply.json()["code"] == "FORBIDDEN";
                    assert_eq!(refused, !allows(*role, action), "{at}: {role}: {}", reply.text());
                    cells += 1;
                }
                sessions.iter().find(|(role, _)| allows(**role, action)).expect("a role with").1
            }
            "merchant" => {
                // Without an action it is open to every account of the realm, also to who applies.
                let may = match operation.schemes["merchant"].first() {
                    Some(_) => allows(RoleName::Staff, action(&operation, "merchant").unwrap()),
                    None => true,
                };
                let reply = world.send(&operation, &concrete, Some(&world.cashier)).await;
                let refused = reply.status == 403 && reply.json()["code"] == "FORBIDDEN";
                assert_eq!(refused, !may, "{at}: {}", reply.text());
                cells += 1;
                &manager
            }
            "member" => {
                let level = operation.schemes["member"].first().map(|l| l.strip_prefix("level:").unwrap());
                let path = world.path(&operation, true).unwrap_or_else(|| concrete.clone());
                let reply = world.send(&operation, &path, Some(&newcomer)).await;
                let too_low = reply.status == 403 && reply.json()["code"] == "LEVEL_TOO_LOW";
                assert_eq!(too_low, level.is_some(), "{at}: a newcomer: {}", reply.text());
                cells += 1;
                &world.member.session
            }
            "recruiter" => {
                // Without an action it is open to every account of the realm, also to who applies.
                let path = world.path(&operation, true).unwrap_or_else(|| concrete.clone());
                let reply = world.send(&operation, &path, Some(&applying)).await;
                let refused = reply.status == 403 && reply.json()["code"] == "FORBIDDEN";
                let takes = !operation.schemes["recruiter"].is_empty();
                assert_eq!(refused, takes, "{at}: an applicant: {}", reply.text());
                cells += 1;
                &world.recruiter.session
            }
            "partner" => &world.system,
            "lawyer" => &world.lawyer,
            _ => &world.member.session,
        };
        // Logging out here would end the session the other cells need.
        let ends = ["/v1/auth/logout", "/v1/auth/logout-everywhere"].contains(&operation.path.as_str());
        if operation.multipart || ends {
            continue;
        }
        match (world.path(&operation, false), world.path(&operation, true)) {
            (Some(foreign), Some(absent)) => {
                let foreign = world.send(&operation, &foreign, Some(insider)).await;
                let absent = world.send(&operation, &absent, Some(insider)).await;
                assert_eq!(
                    without_request_id(&foreign),
                    without_request_id(&absent),
                    "{at}: foreign and absent differ"
                );
                let empty = foreign.status == 200 && foreign.json()["items"] == json!([]);
                assert!(foreign.status == 404 || empty, "{at}: {}", foreign.text());
                cells += 2;
            }
            _ => {
                let reply = world.send(&operation, &concrete, Some(insider)).await;
                assert!(reply.status < 500, "{at}: {}", reply.text());
                cells += 1;
            }
        }
    }
    // The other county is still as it was: nothing above reached it.
    let there = &world.there;
    let campaigns = there.app.get("/v1/admin/campaigns").by(&there.officer.session).await.expect(200);
    assert_eq!(campaigns["items"].as_array().unwrap().len(), 2);
    assert!(cells > 300, "{cells} cells");
}

#[tokio::test]
async fn examples_are_enough_to_be_understood() {
    let world = World::build().await;
    let leader = world.here.leader.session.clone();
    for operation in operations() {
        let Some(body) = operation.body.clone() else { continue };
        let scheme = operation.schemes.keys().next().map(String::as_str);
        let by = match scheme {
            Some("member" | "any") => Some(&world.member.session),
            Some("merchant") => Some(&world.cashier),
            Some("recruiter") => Some(&world.recruiter.session),
            Some("partner") => Some(&world.system),
            Some("lawyer") => Some(&world.lawyer),
            Some(_) => Some(&leader),
            None => None,
        };
        if operation.path == "/v1/auth/password" {
            continue;
        }
        let path = world.path(&operation, true).unwrap_or_else(|| operation.path.clone());
        let reply = world.send(&operation, &path, by).await;
        let shape = ["UNKNOWN_FIELD", "INVALID_TYPE"];
        let errors = match reply.status {
            422 => reply.json()["errors"].as_array().cloned().unwrap_or_default(),
            _ => Vec::new(),
        };
        for error in errors {
            let code = error["code"].as_str().unwrap();
            assert!(!shape.contains(&code), "{} {}: {body} -> {error}", operation.method, operation.path);
        }
        assert_ne!(reply.status, 400, "{} {}: {}", operation.method, operation.path, reply.text());
        assert!(reply.status < 500);
    }
}

#[tokio::test]
async fn odd_input_is_refused_and_never_breaks_anything() {
    let world = World::build().await;
    let (app, leader) = (&world.here.app, &world.here.leader.session);
    let bad = |path: &str| app.get(path).by(leader).into_future();
    for path in ["/v1/admin/members?name=%00", "/v1/admin/unions?name=a%00b", "/v1/admin/merchants?name=%00"]
    {
        assert_eq!(bad(path).await.problem(400), "INVALID_PARAMETER", "{path}");
    }
    let key = "/v1/merchant/redemptions?idempotency_key=%C3%97";
    assert_eq!(app.get(key).by(&world.cashier).await.problem(400), "INVALID_PARAMETER");
    let allowance = bad("/v1/admin/unions").await.header("ratelimit").unwrap().to_owned();
    assert!(allowance.starts_with("\"account\";r="), "{allowance}");
    assert_eq!(bad("/v1/admin/unions").await.header("cache-control"), Some("no-store"));
    let consent = app.delete("/v1/me/consents/a%00b").by(&world.member.session).await;
    assert_eq!(consent.problem(404), "NOT_FOUND");
    let nul = app.post("/v1/me/redemptions", json!({"branch_code": "a\0b", "offer_id": ABSENT}));
    assert_eq!(nul.by(&world.member.session).key("k").await.problem(400), "MALFORMED");
    let summary = app.get("/v1/merchant/day-summary?date=-4713-01-01").by(&world.cashier).await;
    assert_eq!(summary.problem(400), "INVALID_PARAMETER");
    let far = json!({"contract_from": "-4713-01-01", "contract_to": "9999-01-01"});
    let path = format!("/v1/admin/merchants/{}", world.here.merchant);
    let patched =
        app.request("PATCH", &path).json(far).by(&world.here.officer.session).if_match("\"v1\"").await;
    assert_eq!(patched.problem(422), "VALIDATION_FAILED");
    let mut terms = world.here.terms("quota");
    terms["starts_at"] = json!("-4713-01-01T00:00:00Z");
    let campaign = app.post("/v1/admin/campaigns", terms).by(&world.here.officer.session).await;
    assert_eq!(campaign.problem(422), "VALIDATION_FAILED");
    for id in ["%F0%9F%92%A9", "0", "..%2F..", &"9".repeat(2000)] {
        assert_eq!(bad(&format!("/v1/admin/members/{id}")).await.problem(404), "NOT_FOUND", "{id}");
    }
}
