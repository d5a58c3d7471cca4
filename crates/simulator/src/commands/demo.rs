//! The main job over HTTP, step by step, with its figures: a generated roster of 5,000 rows over three unions, and
//! whatever differs from what the generator planted ends the demo with an error.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use chrono::Utc;
use clap::Args as ClapArgs;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use unionhall_simulator::api::{Api, items, number, text};
use unionhall_simulator::demo_data::{Cadre, DemoData, Merchant};
use unionhall_simulator::roster::{
    Format, HeaderStyle, PersonRef, Planted, PlantedRow, Rates, RosterSpec, Scope, UnionRef, in_memory,
};

use super::seed_demo::{launch, merge};

const COUNTY: &str = "410102";
const SIBLING: &str = "410103";
const UNIONS: usize = 3;

/// Runs the main job against the server that DIR/demo.json names.
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// The folder of `demo.json`.
    #[arg(long)]
    data: PathBuf,
    /// Rows of the roster.
    #[arg(long, default_value_t = 5_000)]
    rows: u64,
    /// The roster's seed; the present second without.
    #[arg(long)]
    seed: Option<u64>,
}

/// Runs the demo; an error is the verdict.
pub fn run(args: Args) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let data = DemoData::read(&args.data)?;
        let base = base_url(&data);
        #[allow(clippy::disallowed_methods)] // a fresh roster at every run
        let seed = args.seed.unwrap_or_else(|| u64::try_from(Utc::now().timestamp()).unwrap_or(1));
        let api = Api::new(&base, &data.sms_outbox);
        println!("against {base}, {} rows, seed {seed}", args.rows);
        Demo { api, data, seed, rows: args.rows }.run().await
    })
}

#[allow(clippy::disallowed_methods)] // the one setting a client takes from outside
fn base_url(data: &DemoData) -> String {
    std::env::var("UNIONHALL_BASE_URL").unwrap_or_else(|_| data.base_url.clone())
}

struct Demo {
    api: Api,
    data: DemoData,
    seed: u64,
    rows: u64,
}

fn step(n: u32, what: &str) {
    println!("{n}. {what}");
}

fn figure(what: &str, value: impl std::fmt::Display) {
    println!("   {what}: {value}");
}

impl Demo {
    async fn run(&self) -> Result<()> {
        let begun = Instant::now();
        step(1, "cadres log in (干部登录)");
        let officer_of = self.data.cadre("officer", "county", COUNTY)?;
        let (officer, leader) = self.cadres(officer_of).await?;
        let sibling = self.api.login_cadre(self.data.cadre("officer", "county", SIBLING)?).await?;
        figure("logged in", "officer and leader of 410102, officer of 410103");

        step(2, "a roster is imported (导入名册)");
        let (planted, unions) = self.import(&officer, officer_of).await?;
        self.compare_members(&officer, &sibling, &unions, &planted).await?;

        step(3, "a member logs in (会员登录)");
        let row = pick(&planted)?;
        let mobile = row.mobile.as_deref().and_then(|m| m.strip_prefix("+86")).context("a mobile")?;
        let login = self.api.login_member(mobile).await?;
        ensure!(number(&login, "/real_name_level")? == 0, "a new account begins at level 0");
        let member = text(&login, "/access_token")?.to_owned();
        figure("account", text(&login, "/account/id")?);

        step(4, "they prove who they are (实名认证)");
        self.real_name(&member, row).await?;

        step(5, "the card is there by that very act (会员卡)");
        let cards = self.api.get("/v1/me/cards").by(&member).send().await?.expect(200)?;
        let card = items(&cards)?.first().context("a card")?;
        ensure!(text(card, "/state")? == "ACTIVE", "the card is active");
        figure("number", text(card, "/number")?);

        step(6, "a cashier verifies it (收银员核验)");
        let merchant = self.data.merchants.iter().find(|m| m.division == COUNTY).context("a merchant")?;
        let cashier = self.api.login_merchant(&merchant.staff).await?;
        let manager = self.api.login_merchant(&merchant.manager).await?;
        let (code, seen) = self.verify(&member, card, &cashier).await?;

        step(7, "and redeems in a second step (核销)");
        self.redeem(&cashier, &code, &seen).await?;

        step(8, "coupons: claimed, used, voided (领券、用券、撤销)");
        self.coupons(&officer, &leader, &member, card, &cashier, &manager, merchant).await?;

        step(9, "afterwards: history, members, statistics, audit (记录与统计)");
        self.afterwards(&member, &officer, &sibling).await?;
        println!("the demo holds, in {:.1} s", begun.elapsed().as_secs_f64());
        Ok(())
    }

    async fn cadres(&self, officer: &Cadre) -> Result<(String, String)> {
        let leader = self.data.cadre("leader", "county", COUNTY)?;
        Ok((self.api.login_cadre(officer).await?, self.api.login_cadre(leader).await?))
    }

