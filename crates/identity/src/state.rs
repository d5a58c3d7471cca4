//! Account state: what is true of an account *now* — state, level, epoch, live sessions, roles — held per
//! process and kept fresh by one poller. Tokens carry none of it, so a change acts everywhere at once
//! (250 ms, 5 s at the most) and not at the next login.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration as StdDuration;

use async_trait::async_trait;
use chrono::{DateTime, Duration, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use unionhall_kernel::{Code, Problem};
use unionhall_storage::{Conn, Core};
use unionhall_web::actor::Seat;
use unionhall_web::app::Authenticate;
use unionhall_web::assist::Assist;
use unionhall_web::{Principal, Realm, Role, RoleName};
use uuid::Uuid;

use crate::account::{self, Account};
use crate::token::Tokens;
use crate::{assist, schema};

/// How often the poller asks.
pub const POLL: StdDuration = StdDuration::from_millis(250);
/// How far back it looks, so a commit that took a while is not missed.
const WINDOW_SECONDS: i64 = 10;
/// Older than this, account state is not trusted: protected requests are answered 503.
const STALE_SECONDS: i64 = 5;
const CACHED_ACCOUNTS: u64 = 200_000;

/// Where a realm's roles come from: registry for cadres and auditors, merchants for their staff.
#[async_trait]
pub trait RoleSource: Send + Sync {
    /// The realms it knows the roles of.
    fn realms(&self) -> &'static [Realm];

    /// The roles of an account, in force or not, the default one first.
    async fn roles(&self, conn: &mut Conn, account: Uuid, person: Option<Uuid>)
    -> Result<Vec<Role>, Problem>;
}

/// What is true of an account now.
#[derive(Debug)]
pub struct AccountState {
    /// The account.
    pub account: Account,
    /// Its roles, in force or not.
    pub roles: Vec<Role>,
    sessions: HashMap<Uuid, Live>,
}

/// A live session: whether a PIN began it, and who acts in it for the member.
#[derive(Debug, Clone, Default)]
struct Live {
    pinned: bool,
    assist: Option<Arc<Assist>>,
}

impl AccountState {
    /// The role of an id, while it is in force.
    pub fn role(&self, id: Uuid, now: DateTime<Utc>) -> Option<&Role> {
        self.roles.iter().find(|r| r.id == id && r.in_force(now))
    }

    /// The role a login starts with.
    pub fn default_role(&self, now: DateTime<Utc>) -> Option<&Role> {
        self.roles.iter().find(|r| r.in_force(now))
    }
}

/// The account states of one process.
pub struct AccountStates {
    core: Core,
    tokens: Arc<Tokens>,
    sources: HashMap<Realm, Arc<dyn RoleSource>>,
    cache: moka::sync::Cache<Uuid, Arc<AccountState>>,
    cached: bool,
    fresh_at: AtomicI64,
}

impl AccountStates {
    /// An empty cache over these sources of roles. Not `cached`, every request asks the database: where accounts may vanish
    /// from under a process, which the poller would not see.
    pub fn new(core: Core, tokens: Arc<Tokens>, sources: Vec<Arc<dyn RoleSource>>, cached: bool) -> Self {
        let mut by_realm: HashMap<Realm, Arc<dyn RoleSource>> = HashMap::new();
        for source in sources {
            for realm in source.realms() {
                by_realm.insert(*realm, source.clone());
            }
        }
        let fresh_at = AtomicI64::new(core.now().timestamp_millis());
        // The time to live is only a second line: the poller is what keeps entries true.
        let cache = moka::sync::Cache::builder()
            .max_capacity(CACHED_ACCOUNTS)
            .time_to_live(StdDuration::from_secs(60))
            .build();
        Self { core, tokens, sources: by_realm, cache, cached, fresh_at }
    }

    /// The roles an account acts in, straight from the database. A role that takes TOTP waits until the account has it.
    ///
    /// # Errors
    /// `INTERNAL` when the database cannot be asked.
    pub async fn roles_of(&self, conn: &mut Conn, account: &Account) -> Result<Vec<Role>, Problem> {
        let mut roles = self.granted_to(conn, account).await?;
        roles.retain(|role| !role.totp || account.has_totp());
        Ok(roles)
    }

    /// The roles granted to an account, those that wait for TOTP too.
    ///
    /// # Errors
    /// `INTERNAL` when the database cannot be asked.
    pub async fn granted_to(&self, conn: &mut Conn, account: &Account) -> Result<Vec<Role>, Problem> {
        if account.realm == Realm::Member {
            return Ok(vec![Role {
                id: account.id,
                name: RoleName::Member,
                seat: Seat::Own,
                totp: false,
                ceiling: Vec::new(),
                from: DateTime::<Utc>::MIN_UTC,
                to: None,
            }]);
        }
        match self.sources.get(&account.realm) {
            Some(source) => source.roles(conn, account.id, account.person).await,
            None => Ok(Vec::new()),
        }
    }

    async fn load(&self, id: Uuid) -> Result<Option<Arc<AccountState>>, Problem> {
        let mut conn = self.core.db.read().await?;
        let Some(account) = account::get(&mut conn, id).await? else { return Ok(None) };
        use schema::session_assist as by;
        let assisted = (
            by::by_person,
            by::by_account,
            by::by_post,
            by::by_org,
            by::by_path,
            by::channel,
            by::scopes,
            by::below_county,
        );
        let sessions: Vec<(Uuid, bool, Option<assist::Row>)> = schema::session::table
            .left_join(by::table.on(by::session_id.eq(schema::session::id)))
            .filter(schema::session::account_id.eq(id))
            .filter(schema::session::ended_at.is_null())
            .filter(schema::session::expires_at.gt(self.core.now()))
            .select((schema::session::id, schema::session::pinned, assisted.nullable()))
            .load(&mut conn)
            .await?;
        let roles = self.roles_of(&mut conn, &account).await?;
        let live = sessions
            .into_iter()
            .map(|(id, pinned, row)| (id, Live { pinned, assist: row.and_then(assist::of_row) }));
        let state = Arc::new(AccountState { account, roles, sessions: live.collect() });
        if self.cached {
            self.cache.insert(id, state.clone());
        }
        Ok(Some(state))
    }

    /// The state of an account.
    ///
    /// # Errors
    /// `UNAUTHENTICATED` when there is no such account.
    pub async fn get(&self, id: Uuid) -> Result<Arc<AccountState>, Problem> {
        if let Some(state) = self.cache.get(&id) {
            return Ok(state);
        }
        self.load(id).await?.ok_or_else(|| Problem::new(Code::Unauthenticated))
    }

    /// Forgets an account, so the next request reads it anew. Called after a change in this process commits;
    /// other processes learn of it from the poller.
    pub fn forget(&self, id: Uuid) {
        self.cache.invalidate(&id);
    }

    /// Forgets all accounts: when the clock jumped, "lately" leaves something out.
    pub fn forget_all(&self) {
        self.cache.invalidate_all();
    }

    /// Asks once what changed lately.
    ///
    /// # Errors
    /// `UNAVAILABLE` when the database cannot be asked; account state then ages.
    pub async fn poll(&self) -> Result<(), Problem> {
        let now = self.core.now();
        let mut conn = self.core.db.read().await?;
        let changed: Vec<(Uuid, i32)> = schema::account::table
            .filter(schema::account::changed_at.gt(now - Duration::seconds(WINDOW_SECONDS)))
            .select((schema::account::id, schema::account::revision))
            .load(&mut conn)
            .await?;
        for (id, revision) in changed {
            if self.cache.get(&id).is_some_and(|held| held.account.revision != revision) {
                self.cache.invalidate(&id);
            }
        }
        // A slow poll that began before a quick one must not make time go back.
        self.fresh_at.fetch_max(now.timestamp_millis(), Ordering::AcqRel);
        Ok(())
    }

    /// Polls for as long as the process lives.
    pub async fn keep_fresh(self: Arc<Self>) {
        let mut ticks = tokio::time::interval(POLL);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if let Err(problem) = self.poll().await {
                tracing::warn!(?problem, "account state could not be refreshed");
            }
        }
    }

    /// How long ago it was last known to be true, in seconds.
    pub fn age(&self, now: DateTime<Utc>) -> f64 {
        let millis = now.timestamp_millis() - AtomicI64::load(&self.fresh_at, Ordering::Acquire);
        millis.max(0) as f64 / 1000.0
    }

    /// Whether it is young enough to be trusted.
    pub fn is_fresh(&self, now: DateTime<Utc>) -> bool {
        now.timestamp_millis() - AtomicI64::load(&self.fresh_at, Ordering::Acquire) <= STALE_SECONDS * 1000
    }
}

