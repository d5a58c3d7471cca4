//! Faults with a verdict. `till`: the server is killed (-9) ten times at random while redemptions are in flight; every
//! acknowledged one must be there, every key must have had one effect, and the counters must equal the rows.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use clap::Args as ClapArgs;
use diesel_async::RunQueryDsl;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use serde_json::{Value, json};
use unionhall_cards::Cards;
use unionhall_cards::code::step_at;
use unionhall_simulator::api::{Api, number, text};
use unionhall_simulator::demo_data::DemoData;
use unionhall_simulator::people::People;
use unionhall_simulator::server::Server;
use unionhall_storage::Core;
use uuid::Uuid;

use super::seed_demo::{core, launch, merge};
use super::{failed, holders};

const COUNTY: &str = "410102";
const KILLS: usize = 10;
/// Redemptions in flight around each kill.
const A_ROUND: usize = 120;
/// Fewer than the members, so that the last ones find it sold out.
const QUOTA: usize = 1_100;

/// Breaks things and says whether anything was lost or happened twice.
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// What to break: `till`.
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
    ensure!(args.name == "till", "there is no chaos named {}: till", args.name);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let handle = runtime.handle().clone();
    runtime.block_on(async move {
        let data = DemoData::read(&args.data)?;
        let (core, cards) = core(handle).await?;
        #[allow(clippy::disallowed_methods)] // another run, another chance
        let seed = args.seed.unwrap_or_else(|| u64::try_from(chrono::Utc::now().timestamp()).unwrap_or(1));
        println!("seed {seed}");
        Till { core, cards, data, seed }.run().await
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
        .context("UNIONHALL_BIN names the server's binary (run it with ./dev chaos till)")
}

impl Till {
    async fn run(self) -> Result<()> {
        let mut server = Server::start(binary()?).await?;
        let api = Api::new(&server.url(), &self.data.sms_outbox);
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
        let limits = json!({"benefit_kind": "amount", "benefit_fen": 100, "quota": QUOTA, "per_member_limit": 1,
                            "budget_fen": QUOTA * 100});
        merge(&mut terms, limits);
        let campaign = launch(&api, &officer, &leader, &terms).await?;
        let mut people = People::new(self.seed);
        let mut chance = StdRng::seed_from_u64(self.seed);
        let mut sales: Vec<Sale> = Vec::new();
        let mut slowest = Duration::ZERO;
        for round in 1..=KILLS {
            let mut prepared = Vec::new();
            for holder in holders::make(&self.core, &mut people, COUNTY, A_ROUND).await? {
                prepared.push(
                    self.prepare(&api, &cashier, holder, &campaign, sales.len() + prepared.len()).await?,
                );
            }
            let api = Arc::new(api.clone());
            let flights: Vec<_> = prepared
                .into_iter()
                .map(|sale| tokio::spawn(sell(api.clone(), cashier.clone(), sale)))
                .collect();
            tokio::time::sleep(Duration::from_millis(chance.random_range(0..60))).await;
            server.kill()?;
            slowest = slowest.max(server.restart().await?);
            for flight in flights {
                sales.push(flight.await??);
            }
            let acknowledged = sales.iter().filter(|s| s.answer.as_ref().is_some_and(|a| a.0 == 201)).count();
            println!("kill {round}: {} sales, {acknowledged} acknowledged", sales.len());
        }
        println!("slowest start after a kill: {} ms", slowest.as_millis());
        let retried = sales.iter().filter(|s| s.tries > 1).count();
        ensure!(retried > 0, "no request was cut off: nothing was tried");
        println!("requests that were cut off and asked again: {retried}");
        self.judge(&api, &cashier, &campaign, sales).await
    }

    async fn prepare(
        &self,
        api: &Api,
        cashier: &str,
        person: Uuid,
        campaign: &str,
        n: usize,
    ) -> Result<Sale> {
        let code = self.cards.codes.seal(person, 1, step_at(self.core.now())).map_err(failed)?;
        let body = json!({"code": code});
        let seen = api.post("/v1/merchant/verifications", &body).by(cashier).send().await?.expect(200)?;
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

    async fn judge(&self, api: &Api, cashier: &str, campaign: &str, sales: Vec<Sale>) -> Result<()> {
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
        let rows = self
            .count(&format!(
                "SELECT count(*) FROM redemption WHERE campaign_id = '{campaign}' AND state = 'DONE'"
            ))
            .await?;
        let persons = self
            .count(&format!(
                "SELECT count(DISTINCT person_id) FROM redemption WHERE campaign_id = '{campaign}'"
            ))
            .await?;
        let counter = format!("FROM campaign_counter WHERE campaign_id = '{campaign}'");
        let used = self.count(&format!("SELECT quota_used {counter}")).await?;
        let budget = self.count(&format!("SELECT budget_used_fen {counter}")).await?;
        println!(
            "acknowledged {acknowledged}, rows {rows}, members {persons}, quota {used}, budget {budget}"
        );
        ensure!(acknowledged == rows, "acknowledged {acknowledged}, rows {rows}");
        ensure!(rows == persons, "somebody has two");
        ensure!(rows == used && rows * 100 == budget, "the counters differ from the rows");
        ensure!(rows <= QUOTA, "oversold");
        let sold_out = answers.get(&409).copied().unwrap_or(0);
        ensure!(rows == QUOTA && sold_out == sales.len() - QUOTA, "{sold_out} found it sold out");
        let news = self.count("SELECT count(*) FROM outbox WHERE topic = 'redemption.done'").await?;
        ensure!(news >= rows, "news is missing");
        println!("nothing was lost and nothing happened twice");
        Ok(())
    }
}

// Asks until it is answered, with the same key: a connection that breaks off says nothing about the effect.
async fn sell(api: Arc<Api>, cashier: String, mut sale: Sale) -> Result<Sale> {
    let begun = Instant::now();
    while sale.answer.is_none() {
        sale.tries += 1;
        let request = api.post("/v1/merchant/redemptions", &sale.body).by(&cashier).key(&sale.key);
        match request.send().await {
            Ok(reply)
                if matches!(reply.status, 201 | 409 | 422)
                    && reply.body.get("code") != Some(&json!("IN_PROGRESS")) =>
            {
                if reply.status == 201 {
                    number(&reply.body, "/benefit_fen")?;
                }
                sale.answer = Some((reply.status, reply.bytes));
            }
            Ok(_) | Err(_) => {
                ensure!(begun.elapsed() < Duration::from_secs(60), "{} is never answered", sale.key);
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
    Ok(sale)
}
