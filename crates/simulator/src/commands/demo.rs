//! The main job over HTTP, step by step, with its figures: a generated roster of 5,000 rows over three unions, a member
//! from the login to the receipt, a cashier's day, a chair on the phone, a counter that helps, a lawyer at night and a job. Whatever differs from
//! what was planted ends the demo with an error.

mod cashiers;
mod chair;
mod counsel;
mod counter;
mod hiring;
mod roster;
mod till;

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use chrono::Utc;
use clap::Args as ClapArgs;
use serde_json::{Value, json};
use unionhall_simulator::api::{Api, items, number, text};
use unionhall_simulator::demo_data::{Cadre, DemoData};
use unionhall_simulator::people::People;
use unionhall_simulator::roster::PlantedRow;

const COUNTY: &str = "410102";
const SIBLING: &str = "410103";

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
        let mut rows = planted.accepted().filter(|row| is_plain(row) && row.mobile.is_some());
        let (row, other) = (rows.next().context("an accepted row")?, rows.next().context("another")?);
        let night = rows.next().context("a third")?;
        let member = self.login(row).await?;

        step(4, "they prove who they are (实名认证)");
        self.real_name(&member, row).await?;

        step(5, "the card is there by that very act (会员卡)");
        let card = &self.card(&member).await?;
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

        step(9, "a cashier's day (收银员的一天)");
        let shopper = self.login(other).await?;
        self.claim(&shopper, other).await?;
        self.cashiers_day(merchant, &shopper).await?;

        step(10, "a chair approves on the phone (工会主席手机审批)");
        self.chair().await?;

        step(11, "the counter helps a member without a phone (柜台代办)");
        let phoneless = planted.accepted().find(|row| row.mobile.is_none());
        self.counter(&officer, phoneless.context("a row without a mobile")?).await?;

        step(12, "a question at two in the morning, then legal aid (深夜咨询与法律援助)");
        self.counsel(&leader, night).await?;

        step(13, "a posting for men only, corrected, and a member hired (招聘与求职)");
        self.hiring(&officer, &shopper).await?;

        step(14, "afterwards: history, members, statistics, audit (记录与统计)");
        self.afterwards(&member, &officer, &sibling).await?;
        println!("the demo holds, in {:.1} s", begun.elapsed().as_secs_f64());
        Ok(())
    }

    async fn cadres(&self, officer: &Cadre) -> Result<(String, String)> {
        let leader = self.data.cadre("leader", "county", COUNTY)?;
        Ok((self.api.login_cadre(officer).await?, self.api.login_cadre(leader).await?))
    }

    async fn login(&self, row: &PlantedRow) -> Result<String> {
        let mobile = row.mobile.as_deref().and_then(|m| m.strip_prefix("+86")).context("a mobile")?;
        let login = self.api.login_member(mobile).await?;
        ensure!(number(&login, "/real_name_level")? == 0, "a new account begins at level 0");
        figure("account", text(&login, "/account/id")?);
        Ok(text(&login, "/access_token")?.to_owned())
    }

    async fn claim(&self, member: &str, row: &PlantedRow) -> Result<()> {
        let claim = json!({"name": row.name, "id_type": row.id_type, "id_number": row.id_number});
        let outcome = self.api.post("/v1/me/real-name", &claim).by(member).send().await?.expect(200)?;
        ensure!(text(&outcome, "/outcome")? == "matched", "{outcome}");
        Ok(())
    }

    async fn card(&self, member: &str) -> Result<Value> {
        let cards = self.api.get("/v1/me/cards").by(member).send().await?.expect(200)?;
        let card = items(&cards)?.first().context("a card")?;
        ensure!(text(card, "/state")? == "ACTIVE", "the card is active: {card}");
        Ok(card.clone())
    }

    /// People of this run whom nobody knows yet.
    fn strangers(&self, n: u64) -> People {
        People::new(self.seed.wrapping_mul(31).wrapping_add(n))
    }

    async fn real_name(&self, member: &str, row: &PlantedRow) -> Result<()> {
        let claim = json!({"name": row.name, "id_type": row.id_type, "id_number": row.id_number});
        let thief = self.api.login_member(&format!("199{:08}", self.seed % 100_000_000)).await?;
        let thief = text(&thief, "/access_token")?.to_owned();
        let taken = self.api.post("/v1/me/real-name", &claim).by(&thief).send().await?.expect(200)?;
        ensure!(text(&taken, "/outcome")? == "unconfirmed", "another phone learns nothing: {taken}");
        self.claim(member, row).await?;
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

// With a plain name and a citizen's number, to go on with.
fn is_plain(row: &PlantedRow) -> bool {
    row.quirks.is_empty() && row.flags.is_empty()
}