    async fn import(&self, officer: &str, county: &Cadre) -> Result<(Planted, Vec<UnionRef>)> {
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

    async fn compare_members(
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

    async fn real_name(&self, member: &str, row: &PlantedRow) -> Result<()> {
        let claim = json!({"name": row.name, "id_type": row.id_type, "id_number": row.id_number});
        let thief = self.api.login_member(&format!("199{:08}", self.seed % 100_000_000)).await?;
        let thief = text(&thief, "/access_token")?.to_owned();
        let taken = self.api.post("/v1/me/real-name", &claim).by(&thief).send().await?.expect(200)?;
        ensure!(text(&taken, "/outcome")? == "unconfirmed", "another phone learns nothing: {taken}");
        let outcome = self.api.post("/v1/me/real-name", &claim).by(member).send().await?.expect(200)?;
        ensure!(text(&outcome, "/outcome")? == "matched", "{outcome}");
        let me = self.api.get("/v1/me").by(member).send().await?.expect(200)?;
        ensure!(number(&me, "/real_name_level")? == 1, "level 1 with the token held: {me}");
        ensure!(
            row.union_id.as_deref() == me.pointer("/membership/union_id").and_then(Value::as_str),
            "{me}"
        );
        figure("another phone with the same name and number", "unconfirmed");
        figure(
            "the rightful phone",
            format!("matched, {} {}", text(&me, "/name")?, text(&me, "/id_number")?),
        );
        Ok(())
    }

    async fn qr(&self, member: &str, card: &Value) -> Result<String> {
        let path = format!("/v1/me/cards/{}/qr", text(card, "/id")?);
        let qr = self.api.get(&path).by(member).send().await?.expect(200)?;
        Ok(text(&qr, "/codes/0/code")?.to_owned())
    }

    async fn verify(&self, member: &str, card: &Value, cashier: &str) -> Result<(String, Value)> {
        let code = self.qr(member, card).await?;
        let body = json!({"code": code});
        let seen =
            self.api.post("/v1/merchant/verifications", &body).by(cashier).send().await?.expect(200)?;
        ensure!(seen.get("valid") == Some(&json!(true)), "{seen}");
        let offers = seen.get("offers").and_then(Value::as_array).map_or(0, Vec::len);
        ensure!(offers >= 2, "a standing and a quota offer are running: {seen}");
        figure("holder", text(&seen, "/holder_display")?);
        figure("offers", offers);
        let body = json!({"code": "not-a-code"});
        let bad = self.api.post("/v1/merchant/verifications", &body).by(cashier).send().await?.expect(200)?;
        ensure!(text(&bad, "/reason")? == "code_invalid", "{bad}");
        Ok((code, seen))
    }

    async fn redeem(&self, cashier: &str, code: &str, seen: &Value) -> Result<()> {
        let quota = seen.get("offers").and_then(Value::as_array).into_iter().flatten();
        let quota =
            quota.into_iter().find(|o| o.get("kind") == Some(&json!("quota"))).context("a quota offer")?;
        let body = json!({
            "verification_token": text(seen, "/verification_token")?,
            "offer_id": text(quota, "/offer_id")?,
            "amount_fen": 8000,
        });
        let path = "/v1/merchant/redemptions";
        let key = format!("sale-{}", self.seed);
        let first = self.api.post(path, &body).by(cashier).key(&key).send().await?;
        let again = self.api.post(path, &body).by(cashier).key(&key).send().await?;
        ensure!(first.bytes == again.bytes && first.status == again.status, "a retry is answered the same");
        let sale = first.expect(201)?;
        ensure!(number(&sale, "/benefit_fen")? == 500 && number(&sale, "/payable_fen")? == 7500, "{sale}");
        figure("receipt", text(&sale, "/receipt_no")?);
        figure("original, benefit, payable", "80.00, 5.00, 75.00");
        // The same code, scanned again: a screenshot.
        let body = json!({"code": code});
        let screenshot =
            self.api.post("/v1/merchant/verifications", &body).by(cashier).send().await?.expect(200)?;
        ensure!(screenshot.get("valid") == Some(&json!(false)), "a used code: {screenshot}");
        figure("the same code again", text(&screenshot, "/reason")?);
        Ok(())
    }

    #[allow(clippy::too_many_arguments)] // the cast of the step
    async fn coupons(
        &self,
        officer: &str,
        leader: &str,
        member: &str,
        card: &Value,
        cashier: &str,
        manager: &str,
        merchant: &Merchant,
    ) -> Result<()> {
        let mut body = json!({
            "title": format!("示范券{}", self.seed % 100_000),
            "kind": "coupon",
            "branch_ids": [merchant.branch_id],
            "starts_at": now_text(-60),
            "ends_at": now_text(86_400),
        });
        let terms = json!({"benefit_kind": "amount", "benefit_fen": 1000, "min_spend_fen": 3000, "quota": 1,
                           "per_member_limit": 1, "coupon_valid_days": 7});
        merge(&mut body, terms);
        let campaign = launch(&self.api, officer, leader, &body).await?;
        let claim = json!({"campaign_id": campaign});
        let key = format!("claim-{}", self.seed);
        let coupon =
            self.api.post("/v1/me/coupons", &claim).by(member).key(&key).send().await?.expect(201)?;
        let coupon_id = text(&coupon, "/id")?.to_owned();
        let second =
            self.api.post("/v1/me/coupons", &claim).by(member).key(&format!("{key}-2")).send().await?;
        let refused = second.problem(409)?.to_owned();
        ensure!(refused == "ALREADY_HAVE" || refused == "SOLD_OUT", "{refused}");
        figure("claimed; a second claim", refused);
        // The step that was burned is over at the latest after 30 seconds; a fresh code is then shown.
        let seen = self.next_code(member, card, cashier).await?;
        let mine = seen.get("offers").and_then(Value::as_array).into_iter().flatten();
        let mine = mine.into_iter().any(|o| o.get("coupon_id") == Some(&json!(coupon_id)));
        ensure!(mine, "the coupon stands among the offers: {seen}");
        let body = json!({
            "verification_token": text(&seen, "/verification_token")?,
            "coupon_id": coupon_id,
            "amount_fen": 5000,
        });
        let path = "/v1/merchant/redemptions";
        let sale =
            self.api.post(path, &body).by(cashier).key(&format!("coupon-{}", self.seed)).send().await?;
        let sale = sale.expect(201)?;
        ensure!(number(&sale, "/payable_fen")? == 4000, "{sale}");
        figure("used, payable", "40.00");
        let void = format!("{path}/{}/void", text(&sale, "/id")?);
        let key = format!("void-{}", self.seed);
        self.api.post(&void, &json!({})).by(manager).key(&key).send().await?.expect(200)?;
        let coupons = self.api.get("/v1/me/coupons?state=CLAIMED").by(member).send().await?.expect(200)?;
        let back = items(&coupons)?.iter().any(|c| c.get("id") == Some(&json!(coupon_id)));
        ensure!(back, "a void gives the coupon back: {coupons}");
        figure("voided by the manager", "the coupon is back");
        Ok(())
    }

    async fn next_code(&self, member: &str, card: &Value, cashier: &str) -> Result<Value> {
        let begun = Instant::now();
        loop {
            let body = json!({"code": self.qr(member, card).await?});
            let seen =
                self.api.post("/v1/merchant/verifications", &body).by(cashier).send().await?.expect(200)?;
            if seen.get("valid") == Some(&json!(true)) {
                return Ok(seen);
            }
            ensure!(begun.elapsed() < Duration::from_secs(45), "no fresh code: {seen}");
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    async fn afterwards(&self, member: &str, officer: &str, sibling: &str) -> Result<()> {
        let history = self.api.get("/v1/me/redemptions").by(member).send().await?.expect(200)?;
        figure("redemptions in the member's history", items(&history)?.len());
        ensure!(items(&history)?.len() == 2, "{history}");
        let county = self.data.cadre("officer", "county", COUNTY)?;
        #[allow(clippy::disallowed_methods)]
        let month = unionhall_kernel::shanghai_date(Utc::now()).format("%Y-%m");
        let path = format!("/v1/admin/stats/benefits?union_id={}&period={month}", county.union_id);
        let stats = self.api.get(&path).by(officer).send().await?.expect(200)?;
        figure("benefit statistics of the county", &stats);
        let auditor = self.api.login_cadre(&self.data.auditor).await?;
        let rows = self.api.get("/v1/admin/audit-events?action=import.commit").by(&auditor).send().await?;
        ensure!(!items(&rows.expect(200)?)?.is_empty(), "the commit left an audit row");
        let todos = self.api.get("/v1/admin/todos").by(sibling).send().await?.expect(200)?;
        figure("work list of the sibling county", items(&todos)?.len());
        Ok(())
    }
}

#[allow(clippy::disallowed_methods)] // a client lives by the machine's clock
fn now_text(seconds: i64) -> String {
    (Utc::now() + chrono::Duration::seconds(seconds)).to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

// Somebody accepted, with a plain name, a citizen's number and a mobile, to go on with.
fn pick(planted: &Planted) -> Result<&PlantedRow> {
    planted
        .accepted()
        .find(|row| row.mobile.is_some() && row.quirks.is_empty() && row.flags.is_empty())
        .context("an accepted row")
}
