use std::collections::BTreeMap;

use unionhall_simulator::roster::{Format, HeaderStyle, Rates, Reason, RosterSpec, in_memory};
use unionhall_testkit::{citizen, mobile};

use crate::bench::{Office, assert_reports};

// News of people whom an import created.
const ANNOUNCED: &str = "SELECT count(*) FROM outbox WHERE topic = 'membership.activated' \
                         AND (payload->>'person_id')::uuid IN (SELECT created_id FROM import_row)";

#[tokio::test]
async fn every_format_and_header_reports_what_was_planted_and_commits_it() {
    let office = Office::open().await;
    let cases = [
        (Format::Csv, HeaderStyle::Member),
        (Format::CsvBom, HeaderStyle::Plain),
        (Format::Gb18030, HeaderStyle::Staff),
        (Format::Xlsx, HeaderStyle::Coded),
        (Format::Xlsx, HeaderStyle::Member),
    ];
    for (seed, (format, header)) in (1..).zip(cases) {
        let spec = RosterSpec { seed, ..office.spec(format, header, 700).await };
        let (bytes, planted) = in_memory(&spec).unwrap();
        let before = office.app.number("SELECT count(*) FROM member_standing").await;
        let id = office.validated(&bytes).await;
        let import = office.read(&id).await;
        assert_reports(&import, &planted.expected);
        assert_eq!(import["rows_updated"], 0);
        assert_eq!(office.app.number("SELECT count(*) FROM blob_chunk").await, 0, "the file is kept as rows");
        assert_eq!(
            before,
            office.app.number("SELECT count(*) FROM member_standing").await,
            "validation writes nobody"
        );

        office.act(&id, "commit").await.expect(202);
        office.app.drain().await;
        let import = office.read(&id).await;
        assert_eq!(import["state"], "committed");
        assert_eq!(import["rows_accepted"], planted.expected.rows_accepted);
        assert_eq!(import["rows_done"], planted.expected.rows_total);
        let after = office.app.number("SELECT count(*) FROM member_standing").await;
        assert_eq!(u64::try_from(after - before).unwrap(), planted.expected.rows_accepted);
        let by_union = format!(
            "SELECT json_object_agg(org_id, n)::text FROM (SELECT org_id, count(*) n FROM import_row \
             WHERE import_id = '{id}' AND outcome <> 'rejected' GROUP BY org_id) x"
        );
        let by_union: BTreeMap<String, u64> = serde_json::from_str(&office.text(&by_union).await).unwrap();
        assert_eq!(by_union, planted.expected.accepted_by_union);
    }
    assert_eq!(office.app.number(ANNOUNCED).await, 0, "who has no account yet is not announced");
    let audited = office
        .text(
            "SELECT string_agg(action || n, ' ' ORDER BY action) FROM (SELECT action, count(*) n \
                               FROM audit_event WHERE action LIKE 'import%' GROUP BY action) x",
        )
        .await;
    assert_eq!(audited, "import.commit5 import.create5");
}

#[tokio::test]
async fn the_mended_error_file_comes_back_clean() {
    let office = Office::open().await;
    for (seed, format, size) in [(1, Format::Gb18030, 5_000), (2, Format::Xlsx, 1_200)] {
        let spec = RosterSpec { seed, ..office.spec(format, HeaderStyle::Member, size).await };
        let (bytes, planted) = in_memory(&spec).unwrap();
        assert!(planted.expected.rows_rejected * 100 >= size * 3, "three rows in a hundred are wrong");
        let before = office.content().await;
        let id = office.committed(&bytes).await;
        let errors = office.errors(&id).await;
        let rejected: Vec<_> = planted.rows.iter().filter(|row| row.reason.is_some()).collect();
        assert_eq!(errors.len(), rejected.len() + 1);
        let titles: Vec<&str> = errors[0].iter().collect();
        let at = |title: &str| titles.iter().position(|t| *t == title).unwrap();
        assert_eq!(titles.last(), Some(&"错误原因"));
        let mut out = csv::Writer::from_writer(Vec::new());
        out.write_record(&errors[0]).unwrap();
        let mut mended = 0;
        for (record, row) in errors[1..].iter().zip(rejected) {
            let code = serde_json::to_value(row.reason).unwrap();
            assert!(record[titles.len() - 1].starts_with(code.as_str().unwrap()), "{record:?}");
            if matches!(row.reason, Some(Reason::DuplicateInFile | Reason::NeedsReview)) {
                continue;
            }
            let mut cells: Vec<String> = record.iter().map(str::to_owned).collect();
            if row.name.is_none() {
                cells[at("会员姓名")] = "张三丰".to_owned();
            }
            if row.id_number.is_none() {
                (cells[at("证件号码")], cells[at("证件类型")]) = (citizen(), String::new());
            }
            if row.mobile.is_none() {
                cells[at("手机号码")] = mobile();
            }
            if row.union_id.as_deref().is_none_or(|id| id == office.foreign.id) {
                cells[at("所属工会")] = office.unions[0].name.clone();
            }
            out.write_record(cells).unwrap();
            mended += 1;
        }
        assert!(mended > 20);
        let again = office.committed(&out.into_inner().unwrap()).await;
        let import = office.read(&again).await;
        assert_eq!(import["rows_total"], mended, "{import}");
        assert_eq!(import["rows_rejected"], 0, "{import}");
        assert_eq!(import["columns_ignored"], serde_json::json!(["班组", "备注"]));
        // Two uploads, and whoever can be taken is in; both taken back, and nothing is left of them.
        let taken = format!(
            "SELECT count(*) FROM import_row WHERE created_id IS NOT NULL AND import_id IN ('{id}', '{again}')"
        );
        let taken = office.app.number(&taken).await;
        assert_eq!(u64::try_from(taken).unwrap(), planted.expected.rows_accepted + mended);
        for import in [&again, &id] {
            office.act(import, "revert").await.expect(202);
            office.app.drain().await;
        }
        assert_eq!(office.content().await, before);
    }
}

