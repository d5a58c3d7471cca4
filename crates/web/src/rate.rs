//! Rate limits. Every request is shaped locally by address and by account. The routes that cost money or
//! guess at secrets (logins, codes, claims, imports) are also shaped across all copies through Redis, by
//! GCRA; when Redis does not answer, the local limiter of the same rate stands in. What must hold without
//! Redis (code tries, login failures, daily caps) is counted in PostgreSQL, not here.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use redis::aio::ConnectionManager;
use unionhall_kernel::{Code, Problem};
use uuid::Uuid;

/// How many seconds' worth of requests may come at once.
const BURST: u32 = 2;

/// Requests a second, with a burst of twice that.
#[derive(Debug, Clone, Copy)]
pub struct Rates {
    /// By address, over all routes.
    pub address: u32,
    /// By account, over all routes.
    pub account: u32,
    /// By address, on each shaped operation.
    pub shaped: u32,
}

impl Default for Rates {
    fn default() -> Self {
        // Whole works sit behind one address; shaped routes are what attackers repeat.
        Self { address: 500, account: 50, shaped: 20 }
    }
}

/// What a limit leaves a caller, as the `RateLimit` headers say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    policy: &'static str,
    rate: u32,
    left: u32,
}

impl Allowance {
    /// `RateLimit-Policy`: the burst, and the seconds in which it grows back.
    pub fn policy(self) -> String {
        format!("\"{}\";q={};w={BURST}", self.policy, self.rate.saturating_mul(BURST))
    }

    /// `RateLimit`: the requests left, and the seconds until all are there again.
    pub fn remaining(self) -> String {
        let spent = self.rate.saturating_mul(BURST).saturating_sub(self.left);
        format!("\"{}\";r={};t={}", self.policy, self.left, spent.div_ceil(self.rate.max(1)))
    }
}

type Counted<K> = RateLimiter<K, DefaultKeyedStateStore<K>, DefaultClock, StateInformationMiddleware>;

/// The limiters of one process.
pub struct Limits {
    address: Counted<IpAddr>,
    account: Counted<Uuid>,
    rates: Rates,
    shaped: DefaultKeyedRateLimiter<(String, IpAddr)>,
    clock: DefaultClock,
    redis: Option<ConnectionManager>,
}

/// Operations shaped across copies.
const SHAPED: &[&str] = &[
    "request_otp",
    "login_password",
    "login_otp",
    "login_wechat",
    "begin_merchant_application",
    "issue_partner_token",
    "request_mobile_change",
    "refresh",
    "switch_role",
    "verify_real_name",
    "claim_coupon",
    "create_import",
    "upload_file",
];

// GCRA in one round trip: the key holds the theoretical arrival time in microseconds of the server's clock.
const GCRA: &str = r"
local now = redis.call('TIME'); now = now[1] * 1000000 + now[2]
local interval = tonumber(ARGV[1]); local burst = tonumber(ARGV[2])
local tat = tonumber(redis.call('GET', KEYS[1]) or now)
if tat < now then tat = now end
if tat - now > interval * (burst - 1) then return tat - now - interval * (burst - 1) end
redis.call('SET', KEYS[1], tat + interval, 'PX', math.ceil((tat + interval - now) / 1000) + 1000)
return 0";

const REDIS_PATIENCE: Duration = Duration::from_millis(50);

fn quota(per_second: u32) -> Quota {
    let rate = NonZeroU32::new(per_second).unwrap_or(NonZeroU32::MIN);
    Quota::per_second(rate).allow_burst(rate.saturating_mul(NonZeroU32::new(BURST).unwrap_or(rate)))
}

fn too_many(limit: &'static str, wait: Duration) -> Problem {
    metrics::counter!("unionhall_rate_limited_total", "limit" => limit).increment(1);
    let seconds = u32::try_from(wait.as_secs()).unwrap_or(60).saturating_add(1);
    Problem::new(Code::RateLimited).retry_after(seconds)
}

impl Limits {
    /// Limiters of these rates; `redis` shares the shaped ones between copies.
    pub fn new(rates: Rates, redis: Option<ConnectionManager>) -> Self {
        Self {
            address: RateLimiter::keyed(quota(rates.address)).with_middleware(),
            account: RateLimiter::keyed(quota(rates.account)).with_middleware(),
            shaped: RateLimiter::keyed(quota(rates.shaped)),
            rates,
            clock: DefaultClock::default(),
            redis,
        }
    }

    /// Counts a request of an address.
    ///
    /// # Errors
    /// `RATE_LIMITED`.
    pub fn address(&self, ip: IpAddr) -> Result<Allowance, Problem> {
        match self.address.check_key(&ip) {
            Ok(state) => Ok(Allowance {
                policy: "address",
                rate: self.rates.address,
                left: state.remaining_burst_capacity(),
            }),
            Err(until) => Err(too_many("address", until.wait_time_from(self.clock.now()))),
        }
    }

    /// Counts a request of an account.
    ///
    /// # Errors
    /// `RATE_LIMITED`.
    pub fn account(&self, account: Uuid) -> Result<Allowance, Problem> {
        match self.account.check_key(&account) {
            Ok(state) => Ok(Allowance {
                policy: "account",
                rate: self.rates.account,
                left: state.remaining_burst_capacity(),
            }),
            Err(until) => Err(too_many("account", until.wait_time_from(self.clock.now()))),
        }
    }

    /// Counts a request of an address to a shaped operation; others pass.
    ///
    /// # Errors
    /// `RATE_LIMITED`.
    pub async fn operation(&self, operation: &str, ip: IpAddr) -> Result<(), Problem> {
        if !SHAPED.contains(&operation) {
            return Ok(());
        }
        if let Some(wait) = self.shared(operation, ip).await {
            return if wait.is_zero() { Ok(()) } else { Err(too_many("operation", wait)) };
        }
        let key = (operation.to_owned(), ip);
        self.shaped.check_key(&key).map_err(|n| too_many("operation", n.wait_time_from(self.clock.now())))
    }

    // How long to wait by the shared limiter; `None` when Redis does not answer.
    async fn shared(&self, operation: &str, ip: IpAddr) -> Option<Duration> {
        let mut redis = self.redis.clone()?;
        let script = redis::Script::new(GCRA);
        let mut call = script.key(format!("uh:rate:{operation}:{ip}"));
        call.arg(1_000_000 / self.rates.shaped.max(1)).arg(self.rates.shaped.saturating_mul(BURST));
        let answer = tokio::time::timeout(REDIS_PATIENCE, call.invoke_async::<u64>(&mut redis)).await;
        match answer {
            Ok(Ok(micros)) => Some(Duration::from_micros(micros)),
            _ => {
                metrics::counter!("unionhall_redis_fallbacks_total").increment(1);
                None
            }
        }
    }

    /// Forgets keys that have long been quiet; called now and then.
    pub fn forget_quiet(&self) {
        self.address.retain_recent();
        self.account.retain_recent();
        self.shaped.retain_recent();
    }
}