#[async_trait]
impl Authenticate for AccountStates {
    async fn authenticate(&self, token: &str) -> Result<Principal, Problem> {
        let now = self.core.now();
        let claims = self.tokens.verify(token, now)?;
        if !self.is_fresh(now) {
            return Err(Problem::new(Code::Unavailable).retry_after(1));
        }
        let mut state = self.get(claims.sub).await?;
        if !state.sessions.contains_key(&claims.sid) || state.account.epoch != claims.epoch {
            // Perhaps another copy opened the session a moment ago: the database decides.
            let unauthenticated = || Problem::new(Code::Unauthenticated);
            state = self.load(claims.sub).await?.ok_or_else(unauthenticated)?;
        }
        let alive = state.account.may_log_in()
            && state.account.epoch == claims.epoch
            && state.sessions.contains_key(&claims.sid);
        let role = match claims.post {
            Some(post) => match state.role(post, now) {
                Some(role) => Some(role.clone()),
                // The post ended or was revoked since: what was issued for it is dead.
                None => return Err(Problem::new(Code::Unauthenticated)),
            },
            None => None,
        };
        if !alive {
            return Err(Problem::new(Code::Unauthenticated));
        }
        let Live { pinned, assist } = state.sessions.get(&claims.sid).cloned().unwrap_or_default();
        if let Some(assist) = &assist {
            // Who helps must still hold the post they help in.
            let helper = self.get(assist.account).await?;
            let stands = assist.post.is_none_or(|post| helper.role(post, now).is_some());
            if !helper.account.may_log_in() || !stands {
                return Err(Problem::new(Code::Unauthenticated));
            }
        }
        Ok(Principal {
            account: state.account.id,
            person: state.account.person,
            realm: state.account.realm,
            session: claims.sid,
            level: state.account.level,
            role,
            pinned,
            assist,
        })
    }
}