#[tokio::test]
async fn the_same_roster_again_changes_nothing() {
    let office = Office::open().await;
    let (bytes, _) = office.clean(1200).await;
    office.committed(&bytes).await;
    let content = office.content().await;
    let id = office.committed(&bytes).await;
    let import = office.read(&id).await;
    assert_eq!((&import["rows_accepted"], &import["rows_updated"]), (&1200.into(), &0.into()));
    assert_eq!(office.content().await, content);
    let same = format!("SELECT count(*) FROM import_row WHERE import_id = '{id}' AND outcome = 'same'");
    assert_eq!(office.app.number(&same).await, 1200);
}

fn line(name: &str, id: &str, phone: &str, union: &str) -> String {
    format!("姓名,身份证号,手机,所属工会\n{name},{id},{phone},{union}\n")
}

#[tokio::test]
async fn another_mobile_on_the_roster_touches_no_account() {
    let office = Office::open().await;
    let union = &office.unions[0];
    let (id, old, new) = (citizen(), mobile(), mobile());
    office.committed(line("王小明", &id, &old, &union.name).as_bytes()).await;
    office.app.login_member(&old).await;
    let person = office.text("SELECT person_id::text FROM member_profile LIMIT 1").await;
    office
        .app
        .sql(&format!("UPDATE account SET person_id = '{person}', level = 1 WHERE realm = 'member'"))
        .await;
    let accounts = "SELECT md5(string_agg(a::text, '|' ORDER BY a.id)) FROM account a";
    let before = office.text(accounts).await;
    let profile = "SELECT encode(roster_mobile_index, 'hex') FROM member_profile";
    let indexed = office.text(profile).await;

    let again = office.committed(line("王小明", &id, &new, &union.name).as_bytes()).await;
    assert_eq!(office.read(&again).await["rows_updated"], 1);
    assert_eq!(office.text(accounts).await, before);
    assert_ne!(office.text(profile).await, indexed, "the roster itself has changed");
    // Without a mobile the one on record stays.
    let indexed = office.text(profile).await;
    let blank = office.committed(line("王小明", &id, "", &union.name).as_bytes()).await;
    let blank = office.read(&blank).await;
    assert_eq!((&blank["rows_updated"], &blank["flags"]["mobile_missing"]), (&0.into(), &1.into()));
    assert_eq!(office.text(profile).await, indexed);
}

#[tokio::test]
async fn a_file_moves_nobody_and_renames_no_stranger() {
    let office = Office::open().await;
    let id = citizen();
    office.committed(line("王小明", &id, &mobile(), &office.unions[0].name).as_bytes()).await;
    // Another union of the same scope: a transfer, which has its own case.
    let moved = office.validated(line("王小明", &id, &mobile(), &office.unions[1].name).as_bytes()).await;
    assert_eq!(office.read(&moved).await["rejected_by_reason"], serde_json::json!({"NEEDS_REVIEW": 1}));
    // The same union: the name is corrected.
    let renamed = office.committed(line("王晓明", &id, "", &office.unions[0].name).as_bytes()).await;
    assert_eq!(office.read(&renamed).await["rows_updated"], 1);
    // Whoever left may be taken in again, under the name they have.
    office.app.sql("UPDATE membership SET state = 'ENDED', reason = 'quit'").await;
    let stranger = office.validated(line("李四", &id, "", &office.unions[1].name).as_bytes()).await;
    assert_eq!(office.read(&stranger).await["rejected_by_reason"], serde_json::json!({"NEEDS_REVIEW": 1}));
    let back = office.committed(line("王晓明", &id, "", &office.unions[1].name).as_bytes()).await;
    assert_eq!(office.read(&back).await["rows_updated"], 1);
    let standing = "SELECT state || ' ' || org_id FROM member_standing";
    assert_eq!(office.text(standing).await, format!("ACTIVE {}", office.unions[1].id));
}

