use serde_json::json;

use crate::bench::Office;

async fn import(office: &Office, file: &str) -> serde_json::Value {
    let id = office.upload_as("unions", "upsert", "false", file.as_bytes()).await;
    office.app.drain().await;
    office.read(&id).await
}

async fn commit(office: &Office, import: &serde_json::Value) -> serde_json::Value {
    let id = import["id"].as_str().unwrap();
    office.act(id, "commit").await.expect(202);
    office.app.drain().await;
    office.read(id).await
}

const FILE: &str = "工会名称,上级工会,类型,所在区划,统一社会信用代码,备注\n\
    豫中集团工会,,企业集团工会,410102,81410000MC00000122,\n\
    豫中集团一厂工会,豫中集团工会,1,,,\n\
    豫中集团二厂工会,豫中集团工会,,,,\n\
    豫中集团一厂工会,豫中集团工会,,,,又一次\n\
    豫中集团三厂工会,邻县化肥厂工会,,,,\n\
    豫中区总工会,,县(市、区)总工会,,,\n\
    四,,,,,\n\
    五厂工会,,,火星,,\n\
    六厂工会,,,,81410000MC00000123,\n";

#[tokio::test]
async fn a_tree_grows_from_one_file_and_can_be_felled() {
    let office = Office::open().await;
    let before = office.text("SELECT md5(string_agg(o::text, ',' ORDER BY id)) FROM org o").await;
    let validated = import(&office, FILE).await;
    assert_eq!(validated["state"], "validated", "{validated}");
    assert_eq!(validated["rows_accepted"], 3);
    let reasons = json!({"DUPLICATE_IN_FILE": 1, "UNION_UNKNOWN": 1, "UNION_TYPE": 1, "ORG_NAME_FORMAT": 1,
                         "DIVISION_UNKNOWN": 1, "USCC_CHECK_DIGIT": 1});
    assert_eq!(validated["rejected_by_reason"], reasons);
    let committed = commit(&office, &validated).await;
    assert_eq!((&committed["state"], &committed["rows_accepted"]), (&"committed".into(), &3.into()));
    let place = "SELECT count(*) FROM org c JOIN org p ON p.id = c.parent_id JOIN org g ON g.id = p.parent_id \
                 WHERE c.name LIKE '豫中集团_厂工会' AND p.name = '豫中集团工会' AND p.org_type = '13' \
                 AND g.code = '410102' AND c.path = g.path || p.code || '/' || c.code || '/'";
    assert_eq!(office.app.number(place).await, 2);

    // Again: known. With a change: updated. A code that another union has: somebody must look.
    let again = import(&office, FILE).await;
    let same = format!(
        "SELECT count(*) FROM import_row WHERE import_id = '{}' AND outcome = 'same'",
        again["id"].as_str().unwrap()
    );
    assert_eq!((office.app.number(&same).await, &again["rows_updated"]), (3, &0.into()));
    let changed = "工会名称,上级工会,类型,统一社会信用代码\n豫中集团一厂工会,豫中集团工会,2,\n\
                   七厂工会,豫中集团二厂工会,,81410000MC00000122\n";
    let changed = import(&office, changed).await;
    assert_eq!(changed["rejected_by_reason"], json!({"NEEDS_REVIEW": 1}), "{changed}");
    commit(&office, &changed).await;
    let kind = "SELECT org_type FROM org WHERE name = '豫中集团一厂工会'";
    assert_eq!(office.text(kind).await, "2");

    for id in [&changed["id"], &committed["id"]] {
        office.act(id.as_str().unwrap(), "revert").await.expect(202);
        office.app.drain().await;
    }
    let reverted = office.read(committed["id"].as_str().unwrap()).await;
    // The first factory was changed twice since, so it stays, and with it the union above.
    assert_eq!((&reverted["rows_reverted"], &reverted["rows_kept"]), (&1.into(), &2.into()), "{reverted}");
    assert_eq!(office.text(kind).await, "1");
    office
        .app
        .sql("DELETE FROM org WHERE name = '豫中集团一厂工会'; DELETE FROM org WHERE name = '豫中集团工会'")
        .await;
    assert_eq!(office.text("SELECT md5(string_agg(o::text, ',' ORDER BY id)) FROM org o").await, before);
}

#[tokio::test]
async fn a_credit_code_of_another_county_says_nothing() {
    let office = Office::open().await;
    office.app.sql("UPDATE org SET uscc = '81410000MC00000122' WHERE name = '邻县化肥厂工会'").await;
    let file = "工会名称,统一社会信用代码\n豫中集团工会,81410000MC00000122\n";
    let import = import(&office, file).await;
    assert_eq!(import["rejected_by_reason"], json!({"NEEDS_REVIEW": 1}));
    let errors = office.errors(import["id"].as_str().unwrap()).await;
    assert!(errors.iter().flatten().all(|cell| !cell.contains("邻县")));
}
