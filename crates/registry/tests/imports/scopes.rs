use serde_json::json;
use unionhall_testkit::{citizen, mobile};
use unionhall_web::RoleName;

use crate::bench::Office;

#[tokio::test]
async fn a_sibling_county_gets_404_and_not_a_byte() {
    let office = Office::open().await;
    let (number, phone) = (citizen(), "13900001111");
    let file = format!("姓名,身份证号,手机,内部备注\n金丝雀,{number},{phone},秘密\n坏行,1,{phone},秘密\n");
    let id = office.validated(file.as_bytes()).await;
    let canaries = ["金丝雀", number.as_str(), phone, "内部备注", "秘密", "名册"];
    let nobody = uuid::Uuid::nil();
    for path in ["", "/errors.csv", "/leavers", "/kept-rows"] {
        let theirs =
            office.app.get(&format!("/v1/admin/imports/{id}{path}")).by(&office.sibling.session).await;
        let absent =
            office.app.get(&format!("/v1/admin/imports/{nobody}{path}")).by(&office.sibling.session).await;
        assert_eq!((theirs.problem(404), absent.problem(404)), ("NOT_FOUND".into(), "NOT_FOUND".into()));
        let strip = |reply: &unionhall_testkit::Reply| {
            let mut body = reply.json();
            body["request_id"] = json!(null);
            body
        };
        assert_eq!(strip(&theirs), strip(&absent));
        assert!(canaries.iter().all(|canary| !theirs.text().contains(canary)), "{}", theirs.text());
    }
    for action in ["commit", "cancel", "revert"] {
        let path = format!("/v1/admin/imports/{id}/{action}");
        let request = office.app.post(&path, json!({})).by(&office.sibling.session);
        assert_eq!(request.if_match("\"v2\"").key("k1").await.problem(404), "NOT_FOUND");
    }
    let list = office.app.get("/v1/admin/imports").by(&office.sibling.session).await.expect(200);
    assert_eq!(list, json!({"items": [], "next": null}));

    // A basic union of the county sees nothing of what the county sent, though its members may be in it.
    let basic = office.app.cadre(office.unions[0].code.as_deref().unwrap(), RoleName::Officer).await;
    let reply = office.app.get(&format!("/v1/admin/imports/{id}")).by(&basic.session).await;
    assert_eq!(reply.problem(404), "NOT_FOUND");
    // The city above does.
    let city = office.app.cadre("4101", RoleName::Auditor).await;
    let list = office.app.get("/v1/admin/imports?state=validated,failed").by(&city.session).await.expect(200);
    assert_eq!(list["items"][0]["id"], id);
    let write = office.app.post(&format!("/v1/admin/imports/{id}/cancel"), json!({})).by(&city.session);
    assert_eq!(write.if_match("\"v2\"").await.problem(403), "FORBIDDEN");
}

#[tokio::test]
async fn a_file_reaches_no_union_out_of_scope() {
    let office = Office::open().await;
    let foreign = &office.foreign;
    let form_of = |union: &str| [("kind", "members"), ("union_id", union)].map(|(a, b)| (a, b.to_owned()));
    let fields = form_of(&foreign.id);
    let fields: Vec<(&str, &str)> = fields.iter().map(|(a, b)| (*a, b.as_str())).collect();
    let file = format!("姓名,身份证号,手机\n王小明,{},{}\n", citizen(), mobile());
    assert_eq!(office.send(&fields, file.as_bytes(), None).await.problem(404), "NOT_FOUND");
    assert_eq!(office.app.number("SELECT count(*) FROM blob_chunk").await, 0, "a refused file goes at once");

    // By name or by code, its unions look like none at all.
    let mut answers = Vec::new();
    for union in [foreign.name.as_str(), foreign.code.as_deref().unwrap(), "无此工会"] {
        let file = format!("姓名,身份证号,手机,所属工会\n王小明,{},{},{union}\n", citizen(), mobile());
        let id = office.validated(file.as_bytes()).await;
        answers.push(office.read(&id).await["rejected_by_reason"].clone());
    }
    assert!(answers.iter().all(|answer| *answer == json!({"UNION_UNKNOWN": 1})), "{answers:?}");
}

#[tokio::test]
async fn needs_review_says_nothing_of_the_other_union() {
    let office = Office::open().await;
    let theirs = office.app.on_roster(office.foreign.code.as_deref().unwrap()).await;
    let file = format!("姓名,身份证号,手机\n{},{},{}\n", theirs.name, theirs.id_number, theirs.mobile);
    let id = office.validated(file.as_bytes()).await;
    let mut bytes = office.app.get(&format!("/v1/admin/imports/{id}")).by(&office.cadre.session).await.text();
    bytes +=
        &office.app.get(&format!("/v1/admin/imports/{id}/errors.csv")).by(&office.cadre.session).await.text();
    assert!(bytes.contains("NEEDS_REVIEW"));
    let canaries = [&office.foreign.name, &office.foreign.id, office.foreign.code.as_ref().unwrap()];
    assert!(canaries.iter().all(|canary| !bytes.contains(canary.as_str())), "{bytes}");
}

#[tokio::test]
async fn who_may_not_is_refused() {
    let office = Office::open().await;
    let fields = [("kind", "members"), ("union_id", "x")];
    let request = || office.app.request("POST", "/v1/admin/imports").form(&fields, Some(b"x"));
    assert_eq!(request().await.problem(401), "UNAUTHENTICATED");
    let member = office.app.login_member(&mobile()).await;
    assert_eq!(request().by(&member).await.problem(401), "UNAUTHENTICATED");
    let reviewer = office.app.cadre("410102", RoleName::Reviewer).await;
    assert_eq!(request().by(&reviewer.session).await.problem(403), "FORBIDDEN");
}
