use unionhall_testkit::{citizen, mobile};

use crate::bench::Office;

#[tokio::test]
async fn a_revert_leaves_the_tables_as_they_were() {
    let office = Office::open().await;
    let (bytes, planted) = office.clean(1200).await;
    office.committed(&bytes).await;
    office
        .app
        .sql(
            "UPDATE membership m SET state = 'ENDED', reason = 'quit' FROM import_row r \
             WHERE r.created_id = m.person_id AND r.row_no <= 40",
        )
        .await;

    // The same people with other mobiles and names, those who left taken in again, and new ones.
    let mut text = String::from("姓名,证件类型,身份证号,手机,所属工会,民族\n");
    for (at, row) in planted.rows.iter().enumerate() {
        let name = row.name.as_deref().unwrap();
        let union = office.unions.iter().find(|u| Some(&u.id) == row.union_id.as_ref()).unwrap();
        let name = if at >= 40 && at % 3 == 0 { "改名者" } else { name };
        text += &format!("{name},,{},{},{},壮\n", row.id_number.as_deref().unwrap(), mobile(), union.name);
    }
    for _ in 0..300 {
        text += &format!("新会员,,{},{},{},汉\n", citizen(), mobile(), office.unions[0].name);
    }
    office.app.advance(chrono::Duration::days(2)).await;
    let cadre = office.app.cadre("410102", unionhall_web::RoleName::Officer).await;
    let office = Office { cadre, ..office };
    let before = office.content().await;
    let id = office.committed(text.as_bytes()).await;
    let import = office.read(&id).await;
    assert_eq!((&import["rows_accepted"], &import["rows_updated"]), (&1500.into(), &1200.into()), "{import}");
    assert_ne!(office.content().await, before);
    office.app.advance(chrono::Duration::minutes(1)).await;

    office.act(&id, "revert").await.expect(202);
    office.app.drain().await;
    let import = office.read(&id).await;
    assert_eq!(import["state"], "reverted");
    assert_eq!((&import["rows_reverted"], &import["rows_kept"]), (&1500.into(), &0.into()), "{import}");
    assert_eq!(office.content().await, before);
    assert_eq!(office.act(&id, "revert").await.problem(409), "INVALID_STATE");
}

#[tokio::test]
async fn what_was_touched_since_stays_and_is_listed() {
    let office = Office::open().await;
    let numbers: Vec<String> = (0..5).map(|_| citizen()).collect();
    let mut text = String::from("姓名,身份证号,手机\n");
    for number in &numbers {
        text += &format!("王小明,{number},{}\n", mobile());
    }
    let id = office.committed(text.as_bytes()).await;
    let person = async |n: i32| {
        office
            .text(&format!(
                "SELECT created_id::text FROM import_row WHERE import_id = '{id}' AND row_no = {n}"
            ))
            .await
    };
    let (bound, left, applied) = (person(2).await, person(3).await, person(5).await);
    office.app.login_member(&mobile()).await;
    office
        .app
        .sql(&format!("UPDATE account SET person_id = '{bound}', level = 1 WHERE realm = 'member'"))
        .await;
    office
        .app
        .sql(&format!(
            "UPDATE membership SET state = 'RETAINED', reason = 'retire' WHERE person_id = '{left}'"
        ))
        .await;
    // Something in another room refers to the person: the foreign key speaks for it.
    office
        .app
        .sql(&format!(
            "INSERT INTO card (id, person_id, n, number, kind, status, valid_from, valid_to, issued_at) VALUES \
             (gen_random_uuid(), '{applied}', 1, 'x', 'VIRTUAL', 'ACTIVE', '2026-01-01', '2027-01-01', now())"
        ))
        .await;
    office.act(&id, "revert").await.expect(202);
    office.app.drain().await;
    let import = office.read(&id).await;
    assert_eq!((&import["rows_reverted"], &import["rows_kept"]), (&2.into(), &3.into()), "{import}");
    let path = format!("/v1/admin/imports/{id}/kept-rows?limit=2");
    let first = office.app.get(&path).by(&office.cadre.session).await.expect(200);
    let next = format!("{path}&after={}", first["next"].as_str().unwrap());
    let second = office.app.get(&next).by(&office.cadre.session).await.expect(200);
    let codes: Vec<(i64, String)> = [&first, &second]
        .iter()
        .flat_map(|page| page["items"].as_array().unwrap().clone())
        .map(|item| (item["row_no"].as_i64().unwrap(), item["code"].as_str().unwrap().to_owned()))
        .collect();
    let expected = [(2, "HAS_ACCOUNT"), (3, "CHANGED_SINCE"), (5, "IN_USE")];
    assert_eq!(codes, expected.map(|(n, code)| (n, code.to_owned())));
    assert_eq!(office.app.number("SELECT count(*) FROM membership").await, 3);
}
