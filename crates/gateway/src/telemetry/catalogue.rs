//! Every metric there is. What is exported and is not here, or the other way round, fails a test.

use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge};

/// What kind of metric it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Seconds, in buckets.
    Histogram,
}

/// Which series a metric has before anything happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Series {
    /// One, without labels.
    One,
    /// One for each value of a label.
    Each(&'static str, &'static [&'static str]),
    /// They come with what they count.
    Later,
}

/// One metric.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    /// Its kind.
    pub kind: Kind,
    /// Its name.
    pub name: &'static str,
    /// Its series.
    pub series: Series,
    /// What it says.
    pub help: &'static str,
}

const fn counted(name: &'static str, series: Series, help: &'static str) -> Metric {
    Metric { kind: Kind::Counter, name, series, help }
}

const fn gauged(name: &'static str, help: &'static str) -> Metric {
    Metric { kind: Kind::Gauge, name, series: Series::Later, help }
}

use Series::{Each, Later, One};

/// Every metric.
pub const METRICS: &[Metric] = &[
    counted("unionhall_http_requests_total", Later, "Requests by operation and status."),
    Metric {
        kind: Kind::Histogram,
        name: "unionhall_http_request_duration_seconds",
        series: Later,
        help: "How long requests took, by operation.",
    },
    counted(
        "unionhall_rate_limited_total",
        Each("limit", &["address", "account", "operation"]),
        "Requests refused by a rate limit.",
    ),
    counted(
        "unionhall_login_failures_total",
        Each("reason", &["credentials", "second_factor", "delayed"]),
        "Logins with a password that were refused.",
    ),
    counted(
        "unionhall_code_failures_total",
        Each("purpose", &["login", "second_factor", "confirm", "apply", "new_mobile"]),
        "One-time codes that were wrong, burned, used or expired.",
    ),
    counted("unionhall_redemptions_total", One, "Redemptions."),
    counted(
        "unionhall_redemptions_refused_total",
        Each(
            "code",
            &[
                "CARD_QR_USED",
                "CARD_NOT_VALID",
                "NOT_OPEN",
                "NOT_ELIGIBLE",
                "COUPON_USED",
                "SOLD_OUT",
                "ALREADY_HAVE",
            ],
        ),
        "Redemptions that were refused, by code.",
    ),
    counted("unionhall_redemption_retries_total", One, "Redemptions judged again after a race."),
    counted("unionhall_idempotent_repeats_total", One, "Requests whose Idempotency-Key was there already."),
    counted("unionhall_transaction_retries_total", One, "Transactions tried again after a race."),
    counted("unionhall_point_reads_repeated_total", One, "Point reads asked again through the read pool."),
    counted(
        "unionhall_db_checkout_failures_total",
        Each("pool", &["writer", "read"]),
        "Connections that could not be had in time.",
    ),
    counted("unionhall_task_failures_total", Later, "Runs of background tasks that failed, by kind."),
    counted("unionhall_sms_failures_total", One, "SMS that could not be handed over."),
    counted(
        "unionhall_inbox_messages_total",
        Each("kind", &["security", "service", "benefits"]),
        "Messages written into inboxes, by kind.",
    ),
    counted(
        "unionhall_pushes_total",
        Each("outcome", &["sent", "failed", "gone", "dropped", "dead"]),
        "Pushes: handed over, tries that failed, tokens that are nobody's, no longer wanted, given up.",
    ),
    counted("unionhall_scan_failures_total", One, "Uploads that clamd could not judge."),
    counted(
        "unionhall_redis_fallbacks_total",
        One,
        "Rate limits judged locally because Redis did not answer.",
    ),
    counted(
        "unionhall_verification_log_dropped_total",
        One,
        "Verifications at the till that were not logged.",
    ),
    gauged("unionhall_ready", "1 where a check of readiness passes, 0 where it fails."),
    gauged(
        "unionhall_account_state_age_seconds",
        "How old the account state is that requests are judged by.",
    ),
    gauged("unionhall_db_pool_size", "How many connections a pool may have."),
    gauged("unionhall_db_pool_open", "How many connections of a pool are open."),
    gauged("unionhall_db_pool_in_use", "How many connections of a pool are worked with."),
    gauged("unionhall_db_pool_waiting", "How many requests wait for a connection of a pool."),
    gauged("unionhall_tasks", "Background tasks by state: due, running, retrying, failed."),
    gauged("unionhall_task_oldest_due_seconds", "How long the oldest due task has waited."),
    gauged("unionhall_outbox_events", "Events that are not dispatched."),
    gauged("unionhall_outbox_oldest_seconds", "How long the oldest of them has waited."),
    gauged("unionhall_idempotency_keys", "Stored answers of Idempotency-Keys, as PostgreSQL estimates them."),
    gauged("unionhall_build_info", "1, with the version."),
    gauged("process_resident_memory_bytes", "Memory in use."),
    gauged("process_open_fds", "File descriptors in use."),
    gauged("process_max_fds", "How many file descriptors there may be."),
    gauged("process_threads", "Threads."),
    gauged("process_start_time_seconds", "When the process began, in seconds since 1970."),
    counted("process_cpu_seconds_total", One, "Processor time spent, in whole seconds."),
];

/// Describes every metric, and begins what is counted at zero: a rate does not see a counter that appears with its first
/// event.
pub(super) fn announce() {
    for metric in METRICS {
        let Metric { kind, name, series, help } = *metric;
        match kind {
            Kind::Counter => describe_counter!(name, help),
            Kind::Gauge => describe_gauge!(name, help),
            Kind::Histogram => describe_histogram!(name, Unit::Seconds, help),
        }
        match series {
            One => counter!(name).increment(0),
            Each(label, values) => {
                for value in values {
                    counter!(name, label => *value).increment(0);
                }
            }
            Later => {}
        }
    }
    gauge!("unionhall_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
}
