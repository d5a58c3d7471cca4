//! A county office that uploads files, and what the tables then hold.

use diesel::sql_types::{Bytea, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde_json::Value;
use sha2::{Digest, Sha256};
use unionhall_simulator::roster::{
    Expected, Format, HeaderStyle, PersonRef, Planted, Rates, RosterSpec, Scope, UnionRef, in_memory,
};
use unionhall_testkit::{CadreHandle, Reply, TestApp};
use unionhall_web::RoleName;
use uuid::Uuid;

/// A county with three basic unions, and a sibling county with one.
pub struct Office {
    pub app: TestApp,
    pub cadre: CadreHandle,
    pub sibling: CadreHandle,
    pub unions: Vec<UnionRef>,
    pub foreign: UnionRef,
}

impl Office {
    pub async fn open() -> Self {
        let app = TestApp::start().await;
        let mut unions = Vec::new();
        for name in ["第一纺织厂工会", "城东街道工会", "县医院工会"] {
            unions.push(union(&app, "410102", name).await);
        }
        let foreign = union(&app, "410103", "邻县化肥厂工会").await;
        let cadre = app.cadre("410102", RoleName::Officer).await;
        let sibling = app.cadre("410103", RoleName::Officer).await;
        Self { app, cadre, sibling, unions, foreign }
    }

    /// A roster over the county's unions, with people of the sibling county in it.
    pub async fn spec(&self, format: Format, header: HeaderStyle, rows: u64) -> RosterSpec {
        let mut elsewhere = Vec::new();
        for _ in 0..3 {
            let member = self.app.on_roster(self.foreign.code.as_deref().unwrap()).await;
            elsewhere.push(PersonRef {
                name: member.name,
                id_type: unionhall_kernel::IdType::CitizenId,
                id_number: member.id_number,
                mobile: Some(member.mobile),
            });
        }
        let scope =
            Scope { unions: self.unions.clone(), foreign_unions: vec![self.foreign.clone()], elsewhere };
        RosterSpec { seed: 20_261_120, rows, scope, rates: Rates::default(), format, header }
    }

    /// A roster that is accepted whole.
    pub async fn clean(&self, rows: u64) -> (Vec<u8>, Planted) {
        let spec = self.spec(Format::Csv, HeaderStyle::Member, rows).await;
        in_memory(&RosterSpec { rates: Rates::clean(), ..spec }).unwrap()
    }

    /// Sends a form.
    pub async fn send(&self, fields: &[(&str, &str)], file: &[u8], key: Option<&str>) -> Reply {
        let request = self.app.request("POST", "/v1/admin/imports").by(&self.cadre.session);
        let request = request.form(fields, Some(file));
        match key {
            Some(key) => request.key(key).await,
            None => request.await,
        }
    }

    /// Uploads a members file.
    pub async fn upload(&self, file: &[u8]) -> String {
        self.upload_as("members", "upsert", "false", file).await
    }

    pub async fn upload_as(&self, kind: &str, mode: &str, dry_run: &str, file: &[u8]) -> String {
        let union = self.cadre.union.to_string();
        let fields = [("kind", kind), ("union_id", &union), ("mode", mode), ("dry_run", dry_run)];
        let reply = self.send(&fields, file, None).await;
        let location = reply.header("location").map(str::to_owned);
        let id = reply.expect(202)["id"].as_str().unwrap().to_owned();
        assert_eq!(location.unwrap(), format!("/v1/admin/imports/{id}"));
        id
    }

    /// Reads an import.
    pub async fn read(&self, id: &str) -> Value {
        self.reply(id).await.expect(200)
    }

    async fn reply(&self, id: &str) -> Reply {
        self.app.get(&format!("/v1/admin/imports/{id}")).by(&self.cadre.session).await
    }

    /// Performs a transition with the present version.
    pub async fn act(&self, id: &str, action: &str) -> Reply {
        let tag = self.reply(id).await.etag();
        let path = format!("/v1/admin/imports/{id}/{action}");
        let request = self.app.post(&path, serde_json::json!({})).by(&self.cadre.session);
        request.if_match(&tag).key(&format!("{action}{id}{tag}")).await
    }

    /// Uploads and validates.
    pub async fn validated(&self, file: &[u8]) -> String {
        let id = self.upload(file).await;
        self.app.drain().await;
        id
    }

    /// Uploads, validates and commits.
    pub async fn committed(&self, file: &[u8]) -> String {
        let id = self.validated(file).await;
        self.act(&id, "commit").await.expect(202);
        self.app.drain().await;
        assert_eq!(self.read(&id).await["state"], "committed");
        id
    }

    pub async fn errors(&self, id: &str) -> Vec<csv::StringRecord> {
        let reply = self.app.get(&format!("/v1/admin/imports/{id}/errors.csv")).by(&self.cadre.session).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        let text = reply.text();
        let text = text.strip_prefix('\u{FEFF}').expect("a byte-order mark");
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
        reader.records().map(|record| record.unwrap()).collect()
    }

    /// What the tables say of members: a hash over (blind index, business columns) ordered by blind index
    /// (decisions.md 24).
    pub async fn content(&self) -> String {
        self.content_where("true").await
    }

    /// The same over some of the persons.
    pub async fn content_where(&self, condition: &str) -> String {
        #[derive(diesel::QueryableByName)]
        struct Row {
            #[diesel(sql_type = Bytea)]
            index: Vec<u8>,
            #[diesel(sql_type = SqlUuid)]
            document: Uuid,
            #[diesel(sql_type = SqlUuid)]
            person: Uuid,
            #[diesel(sql_type = Bytea)]
            number: Vec<u8>,
            #[diesel(sql_type = Nullable<Bytea>)]
            mobile: Option<Vec<u8>>,
            #[diesel(sql_type = Text)]
            plain: String,
        }
        let sealer = &self.app.core().sealer;
        let mut conn = self.app.core().db.writer().await.unwrap();
        let rows: Vec<Row> = diesel::sql_query(format!(
            "SELECT d.number_index AS index, d.id AS document, p.id AS person, d.number, m.roster_mobile AS mobile, \
                    concat_ws('|', p.name, p.sex, d.id_type, d.flags, m.details, \
                        (SELECT string_agg(concat_ws('/', o.name, s.state, s.reason, s.valid_from, s.valid_to, \
                                                     s.superseded_at IS NULL), ',' \
                                ORDER BY s.valid_from, s.state, s.superseded_at IS NULL) \
                         FROM membership s JOIN org o ON o.id = s.org_id WHERE s.person_id = p.id)) AS plain \
             FROM person p JOIN person_document d ON d.person_id = p.id \
             LEFT JOIN member_profile m ON m.person_id = p.id WHERE {condition} ORDER BY d.number_index"
        ))
        .load(&mut conn)
        .await
        .unwrap();
        let mut hash = Sha256::new();
        for row in rows {
            hash.update(&row.index);
            hash.update(sealer.open("person_document.number", row.document, &row.number).unwrap());
            let mobile =
                row.mobile.map(|m| sealer.open("member_profile.roster_mobile", row.person, &m).unwrap());
            hash.update(mobile.unwrap_or_default());
            hash.update(row.plain);
            hash.update([0]);
        }
        hash.finalize().iter().map(|b| format!("{b:02x}")).collect()
    }

    /// One text a query answers.
    pub async fn text(&self, query: &str) -> String {
        #[derive(diesel::QueryableByName)]
        struct Row {
            #[diesel(sql_type = Text)]
            t: String,
        }
        let mut conn = self.app.core().db.writer().await.unwrap();
        let row: Row =
            diesel::sql_query(format!("SELECT ({query})::text AS t")).get_result(&mut conn).await.unwrap();
        row.t
    }
}

async fn union(app: &TestApp, under: &str, name: &str) -> UnionRef {
    let (id, code) = app.union_under(under, name).await;
    UnionRef { id: id.to_string(), name: name.to_owned(), code: Some(code) }
}

/// An import reports what was planted.
pub fn assert_reports(import: &Value, expected: &Expected) {
    let number = |n: u64| serde_json::json!(n);
    assert_eq!(import["state"], "validated", "{import}");
    assert_eq!(import["rows_total"], number(expected.rows_total));
    assert_eq!(import["rows_accepted"], number(expected.rows_accepted));
    assert_eq!(import["rows_rejected"], number(expected.rows_rejected));
    assert_eq!(import["rejected_by_reason"], serde_json::to_value(&expected.rejected_by_reason).unwrap());
    assert_eq!(import["flags"], serde_json::to_value(&expected.flags).unwrap());
    assert_eq!(import["columns_ignored"], serde_json::to_value(&expected.columns_ignored).unwrap());
}