#[tokio::test]
async fn somebody_who_joined_elsewhere_after_validation_is_not_taken() {
    let office = Office::open().await;
    let (first, second) = (citizen(), citizen());
    let file = format!(
        "姓名,身份证号,手机,所属工会\n王小明,{first},{},{u}\n李四,{second},{},{u}\n",
        mobile(),
        mobile(),
        u = office.unions[0].name
    );
    let id = office.validated(file.as_bytes()).await;
    assert_eq!(office.read(&id).await["rows_accepted"], 2);
    let core = office.app.core();
    let document = unionhall_kernel::Document::parse(
        unionhall_kernel::IdType::CitizenId,
        &first,
        core.today(),
        unionhall_kernel::Entry::Person,
    )
    .unwrap();
    let name = unionhall_kernel::PersonName::parse("王小明").unwrap();
    core.db
        .write(async |tx| {
            let person = unionhall_identity::person::create(core, tx, &name, &document).await?;
            let code = office.foreign.code.as_deref().unwrap();
            let union = unionhall_registry::org::by_code(tx, code).await?.unwrap();
            unionhall_registry::membership::admit(core, tx, person, &union, core.today()).await
        })
        .await
        .unwrap();
    office.act(&id, "commit").await.expect(202);
    office.app.drain().await;
    let import = office.read(&id).await;
    assert_eq!(import["state"], "committed");
    assert_eq!((&import["rows_accepted"], &import["rows_rejected"]), (&1.into(), &1.into()));
    assert_eq!(import["rejected_by_reason"], serde_json::json!({"NEEDS_REVIEW": 1}));
    assert_eq!(office.errors(&id).await.len(), 2);
}

#[tokio::test]
async fn a_complete_file_proposes_leavers_and_ends_nothing() {
    let office = Office::open().await;
    let (bytes, planted) = office.clean(30).await;
    office.committed(&bytes).await;
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(bytes.as_slice());
    let mut rows: Vec<csv::StringRecord> = reader.records().take(21).map(Result::unwrap).collect();
    // Rows 1 to 20 again: one of them with a broken mobile, who is rejected but named, so no leaver.
    let phone = planted.rows[4].mobile.as_deref().unwrap().trim_start_matches("+86");
    rows[5] = rows[5].iter().map(|cell| if cell == phone { "无" } else { cell }).collect();
    let mut out = csv::Writer::from_writer(Vec::new());
    rows.iter().for_each(|row| out.write_record(row).unwrap());
    let id = office.upload_as("members", "full", "false", &out.into_inner().unwrap()).await;
    office.app.drain().await;
    assert_eq!(office.read(&id).await["rejected_by_reason"], serde_json::json!({"MOBILE_FORMAT": 1}));
    let path = format!("/v1/admin/imports/{id}/leavers?limit=7");
    let first = office.app.get(&path).by(&office.cadre.session).await.expect(200);
    let next = first["next"].as_str().unwrap();
    let rest = office.app.get(&format!("{path}&after={next}")).by(&office.cadre.session).await.expect(200);
    let all: Vec<_> = [&first, &rest].iter().flat_map(|p| p["items"].as_array().unwrap().clone()).collect();
    assert_eq!(all.len(), 10);
    assert!(rest["next"].is_null());
    assert!(all.iter().all(|item| item["name"].as_str().unwrap().contains('*')), "{all:?}");
    office.act(&id, "commit").await.expect(202);
    office.app.drain().await;
    assert_eq!(office.app.number("SELECT count(*) FROM member_standing WHERE state = 'ACTIVE'").await, 33);
}

#[tokio::test]
async fn rates_of_one_kind_are_found_one_by_one() {
    let office = Office::open().await;
    let spec = office.spec(Format::CsvBom, HeaderStyle::Coded, 2500).await;
    let rates = Rates::default();
    let rates = Rates {
        faults: rates
            .faults
            .into_iter()
            .chain([(unionhall_simulator::roster::Fault::Duplicate, 0.3)])
            .collect(),
        ..rates
    };
    let (bytes, planted) = in_memory(&RosterSpec { rates, ..spec }).unwrap();
    let id = office.validated(&bytes).await;
    assert_reports(&office.read(&id).await, &planted.expected);
    assert!(
        planted.expected.rejected_by_reason[&Reason::DuplicateInFile] > 500,
        "duplicates reach over batches"
    );
}
