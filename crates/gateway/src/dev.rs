//! What only a developer gets: `/dev/outbox`, the SMS that were "sent", and `POST /dev/clock`, which sets the clock ahead.
//!
//! Whoever opens them reads every one-time code and ends every wait. So they are there in the development profile alone,
//! and only where it listens on a loopback address; no setting switches them on anywhere else. Not part of any document.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use actix_web::guard::{GuardContext, fn_guard};
use actix_web::http::header::{CONTENT_SECURITY_POLICY, HOST};
use actix_web::http::uri::Authority;
use actix_web::{HttpResponse, web};
use chrono::{DateTime, Datelike as _, Duration, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use unionhall_identity::Identity;
use unionhall_kernel::clock::AheadClock;
use unionhall_kernel::{Clock as _, Invalid, Problem};
use unionhall_web::poster::escaped;
use unionhall_web::{Answer, Body, wire};

use crate::config::{Config, Profile};

/// Messages that are shown.
const SHOWN: usize = 200;
/// No instant of ours lies later.
const LAST_YEAR: i32 = 2199;

/// The developer's pages of one process.
#[derive(Debug, Clone)]
pub struct DevPages {
    clock: Arc<AheadClock>,
    outbox: Option<PathBuf>,
}

impl DevPages {
    /// Those of a configuration: none outside of the development profile, and none where others could reach them.
    pub fn of(config: &Config) -> Option<Self> {
        let alone = config.listen.ip().is_loopback();
        (config.profile == Profile::Development && alone)
            .then(|| Self { clock: Arc::default(), outbox: config.sms_outbox.clone() })
    }

    /// The clock that they move, for everything that runs in the process.
    pub fn clock(&self) -> Arc<AheadClock> {
        self.clock.clone()
    }
}

pub(crate) fn routes(config: &mut web::ServiceConfig, pages: Option<&DevPages>) {
    let Some(pages) = pages else { return };
    let scope = web::scope("/dev")
        .guard(fn_guard(is_local))
        .app_data(web::Data::new(pages.clone()))
        .route("/outbox", web::get().to(outbox_page))
        .route("/outbox.json", web::get().to(outbox))
        .route("/clock", web::post().to(move_clock));
    config.service(scope);
}

// A page elsewhere may make its own name mean 127.0.0.1 and have a browser ask; a proxy here may let the world in. Neither
// comes by a local name without saying for whom.
fn is_local(ctx: &GuardContext<'_>) -> bool {
    let head = ctx.head();
    let named = head.headers().get_all(HOST).map(|host| host.to_str().ok()?.parse::<Authority>().ok());
    let mut names = named.chain(head.uri.authority().cloned().map(Some)).peekable();
    let is_handed_on =
        |name: &str| name.starts_with("x-forwarded") || name.starts_with("cf-") || PROXIES.contains(&name);
    let handed_on = head.headers().keys().any(|name| is_handed_on(name.as_str()));
    !handed_on && names.peek().is_some() && names.all(|name| name.as_ref().is_some_and(is_here))
}

/// What proxies add beside `X-Forwarded-…`.
const PROXIES: [&str; 5] = ["forwarded", "via", "x-real-ip", "true-client-ip", "x-client-ip"];

fn is_here(authority: &Authority) -> bool {
    let host = authority.host();
    // Whatever stands before an @ or in place of a port is somebody's trick.
    let rest = authority.as_str().strip_prefix(host).unwrap_or("@");
    let is_port = rest.is_empty() || rest.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok());
    let host = host.trim_start_matches('[').trim_end_matches(']');
    is_port && (host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback()))
}

/// A message as the file keeps it.
#[derive(Debug, Serialize, Deserialize)]
struct Sent {
    at: String,
    mobile: String,
    template_key: String,
    params: Map<String, Value>,
    text: String,
}

// The newest first. A line that is being written is left out.
async fn newest(path: Option<&Path>) -> Result<Vec<Sent>, Problem> {
    let Some(path) = path else { return Ok(Vec::new()) };
    let text = match tokio::fs::read_to_string(path).await {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        read => read?,
    };
    Ok(text.lines().rev().filter_map(|line| serde_json::from_str(line).ok()).take(SHOWN).collect())
}

async fn outbox(pages: web::Data<DevPages>) -> Answer {
    let items = newest(pages.outbox.as_deref()).await?;
    Ok(HttpResponse::Ok().json(json!({"items": items})))
}

async fn outbox_page(pages: web::Data<DevPages>) -> Answer {
    let mut rows = String::new();
    for sent in newest(pages.outbox.as_deref()).await? {
        let cells = [&sent.at, &sent.mobile, &sent.template_key, &sent.text].map(|cell| escaped(cell));
        let _ = writeln!(rows, "<tr><td>{}</td></tr>", cells.join("</td><td>"));
    }
    let page = format!(
        "<!doctype html>\n<html lang=\"zh-CN\"><meta charset=\"utf-8\"><title>短信发件箱</title>\n\
         <style>body{{font:16px sans-serif;margin:2em}}td,th{{padding:.3em 1em;text-align:left}}</style>\n\
         <h1>短信发件箱</h1>\n<p>仅开发环境可见，最新的在前，最多 {SHOWN} 条。当前时间：{}</p>\n\
         <table><tr><th>时间<th>手机<th>模板<th>内容</tr>\n{rows}</table></html>\n",
        wire::instant(pages.clock.now()),
    );
    Ok(HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'"))
        .body(page))
}

/// Where the clock is to go: one of the three.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Move {
    now: Option<DateTime<Utc>>,
    advance_seconds: Option<i64>,
    reset: Option<bool>,
}

impl Move {
    // None for back to the machine's clock.
    fn target(&self, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, Invalid> {
        const FORWARDS: Invalid = Invalid::new("NOT_FORWARDS", "时间只能向前调整，且不晚于2199年。");
        let at = match (self.now, self.advance_seconds, self.reset) {
            (Some(at), None, None) => Some(at),
            (None, Some(seconds), None) => {
                Duration::try_seconds(seconds).and_then(|by| now.checked_add_signed(by))
            }
            (None, None, Some(true)) => return Ok(None),
            _ => return Err(Invalid::new("ONE_OF", "请填写now、advance_seconds、reset中的一项。")),
        };
        at.filter(|at| *at > now && at.year() <= LAST_YEAR).map(Some).ok_or(FORWARDS)
    }
}

async fn move_clock(pages: web::Data<DevPages>, identity: web::Data<Identity>, body: Body<Move>) -> Answer {
    let clock = &pages.clock;
    match body.target(clock.now()).map_err(|invalid| Problem::invalid("", invalid))? {
        // Of two that come at once the further one stands.
        Some(at) => {
            clock.forward_to(at);
        }
        None => clock.reset(),
    }
    // What is known of accounts is as old as the jump is long.
    identity.states.forget_all();
    identity.states.poll().await?;
    tracing::warn!(ahead_seconds = clock.ahead().num_seconds(), "the clock was moved");
    Ok(HttpResponse::Ok().json(json!({
        "now": wire::instant(clock.now()),
        "ahead_seconds": clock.ahead().num_seconds(),
    })))
}
