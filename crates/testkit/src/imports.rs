//! Imports as a cadre makes them.

use serde_json::{Value, json};

use crate::{CadreHandle, Reply, TestApp};

/// A cadre at their imports.
pub struct Desk<'a> {
    /// The server.
    pub app: &'a TestApp,
    /// The cadre.
    pub by: &'a CadreHandle,
    /// What the files list.
    pub kind: &'static str,
}

impl Desk<'_> {
    /// Sends a file.
    pub async fn send(&self, mode: &str, dry_run: &str, file: &str) -> Reply {
        let union = self.by.union.to_string();
        let fields =
            [("kind", self.kind), ("union_id", union.as_str()), ("mode", mode), ("dry_run", dry_run)];
        let request = self.app.request("POST", "/v1/admin/imports").by(&self.by.session);
        request.form(&fields, Some(file.as_bytes())).await
    }

    /// Uploads and validates.
    pub async fn validated(&self, dry_run: &str, file: &str) -> String {
        let made = self.send("upsert", dry_run, file).await.expect(202);
        self.app.drain().await;
        let id = made["id"].as_str().expect("an id").to_owned();
        assert_eq!(self.read(&id).await["state"], "validated", "{}", self.read(&id).await);
        id
    }

    /// Uploads, validates and commits; answers the import.
    pub async fn committed(&self, file: &str) -> Value {
        let id = self.validated("false", file).await;
        self.act(&id, "commit").await.expect(202);
        self.app.drain().await;
        let import = self.read(&id).await;
        assert_eq!(import["state"], "committed", "{import}");
        import
    }

    /// Takes a committed import back; answers it.
    pub async fn reverted(&self, import: &Value) -> Value {
        let id = import["id"].as_str().expect("an id");
        self.act(id, "revert").await.expect(202);
        self.app.drain().await;
        let import = self.read(id).await;
        assert_eq!(import["state"], "reverted", "{import}");
        import
    }

    /// Reads an import.
    pub async fn read(&self, id: &str) -> Value {
        self.reply(id).await.expect(200)
    }

    async fn reply(&self, id: &str) -> Reply {
        self.app.get(&format!("/v1/admin/imports/{id}")).by(&self.by.session).await
    }

    /// Performs a transition with the present version.
    pub async fn act(&self, id: &str, action: &str) -> Reply {
        let tag = self.reply(id).await.etag();
        let path = format!("/v1/admin/imports/{id}/{action}");
        let request = self.app.post(&path, json!({})).by(&self.by.session);
        request.if_match(&tag).key(&format!("{action}{id}{tag}")).await
    }

    /// The errors file as it is.
    pub async fn errors(&self, id: &str) -> String {
        let reply = self.app.get(&format!("/v1/admin/imports/{id}/errors.csv")).by(&self.by.session).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.text()
    }

    /// Why rows were kept, in the order of the file.
    pub async fn kept(&self, id: &str) -> Vec<(i64, String)> {
        let path = format!("/v1/admin/imports/{id}/kept-rows");
        let page = self.app.get(&path).by(&self.by.session).await.expect(200);
        let rows = page["items"].as_array().expect("items");
        let row = |row: &Value| Some((row["row_no"].as_i64()?, row["code"].as_str()?.to_owned()));
        rows.iter().filter_map(row).collect()
    }
}
