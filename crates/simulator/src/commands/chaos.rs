//! Faults with a verdict. `till`: the server is killed (-9) ten times at random while redemptions are in flight. `network`:
//! ten thousand sales over a line of 300 ms to and fro that loses one answer or request in fifty. Every acknowledged sale
//! must be there, every key must have had one effect, and the counters must equal the rows.

mod kills;
mod line;
mod network;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args as ClapArgs;
use diesel_async::RunQueryDsl;
use serde_json::{Value, json};
use unionhall_cards::Cards;
use unionhall_cards::code::step_at;
use unionhall_simulator::api::{Api, Reply, number, text};
use unionhall_simulator::demo_data::DemoData;
use unionhall_storage::Core;
use uuid::Uuid;

use super::failed;
use super::seed_demo::{core, launch, merge};

const COUNTY: &str = "410102";
/// How long a sale is asked again before it counts as never answered.
const PATIENCE: Duration = Duration::from_secs(60);

/// Breaks things and says whether anything was lost or happened twice.
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// What to break: `till`, `network`.
    name: String,
    /// The folder of `demo.json`.
    #[arg(long)]
    data: PathBuf,
    /// Where chance comes from; the present second without.
    #[arg(long)]
    seed: Option<u64>,
}

/// Runs it; an error is the verdict.
pub fn run(args: Args) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let handle = runtime.handle().clone();
    runtime.block_on(async move {
        let data = DemoData::read(&args.data)?;
        let (core, cards) = core(handle).await?;
        #[allow(clippy::disallowed_methods)] // another run, another chance
        let seed = args.seed.unwrap_or_else(|| u64::try_from(chrono::Utc::now().timestamp()).unwrap_or(1));
        println!("seed {seed}");
        let till = Till { core, cards, data, seed };
        match args.name.as_str() {
            "till" => kills::run(till).await,
            "network" => network::run(till).await,
            other => bail!("there is no chaos named {other}: till, network"),
        }
    })
}

struct Till {
    core: Core,
    cards: Cards,
    data: DemoData,
    seed: u64,
}

/// A sale to be made: its key, its body, and what it was answered.
#[derive(Clone)]
struct Sale {
    key: String,
    body: Value,
    answer: Option<(u16, Vec<u8>)>,
    tries: u32,
}

#[derive(diesel::QueryableByName)]
struct Found {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    n: i64,
}

#[allow(clippy::disallowed_methods)] // `./dev` names the binary
fn binary() -> Result<String> {
    std::env::var("UNIONHALL_BIN")
        .context("UNIONHALL_BIN names the server's binary (run it with ./dev chaos NAME)")
}

impl Till {
    /// A campaign of 1 yuan off that this many members can have, and the cashier's token.
    async fn open(&self, api: &Api, quota: usize) -> Result<(String, String)> {
        let merchant = self.data.merchants.iter().find(|m| m.division == COUNTY).context("a merchant")?;
        let officer = api.login_cadre(self.data.cadre("officer", "county", COUNTY)?).await?;
        let leader = api.login_cadre(self.data.cadre("leader", "county", COUNTY)?).await?;
        let cashier = api.login_merchant(&merchant.staff).await?;
        let now = self.core.now();
        let mut terms = json!({
            "title": format!("抢购{}", self.seed % 100_000),
            "kind": "quota",
            "branch_ids": [merchant.branch_id],
            "starts_at": now,
            "ends_at": now + chrono::Duration::days(1),
        });
        let limits = json!({"benefit_kind": "amount", "benefit_fen": 100, "quota": quota, "per_member_limit": 1,
                            "budget_fen": quota * 100});
        merge(&mut terms, limits);
        Ok((launch(api, &officer, &leader, &terms).await?, cashier))
    }

    /// Step one of a member's sale: the card is verified. Asked until it is answered, for it changes nothing.
    async fn prepare(
        &self,
        api: &Api,
        cashier: &str,
        person: Uuid,
        campaign: &str,
        n: usize,
    ) -> Result<Sale> {
        let begun = Instant::now();
        let seen = loop {
            let code = self.cards.codes.seal(person, 1, step_at(self.core.now())).map_err(failed)?;
            let body = json!({"code": code});
            match api.post("/v1/merchant/verifications", &body).by(cashier).send().await {
                Ok(reply) if reply.status != 503 => break reply.expect(200)?,
                answer => ensure!(begun.elapsed() < PATIENCE, "a card is never verified: {answer:?}"),
            }
        };
        ensure!(seen.get("valid") == Some(&json!(true)), "{seen}");
        let body = json!({
            "verification_token": text(&seen, "/verification_token")?,
            "offer_id": campaign,
            "amount_fen": 1000,
        });
        Ok(Sale { key: format!("chaos-{}-{n}", self.seed), body, answer: None, tries: 0 })
    }

