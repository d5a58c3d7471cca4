//! Ten thousand sales over a bad line: two calls each, from the scan to the receipt.

use std::time::Instant;

use anyhow::{Result, ensure};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use unionhall_simulator::api::Api;
use unionhall_simulator::people::People;
use unionhall_simulator::server::Server;

use super::super::holders;
use super::line::Line;
use super::{COUNTY, Sale, Till, binary, sell};

const SALES: usize = 10_000;
/// Cashiers at work at once.
const TILLS: usize = 128;
/// Sales whose members are made in one transaction.
const A_BATCH: usize = 500;

pub(super) async fn run(till: Till) -> Result<()> {
    let server = Server::start(binary()?).await?;
    let near = Api::new(&server.url(), &till.data.sms_outbox);
    let (campaign, cashier) = till.open(&near, SALES).await?;
    let mut people = People::new(till.seed);
    let mut holders = Vec::new();
    while holders.len() < SALES {
        holders.extend(holders::make(&till.core, &mut people, COUNTY, A_BATCH).await?);
    }
    let line = Line::to(&server.url(), till.seed).await?;
    let far = Api::new(&line.url(), &till.data.sms_outbox);
    let begun = Instant::now();
    let sales: Vec<Sale> = stream::iter(holders.into_iter().enumerate())
        .map(|(n, holder)| {
            let (till, far, cashier, campaign) = (&till, far.clone(), cashier.clone(), &campaign);
            async move {
                let sale = till.prepare(&far, &cashier, holder, campaign, n).await?;
                sell(far, cashier, sale).await
            }
        })
        .buffer_unordered(TILLS)
        .try_collect()
        .await?;
    println!("{} sales at {TILLS} tills in {} s", sales.len(), begun.elapsed().as_secs());
    let (requests, answers) = line.lost();
    println!("lost on the line: {requests} requests, {answers} answers");
    let retried = sales.iter().filter(|sale| sale.tries > 1).count();
    println!("redemptions asked again with their key: {retried}");
    ensure!(requests > 0 && answers > 0 && retried > 0, "nothing was lost: nothing was tried");
    till.judge(&near, &cashier, &campaign, sales, SALES).await
}
