//! A roster comes in: what the import reports is what the generator planted.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use unionhall_simulator::api::{items, number, text};
use unionhall_simulator::demo_data::Cadre;
use unionhall_simulator::roster::{
    Format, HeaderStyle, PersonRef, Planted, Rates, RosterSpec, Scope, UnionRef, in_memory,
};

use super::{Demo, SIBLING, figure};

const UNIONS: usize = 3;

impl Demo {
    pub(super) async fn import(&self, officer: &str, county: &Cadre) -> Result<(Planted, Vec<UnionRef>)> {
        let mut unions = Vec::new();
        for n in 1..=UNIONS {
            let name = format!("示范企业{}-{n}工会", self.seed);
            let body = json!({"parent_id": county.union_id, "name": name, "org_type": "1"});
            let made = self.api.post("/v1/admin/unions", &body).by(officer).send().await?.expect(201)?;
            let id = text(&made, "/id")?.to_owned();
            unions.push(UnionRef { id, name, code: Some(text(&made, "/code")?.to_owned()) });
        }
        let sibling = self.data.cadre("leader", "union", SIBLING)?;
        let foreign = UnionRef {
            id: sibling.union_id.clone(),
            name: "管城回族区示范机械有限公司工会".to_owned(),
            code: None,
        };
        let elsewhere = self.data.members.iter().filter(|m| m.union_id == sibling.union_id);
        let spec = RosterSpec {
            seed: self.seed,
            rows: self.rows,
            scope: Scope {
                unions: unions.clone(),
                foreign_unions: vec![foreign],
                elsewhere: elsewhere
                    .map(|m| PersonRef {
                        name: m.name.clone(),
                        id_type: m.id_type,
                        id_number: m.id_number.clone(),
                        mobile: Some(m.mobile.clone()),
                    })
                    .collect(),
            },
            rates: Rates::default(),
            format: Format::Gb18030,
            header: HeaderStyle::default(),
        };
        let (file, planted) = in_memory(&spec)?;
        figure("file", format!("{} rows, {} KiB, GB18030, three unions", self.rows, file.len() / 1024));
        let begun = Instant::now();
        let form = Form::new()
            .part("file", Part::bytes(file).file_name("名册.csv"))
            .text("kind", "members")
            .text("union_id", county.union_id.clone())
            .text("mode", "upsert")
            .text("dry_run", "false");
        let reply = self.api.request(reqwest::Method::POST, "/v1/admin/imports").by(officer).form(form);
        let id = text(&reply.send().await?.expect(202)?, "/id")?.to_owned();
        let path = format!("/v1/admin/imports/{id}");
        let (seen, tag) = self.wait(officer, &path, "validated").await?;
        self.compare_import(&seen, &planted)?;
        let errors = self.api.get(&format!("{path}/errors.csv")).by(officer).send().await?;
        let lines = csv::ReaderBuilder::new()
            .flexible(true)
            .from_reader(errors.bytes.as_slice())
            .into_records()
            .count();
        let rejected = planted.expected.rows_rejected;
        ensure!(u64::try_from(lines)? == rejected, "errors.csv has {lines} rows, planted {rejected}");
        let commit = self.api.post(&format!("{path}/commit"), &json!({})).by(officer);
        let key = format!("demo-{}", self.seed);
        commit.if_match(tag.as_deref()).key(&key).send().await?.expect(202)?;
        self.wait(officer, &path, "committed").await?;
        figure("validated and committed", format!("{:.1} s", begun.elapsed().as_secs_f64()));
        Ok((planted, unions))
    }

    async fn wait(&self, by: &str, path: &str, state: &str) -> Result<(Value, Option<String>)> {
        let begun = Instant::now();
        loop {
            let reply = self.api.get(path).by(by).send().await?;
            let tag = reply.etag.clone();
            let body = reply.expect(200)?;
            match text(&body, "/state")? {
                s if s == state => return Ok((body, tag)),
                "failed" | "cancelled" => anyhow::bail!("the import ended: {body}"),
                _ => {}
            }
            ensure!(begun.elapsed() < Duration::from_secs(300), "still not {state}: {body}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    fn compare_import(&self, seen: &Value, planted: &Planted) -> Result<()> {
        let expected = &planted.expected;
        for (name, want) in [
            ("rows_total", expected.rows_total),
            ("rows_accepted", expected.rows_accepted),
            ("rows_rejected", expected.rows_rejected),
        ] {
            let got = number(seen, &format!("/{name}"))?;
            ensure!(u64::try_from(got)? == want, "{name} is {got}, planted {want}");
            figure(name, got);
        }
        let got: BTreeMap<String, u64> =
            serde_json::from_value(seen.get("rejected_by_reason").cloned().unwrap_or_default())?;
        let want: BTreeMap<String, u64> =
            serde_json::from_value(serde_json::to_value(&expected.rejected_by_reason)?)?;
        ensure!(got == want, "rejected_by_reason is {got:?}, planted {want:?}");
        for (reason, n) in got {
            figure(&format!("  {reason}"), n);
        }
        let ignored: Vec<String> =
            serde_json::from_value(seen.get("columns_ignored").cloned().unwrap_or_default())?;
        let want = &expected.columns_ignored;
        ensure!(&ignored == want, "columns_ignored is {ignored:?}, planted {want:?}");
        Ok(())
    }

    async fn count(&self, by: &str, union: &str) -> Result<u64> {
        let (mut n, mut after) = (0, String::new());
        loop {
            let path = format!("/v1/admin/members?limit=100&union_id={union}{after}");
            let page = self.api.get(&path).by(by).send().await?.expect(200)?;
            n += u64::try_from(items(&page)?.len())?;
            match page.get("next").and_then(Value::as_str) {
                Some(next) => after = format!("&after={next}"),
                None => return Ok(n),
            }
        }
    }

    pub(super) async fn compare_members(
        &self,
        officer: &str,
        sibling: &str,
        unions: &[UnionRef],
        planted: &Planted,
    ) -> Result<()> {
        for union in unions {
            let want = planted.expected.accepted_by_union.get(&union.id).copied().unwrap_or(0);
            let got = self.count(officer, &union.id).await?;
            ensure!(got == want, "{} has {got} members, planted {want}", union.name);
            figure(&format!("members of {}", union.name), got);
            let foreign = self.count(sibling, &union.id).await?;
            ensure!(foreign == 0, "the sibling county sees {foreign} members of {}", union.name);
        }
        figure("seen by the sibling county", 0);
        Ok(())
    }
}
