//! Groups of groups, and companies known by their names alone.

use serde_json::{Value, json};
use unionhall_testkit::Session;
use unionhall_testkit::counsel::Counsel;
use unionhall_testkit::shop::{id, uscc};
use unionhall_web::RoleName;
use uuid::Uuid;

use crate::wall::{about, engage, is_given};
use crate::{ask, ids, staffed, state};

fn employer(uscc: &str) -> Value {
    json!([{"role": "employer", "kind": "organisation", "name": "某单位", "uscc": uscc}])
}

async fn join(desk: &Counsel, by: &Session, company: &str, head: &str) -> (u16, Value) {
    let body = json!({"uscc": company, "group_uscc": head});
    let reply = desk.app.post("/v1/admin/company-groups", body).by(by).await;
    (reply.status, reply.json())
}

#[tokio::test]
async fn groups_of_groups_are_one_in_whatever_order_they_are_entered() {
    let (desk, _lawyer, asker) = staffed().await;
    let by = desk.app.cadre("41", RoleName::LegalOfficer).await.session;
    let [a, b, c, d] = [(); 4].map(|()| uscc());
    engage(&desk, desk.firm, json!({"name": "丙控股", "uscc": c})).await;
    assert!(is_given(&desk, &asker, employer(&a), "1").await);
    // A's group is B, and then B's is C.
    assert_eq!(join(&desk, &by, &a, &b).await.0, 200);
    assert!(is_given(&desk, &asker, employer(&a), "2").await);
    let (status, said) = join(&desk, &by, &b, &c).await;
    assert_eq!((status, &said["group_uscc"]), (200, &json!(c)));
    assert!(!is_given(&desk, &asker, employer(&a), "3").await, "two steps up");
    assert!(!is_given(&desk, &asker, employer(&b), "4").await, "one step up");
    // D joins A, which is none but a member itself.
    let (status, said) = join(&desk, &by, &d, &a).await;
    assert_eq!((status, &said["group_uscc"]), (200, &json!(c)), "the root is answered");
    assert!(!is_given(&desk, &asker, employer(&d), "5").await);
    // A circle is refused, of whatever length, and changes nothing.
    for head in [&a, &b, &d] {
        let (status, said) = join(&desk, &by, &c, head).await;
        assert_eq!((status, &said["code"]), (409, &json!("GROUP_CYCLE")));
    }
    // Whoever leaves leaves alone.
    assert_eq!(join(&desk, &by, &b, &b).await.0, 200);
    assert!(is_given(&desk, &asker, employer(&b), "6").await);
    assert!(!is_given(&desk, &asker, employer(&a), "7").await);
}

#[tokio::test]
async fn chains_that_are_tied_at_once_are_one_group_and_no_circle() {
    let desk = Counsel::open().await;
    let by = &desk.app.cadre("41", RoleName::LegalOfficer).await.session;
    let all: Vec<String> = (0..6).map(|_| uscc()).collect();
    // A ring: each one's head is the next; one of them has to be refused, whichever comes last.
    let ties = (0..6).map(|n| join(&desk, by, &all[n], &all[(n + 1) % 6]));
    let replies = futures_util::future::join_all(ties).await;
    assert_eq!(replies.iter().filter(|(status, _)| *status == 200).count(), 5, "{replies:?}");
    assert!(replies.iter().all(|(status, said)| *status == 200 || said["code"] == "GROUP_CYCLE"));
    assert_eq!(desk.app.number("SELECT count(DISTINCT group_uscc) FROM legal_group").await, 1);
    assert_eq!(desk.app.number("SELECT count(*) FROM legal_group").await, 6);
}

#[tokio::test]
async fn what_was_entered_as_chains_and_circles_becomes_groups() {
    let desk = Counsel::open().await;
    desk.app
        .sql(
            "INSERT INTO legal_group VALUES ('A', 'B'), ('B', 'C'), ('C', 'C'), ('D', 'E'), ('E', 'F'), ('F', 'E'), \
             ('G', 'D'), ('H', 'H')",
        )
        .await;
    let up = include_str!("../../../../migrations/00000000000340_legal_walls/up.sql");
    desk.app.sql(up.split(';').next().unwrap()).await;
    let of = |members: &str, head: &str| {
        format!("SELECT count(*) FROM legal_group WHERE uscc IN ({members}) AND group_uscc = '{head}'")
    };
    assert_eq!(desk.app.number(&of("'A','B','C'", "C")).await, 3, "a chain ends in its root");
    assert_eq!(desk.app.number(&of("'D','E','F','G'", "E")).await, 4, "a circle has its smallest code");
    assert_eq!(desk.app.number(&of("'H'", "H")).await, 1);
}

#[tokio::test]
async fn a_company_is_known_by_its_name_however_it_is_written() {
    let (desk, _lawyer, asker) = staffed().await;
    engage(&desk, desk.firm, json!({"name": "鄭州市宏達機械（集團）股份有限公司開封分公司"})).await;
    let named = |name: &str| json!([{"role": "employer", "kind": "organisation", "name": name}]);
    assert!(!is_given(&desk, &asker, named("郑州宏达机械有限责任公司"), "1").await);
    assert!(!is_given(&desk, &asker, named("宏达机械（郑州）有限公司"), "2").await);
    assert!(is_given(&desk, &asker, named("开封宏达机械有限公司"), "3").await);
}

#[tokio::test]
async fn keys_of_older_rows_are_made_anew_and_the_wall_moves_with_them() {
    let (desk, lawyer, asker) = staffed().await;
    engage(&desk, desk.firm, json!({"name": "郑州市宏达机械股份有限公司"})).await;
    // As an older version left it.
    let old = "UPDATE legal_engagement SET name_keys = '{o:郑州市宏达机械股份有限公司}', keys_version = 1";
    desk.app.sql(old).await;
    let parties = json!([{"role": "employer", "kind": "organisation", "name": "郑州宏达机械有限公司"}]);
    let case: Uuid = id(&ask(&desk.app, &asker.session, about(parties), "1").await);
    assert_eq!(ids(&desk.app.get("/v1/lawyer/consultations").by(&lawyer.session).await.expect(200)), [case]);
    for _ in 0..2 {
        let core = desk.app.core();
        unionhall_legal::enqueue_daily(core, &mut core.db.writer().await.unwrap()).await.unwrap();
        desk.app.drain().await;
    }
    assert_eq!(state(&desk.app, &asker.session, case).await, "QUEUED", "taken back");
    assert!(ids(&desk.app.get("/v1/lawyer/consultations").by(&lawyer.session).await.expect(200)).is_empty());
    assert_eq!(desk.app.number("SELECT count(*) FROM legal_engagement WHERE keys_version < 2").await, 0);
    assert_eq!(desk.app.number("SELECT count(*) FROM legal_party WHERE keys_version < 2").await, 0);
}
