//! Rate limits, alone and shared through Redis.

// A test fails loudly; clippy's allowance covers test functions only, not their helpers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use std::net::IpAddr;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use unionhall_kernel::Code;
use unionhall_web::rate::{Limits, Rates};

const RATES: Rates = Rates { address: 1_000, account: 1_000, shaped: 2 };

async fn admitted(limits: &[Limits], ip: IpAddr, tries: usize) -> usize {
    let mut passed = 0;
    for n in 0..tries {
        match limits[n % limits.len()].operation("login_otp", ip).await {
            Ok(()) => passed += 1,
            Err(problem) => {
                assert_eq!(problem.code, Code::RateLimited);
                assert!(problem.retry_after.is_some());
            }
        }
    }
    passed
}

#[tokio::test]
async fn a_shaped_operation_passes_its_burst_and_the_others_pass() {
    let limits = [Limits::new(RATES, None)];
    let ip = IpAddr::from([192, 0, 2, 1]);
    assert_eq!(admitted(&limits, ip, 20).await, 4, "twice the rate at once");
    assert_eq!(admitted(&limits, IpAddr::from([192, 0, 2, 2]), 4).await, 4, "each address has its own");
    for _ in 0..20 {
        limits[0].operation("get_me", ip).await.unwrap();
    }
}

#[test]
fn an_allowance_counts_down_and_says_when_it_is_whole_again() {
    let limits = Limits::new(RATES, None);
    let ip = IpAddr::from([192, 0, 2, 9]);
    let first = limits.address(ip).unwrap();
    assert_eq!(first.policy(), "\"address\";q=2000;w=2");
    assert_eq!(first.remaining(), "\"address\";r=1999;t=1");
    let account = limits.account(uuid::Uuid::nil()).unwrap();
    assert_eq!(account.policy(), "\"account\";q=2000;w=2");
}

#[allow(clippy::disallowed_methods)] // the test bench's one setting
async fn redis() -> Option<ConnectionManager> {
    let url = std::env::var("TEST_REDIS_URL").ok()?;
    let config = ConnectionManagerConfig::new();
    Some(ConnectionManager::new_with_config(redis::Client::open(url).unwrap(), config).await.unwrap())
}

// Where the test bench has no Redis there is nothing to share, and the local limiter is what is tried above.
#[tokio::test]
async fn copies_share_a_limit_through_redis() {
    let (Some(a), Some(b)) = (redis().await, redis().await) else { return };
    let copies = [Limits::new(RATES, Some(a)), Limits::new(RATES, Some(b))];
    let ip = IpAddr::from([198, 51, 100, u8::try_from(std::process::id() % 250).unwrap()]);
    let passed = admitted(&copies, ip, 20).await;
    assert!((4..=6).contains(&passed), "{passed} of 20 passed two copies");
}
