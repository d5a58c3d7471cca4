use serde_json::json;
use unionhall_testkit::{citizen, mobile};

use crate::bench::Office;

#[tokio::test]
async fn files_that_cannot_be_read_fail_with_a_code() {
    let office = Office::open().await;
    let gb_and_broken = [0xD0, 0xD5, 0xC3, 0xFB, b',', 0xFF, 0xFF, b'\n'];
    let endless_quote = format!("姓名,身份证号,手机\n\"{}", "王\n".repeat(200_000));
    let cases: [(&str, &[u8]); 7] = [
        ("FILE_EMPTY", b"\n\n ,, \n"),
        ("NO_ROWS", "姓名,身份证号,手机\n".as_bytes()),
        ("NO_ROWS", "姓名,身份证号,手机\n,,\n".as_bytes()),
        ("COLUMN_MISSING", "姓名,手机\n王小明,13800138000\n".as_bytes()),
        ("FILE_ENCODING", &gb_and_broken),
        ("FILE_BROKEN", b"PK\x03\x04 and nothing else"),
        ("FILE_BROKEN", endless_quote.as_bytes()),
    ];
    for (code, file) in cases {
        let id = office.validated(file).await;
        let import = office.read(&id).await;
        assert_eq!(
            (&import["state"], &import["failure"]["code"]),
            (&"failed".into(), &code.into()),
            "{import}"
        );
        assert_eq!(office.act(&id, "commit").await.problem(409), "INVALID_STATE");
        assert_eq!(office.app.number("SELECT count(*) FROM blob_chunk").await, 0);
        assert_eq!(office.errors(&id).await.len(), 1, "a header and no rows");
    }
    let missing = office.validated("姓名\n王小明\n".as_bytes()).await;
    let detail = office.read(&missing).await["failure"]["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("身份证号") && detail.contains("手机") && !detail.contains("王小明"), "{detail}");
}

/// A workbook of `rows` members with the same name, which is a text shared between all of them; its `marker` is then
/// replaced in the packed file, since no honest program would write what these tests need.
fn workbook(rows: u32, name: &str, marker: &str, text: &str) -> Vec<u8> {
    use std::io::{Cursor, Read as _, Write as _};
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (column, title) in ["姓名", "身份证号", "手机"].into_iter().enumerate() {
        sheet.write(0, u16::try_from(column).unwrap(), title).unwrap();
    }
    for row in 1..=rows {
        sheet.write(row, 0, name).unwrap();
        sheet.write(row, 1, citizen()).unwrap();
    }
    let mut packed = zip::ZipArchive::new(Cursor::new(book.save_to_buffer().unwrap())).unwrap();
    let mut changed = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for at in 0..packed.len() {
        let mut entry = packed.by_index(at).unwrap();
        let mut content = String::new();
        entry.read_to_string(&mut content).unwrap();
        changed.start_file(entry.name().unwrap(), zip::write::SimpleFileOptions::default()).unwrap();
        changed.write_all(content.replace(marker, text).as_bytes()).unwrap();
    }
    changed.finish().unwrap().into_inner()
}

#[tokio::test]
async fn a_workbook_that_was_made_to_burst_is_refused() {
    let office = Office::open().await;
    let burst = "张".repeat(60_000_000);
    let long = "张".repeat(40_000);
    let shared = "张".repeat(30_000);
    let cases = [
        ("TOO_LARGE", workbook(1, "王小明", "王小明", &burst)),
        ("FILE_BROKEN", workbook(1, "王小明", "王小明", &long)),
        ("TOO_LARGE", workbook(2_000, "王小明", "王小明", &shared)),
    ];
    for (code, file) in cases {
        assert!(file.len() < 1024 * 1024, "{} bytes", file.len());
        let id = office.validated(&file).await;
        let import = office.read(&id).await;
        assert_eq!(import["failure"]["code"], code, "{import}");
    }
}

#[tokio::test]
async fn one_row_below_a_line_that_says_whose_list_it_is() {
    let office = Office::open().await;
    let titles = "某某工会会员花名册;;;\n;;;\n*姓 名（必填）;身份证号码;联系电话;入会日期\n";
    let file = format!("{titles}王小明;{};{};2019/5/1", citizen(), mobile());
    let id = office.committed(file.as_bytes()).await;
    let import = office.read(&id).await;
    assert_eq!((&import["rows_total"], &import["rows_accepted"]), (&1.into(), &1.into()), "{import}");
    assert_eq!(office.text("SELECT valid_from::text FROM membership").await, "2019-05-01");
    // Without a union of its own the row goes to the import's.
    assert_eq!(office.text("SELECT org_id::text FROM membership").await, office.cadre.union.to_string());
}

#[tokio::test]
async fn forms_are_judged_part_by_part() {
    let office = Office::open().await;
    let union = office.cadre.union.to_string();
    let send = async |fields: &[(&str, &str)]| {
        let reply = office.send(fields, b"x", None).await;
        assert_eq!(reply.problem(422), "VALIDATION_FAILED");
        let body = reply.json();
        let errors = body["errors"].as_array().unwrap().iter();
        errors
            .map(|e| format!("{} {}", e["pointer"].as_str().unwrap(), e["code"].as_str().unwrap()))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        send(&[("kind", "nothing"), ("mode", "replace")]).await,
        ["/kind INVALID_TYPE", "/union_id REQUIRED", "/mode INVALID_TYPE"]
    );
    assert_eq!(
        send(&[("kind", "members"), ("union_id", &union), ("dry_run", "maybe")]).await,
        ["/dry_run INVALID_TYPE"]
    );
    assert_eq!(
        send(&[("kind", "members"), ("union_id", &union), ("force", "1")]).await,
        ["/force UNKNOWN_FIELD"]
    );
    assert_eq!(send(&[("kind", "members"), ("kind", "members")]).await, ["/kind REPEATED"]);
    let empty = office.send(&[("kind", "members"), ("union_id", &union)], b"", None).await;
    assert_eq!(empty.json()["errors"][0]["code"], "FILE_EMPTY");
    for other in [&b"%PDF-1.7 ..."[..], b"\xD0\xCF\x11\xE0\xA1\xB1", b"\x89PNG\r\n\x1a\n\0\0"] {
        let reply = office.send(&[("kind", "members"), ("union_id", &union)], other, None).await;
        assert_eq!(reply.problem(415), "UNSUPPORTED_MEDIA_TYPE");
    }
    let request = || office.app.request("POST", "/v1/admin/imports").by(&office.cadre.session);
    let reply = request().form(&[("kind", "members"), ("union_id", &union)], None).await;
    assert_eq!(reply.json()["errors"][0]["pointer"], "/file");
    assert_eq!(request().json(json!({})).await.problem(415), "UNSUPPORTED_MEDIA_TYPE");
    assert_eq!(request().body("multipart/form-data; boundary=XX", "junk").await.problem(400), "MALFORMED");
    assert_eq!(office.app.number("SELECT count(*) FROM blob_chunk").await, 0);
}

#[tokio::test]
async fn a_dry_run_is_never_committed_and_versions_count() {
    let office = Office::open().await;
    let file = format!("姓名,身份证号,手机\n王小明,{},{}\n", citizen(), mobile());
    let dry = office.upload_as("members", "upsert", "true", file.as_bytes()).await;
    assert_eq!(office.act(&dry, "commit").await.problem(409), "INVALID_STATE");
    office.app.drain().await;
    assert_eq!(office.read(&dry).await["rows_accepted"], 1);
    assert_eq!(office.act(&dry, "commit").await.problem(409), "INVALID_STATE");
    assert_eq!(office.act(&dry, "cancel").await.expect(200)["state"], "cancelled");

    let id = office.validated(file.as_bytes()).await;
    let path = format!("/v1/admin/imports/{id}/commit");
    let post = || office.app.post(&path, json!({})).by(&office.cadre.session);
    assert_eq!(post().key("a").await.problem(428), "IF_MATCH_REQUIRED");
    assert_eq!(post().if_match("\"v2\"").await.problem(400), "IDEMPOTENCY_KEY_MISSING");
    assert_eq!(post().key("a").if_match("\"v1\"").await.problem(412), "STALE");
    let first = post().key("b").if_match("\"v2\"").await;
    let again = post().key("b").if_match("\"v2\"").await;
    assert_eq!((first.status, &first.body), (202, &again.body));
    assert_eq!(post().key("c").if_match("\"v2\"").await.problem(412), "STALE");
    assert_eq!(office.app.number("SELECT count(*) FROM task WHERE kind = 'import.commit'").await, 1);
    office.app.drain().await;
    assert_eq!(post().key("b").if_match("\"v2\"").await.body, first.body, "a late retry has the same answer");
    assert_eq!(office.app.number("SELECT count(*) FROM membership").await, 1);
    assert_eq!(office.act(&id, "cancel").await.problem(409), "INVALID_STATE");
}

#[tokio::test]
async fn one_key_is_one_upload() {
    let office = Office::open().await;
    let union = office.cadre.union.to_string();
    let fields = [("kind", "members"), ("union_id", union.as_str())];
    let file = format!("姓名,身份证号,手机\n王小明,{},{}\n", citizen(), mobile());
    let first = office.send(&fields, file.as_bytes(), Some("up-1")).await;
    let again = office.send(&fields, file.as_bytes(), Some("up-1")).await;
    assert_eq!((first.status, &first.body), (202, &again.body));
    let other = office.send(&fields, b"another file", Some("up-1")).await;
    assert_eq!(other.problem(422), "IDEMPOTENCY_KEY_REUSED");
    assert_eq!(office.app.number("SELECT count(*) FROM import").await, 1);
    assert_eq!(office.app.number("SELECT count(*) FROM blob_chunk").await, 1);
}

#[tokio::test]
async fn a_file_that_keeps_ending_the_worker_is_given_up() {
    let office = Office::open().await;
    let union = office.cadre.union.to_string();
    let fields = [("kind", "members"), ("union_id", union.as_str())];
    let file = format!("姓名,身份证号,手机\n王小明,{},{}\n", citizen(), mobile());
    let sent = office.send(&fields, file.as_bytes(), None).await.expect(202);
    // A worker that dies gives no failure back: only the attempts it was leased for are there.
    office.app.sql("UPDATE task SET attempts = 5 WHERE state = 'queued'").await;
    office.app.drain().await;
    let path = format!("/v1/admin/imports/{}", sent["id"].as_str().unwrap());
    let read = office.app.get(&path).by(&office.cadre.session).await.expect(200);
    assert_eq!(read["state"], "failed");
    assert_eq!(office.app.number("SELECT count(*) FROM blob_chunk").await, 0);
}

#[tokio::test]
async fn what_a_broken_upload_left_is_not_touched_by_others() {
    let office = Office::open().await;
    let mut upload = unionhall_registry::import::upload::Upload::begin(office.app.core());
    upload.piece(&vec![b'x'; 600 * 1024]).await.unwrap();
    drop(upload);
    let chunks = "SELECT count(*) FROM blob_chunk";
    assert_eq!(office.app.number(chunks).await, 2);
    let file = format!("姓名,身份证号,手机\n王小明,{},{}\n", citizen(), mobile());
    office.validated(file.as_bytes()).await;
    assert_eq!(office.app.number(chunks).await, 2, "it may still be on its way");
}

#[tokio::test]
async fn the_template_is_read_as_an_empty_file() {
    let office = Office::open().await;
    for kind in ["members", "unions"] {
        let path = format!("/v1/admin/imports/template.xlsx?kind={kind}");
        let reply = office.app.get(&path).by(&office.cadre.session).await;
        assert_eq!(reply.status, 200);
        let id = office.upload_as(kind, "upsert", "false", &reply.body).await;
        office.app.drain().await;
        let import = office.read(&id).await;
        assert_eq!(import["failure"]["code"], "NO_ROWS", "{import}");
    }
    let reply =
        office.app.get("/v1/admin/imports/template.xlsx?kind=nothing").by(&office.cadre.session).await;
    assert_eq!(reply.problem(400), "INVALID_PARAMETER");
}

#[tokio::test]
async fn nothing_personal_is_readable_in_the_tables() {
    let office = Office::open().await;
    let (number, phone) = (citizen(), "13900009999");
    let file =
        format!("姓名,身份证号,手机,备注\n金丝雀,{number},{phone},秘密\n坏行,{number}9,{phone},秘密\n");
    let id = office.upload(file.as_bytes()).await;
    let tables = async || {
        let mut all = String::new();
        for table in
            ["import", "blob", "blob_chunk", "import_row", "task", "audit_event", "outbox", "idempotency"]
        {
            let rows = format!("SELECT coalesce(string_agg(t::text, ' '), '') FROM {table} t");
            all += &office.text(&rows).await;
        }
        all
    };
    let hex = |text: &str| text.bytes().map(|b| format!("{b:02x}")).collect::<String>();
    let canaries = ["金丝雀", number.as_str(), phone, "秘密"];
    for _ in 0..2 {
        let all = tables().await;
        assert!(canaries.iter().all(|c| !all.contains(c) && !all.contains(&hex(c))), "{all}");
        office.app.drain().await;
        if office.read(&id).await["state"] == "validated" {
            office.act(&id, "commit").await.expect(202);
        }
    }
    office.app.drain().await;
    let all = tables().await;
    assert!(canaries.iter().all(|c| !all.contains(c) && !all.contains(&hex(c))), "{all}");
}
