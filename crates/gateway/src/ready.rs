//! Whether this process may be sent requests, and if not, why.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix_web::{HttpResponse, web};
use serde::Serialize;
use serde_json::json;
use unionhall_identity::AccountStates;
use unionhall_kernel::{Code, Problem};
use unionhall_storage::keys::{KeyRing, Purpose};
use unionhall_storage::seal::SealBroken;
use unionhall_storage::{Core, migrate};
use unionhall_web::Fault;

/// Every check there is.
pub const CHECKS: [&str; 5] = ["draining", "database", "migrations", "keys", "account_state"];

/// Shorter than any load balancer waits.
const PATIENCE: Duration = Duration::from_secs(2);

/// A check that fails. Only fixed texts: whoever may ask must not learn more than what is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Failing {
    /// One of [`CHECKS`].
    pub name: &'static str,
    /// What is wrong.
    pub why: &'static str,
}

const fn failing(name: &'static str, why: &'static str) -> Failing {
    Failing { name, why }
}

/// What readiness is judged by.
pub struct Readiness {
    core: Core,
    ring: Arc<KeyRing>,
    states: Arc<AccountStates>,
    draining: AtomicBool,
}

impl Readiness {
    /// Not draining.
    pub const fn new(core: Core, ring: Arc<KeyRing>, states: Arc<AccountStates>) -> Self {
        Self { core, ring, states, draining: AtomicBool::new(false) }
    }

    /// From now on this process is not ready: it is about to stop, and requests should go elsewhere.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Release);
    }

    /// The checks that fail now.
    pub async fn failing(&self) -> Vec<Failing> {
        if self.draining.load(Ordering::Acquire) {
            return vec![failing("draining", "the process is about to stop")];
        }
        let database = failing("database", "it does not answer");
        let asked = tokio::time::timeout(PATIENCE, self.ask()).await;
        let mut found = match asked {
            Ok(Ok(found)) => found,
            Ok(Err(problem)) => {
                tracing::warn!(?problem, "the database does not answer");
                vec![database]
            }
            Err(_) => vec![database],
        };
        if !self.states.is_fresh(self.core.now()) {
            found.push(failing("account_state", "it is older than it may be"));
        }
        found
    }

    async fn ask(&self) -> Result<Vec<Failing>, Problem> {
        let mut found = Vec::new();
        let mut conn = self.core.db.read().await?;
        if !migrate::state(&mut conn).await?.pending.is_empty() {
            found.push(failing("migrations", "some are not applied"));
        }
        match self.ring.count(&mut conn).await {
            Ok(counts) if counts.contains(&(Purpose::Token, 0)) => {
                found.push(failing("keys", "there is none that signs tokens"));
            }
            Ok(_) => {}
            Err(problem) if problem.source.as_ref().is_some_and(|source| source.is::<SealBroken>()) => {
                found.push(failing("keys", "one does not open under the key-encryption key"));
            }
            Err(problem) => return Err(problem),
        }
        Ok(found)
    }
}

/// `GET /readyz`
pub(crate) async fn readyz(readiness: web::Data<Readiness>) -> Result<HttpResponse, Fault> {
    let failing = readiness.failing().await;
    if failing.is_empty() {
        return Ok(HttpResponse::Ok().json(json!({"status": "ok"})));
    }
    let names: Vec<&str> = failing.iter().map(|check| check.name).collect();
    let mut problem = Problem::new(Code::Unavailable).retry_after(1).with("checks", json!(failing));
    problem.source = Some(format!("not ready: {}", names.join(", ")).into());
    Err(Fault(problem))
}