    async fn count(&self, query: &str) -> Result<usize> {
        let mut conn = self.core.db.read().await.map_err(failed)?;
        let found: Found =
            diesel::sql_query(format!("SELECT ({query})::bigint AS n")).get_result(&mut conn).await?;
        Ok(usize::try_from(found.n)?)
    }

    /// Holds what was answered against what is there.
    async fn judge(
        &self,
        api: &Api,
        cashier: &str,
        campaign: &str,
        sales: Vec<Sale>,
        quota: usize,
    ) -> Result<()> {
        let mut answers: BTreeMap<u16, usize> = BTreeMap::new();
        for sale in &sales {
            let (status, first) = sale.answer.clone().context("every sale was answered")?;
            *answers.entry(status).or_default() += 1;
            let path = "/v1/merchant/redemptions";
            let again = api.post(path, &sale.body).by(cashier).key(&sale.key).send().await?;
            if status == 201 {
                ensure!(again.status == 201 && again.bytes == first, "{} is answered differently", sale.key);
                let id: Value = serde_json::from_slice(&first)?;
                let id = text(&id, "/id")?;
                let rows = self.count(&format!("SELECT count(*) FROM redemption WHERE id = '{id}'")).await?;
                ensure!(rows == 1, "{} was acknowledged and is not there", sale.key);
            } else {
                ensure!(again.status != 201, "{} was refused and then done", sale.key);
            }
        }
        println!("answers: {answers:?}");
        let acknowledged = answers.get(&201).copied().unwrap_or(0);
        let of = format!("FROM redemption WHERE campaign_id = '{campaign}'");
        let rows = self.count(&format!("SELECT count(*) {of} AND state = 'DONE'")).await?;
        let persons = self.count(&format!("SELECT count(DISTINCT person_id) {of}")).await?;
        let counter = format!("FROM campaign_counter WHERE campaign_id = '{campaign}'");
        let used = self.count(&format!("SELECT quota_used {counter}")).await?;
        let budget = self.count(&format!("SELECT budget_used_fen {counter}")).await?;
        println!(
            "acknowledged {acknowledged}, rows {rows}, members {persons}, quota {used}, budget {budget}"
        );
        ensure!(acknowledged == rows, "acknowledged {acknowledged}, rows {rows}");
        ensure!(rows == persons, "somebody has two");
        ensure!(rows == used && rows * 100 == budget, "the counters differ from the rows");
        ensure!(rows <= quota, "oversold");
        let (sold, refused) = (sales.len().min(quota), sales.len().saturating_sub(quota));
        let sold_out = answers.get(&409).copied().unwrap_or(0);
        ensure!(rows == sold && sold_out == refused, "{rows} sold, {sold_out} found it sold out");
        let news = self.count("SELECT count(*) FROM outbox WHERE topic = 'redemption.done'").await?;
        ensure!(news >= rows, "news is missing");
        println!("nothing was lost and nothing happened twice");
        Ok(())
    }
}

fn is_final(reply: &Reply) -> bool {
    matches!(reply.status, 201 | 409 | 422) && reply.body.get("code") != Some(&json!("IN_PROGRESS"))
}

/// Step two: asked until it is answered, with the same key. A connection that breaks off says nothing about the effect.
async fn sell(api: Api, cashier: String, mut sale: Sale) -> Result<Sale> {
    let begun = Instant::now();
    while sale.answer.is_none() {
        sale.tries += 1;
        let request = api.post("/v1/merchant/redemptions", &sale.body).by(&cashier).key(&sale.key);
        match request.send().await {
            Ok(reply) if is_final(&reply) => {
                if reply.status == 201 {
                    number(&reply.body, "/benefit_fen")?;
                }
                sale.answer = Some((reply.status, reply.bytes));
            }
            Ok(_) | Err(_) => {
                ensure!(begun.elapsed() < PATIENCE, "{} is never answered", sale.key);
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
    Ok(sale)
}
