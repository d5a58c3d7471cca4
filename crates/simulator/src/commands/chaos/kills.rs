//! The server is killed while it sells.

use std::time::Duration;

use anyhow::{Result, ensure};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use unionhall_simulator::api::Api;
use unionhall_simulator::people::People;
use unionhall_simulator::server::Server;

use super::super::holders;
use super::{COUNTY, Sale, Till, binary, sell};

const KILLS: usize = 10;
/// Redemptions in flight around each kill.
const A_ROUND: usize = 120;
/// Fewer than the members, so that the last ones find it sold out.
const QUOTA: usize = 1_100;

pub(super) async fn run(till: Till) -> Result<()> {
    let mut server = Server::start(binary()?).await?;
    let api = Api::new(&server.url(), &till.data.sms_outbox);
    let (campaign, cashier) = till.open(&api, QUOTA).await?;
    let mut people = People::new(till.seed);
    let mut chance = StdRng::seed_from_u64(till.seed);
    let mut sales: Vec<Sale> = Vec::new();
    let mut slowest = Duration::ZERO;
    for round in 1..=KILLS {
        let mut prepared = Vec::new();
        for holder in holders::make(&till.core, &mut people, COUNTY, A_ROUND).await? {
            let n = sales.len() + prepared.len();
            prepared.push(till.prepare(&api, &cashier, holder, &campaign, n).await?);
        }
        let flights: Vec<_> =
            prepared.into_iter().map(|sale| tokio::spawn(sell(api.clone(), cashier.clone(), sale))).collect();
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
    till.judge(&api, &cashier, &campaign, sales, QUOTA).await
}
