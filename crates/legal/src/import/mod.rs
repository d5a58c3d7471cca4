//! Files of lawyers with their firms 律师名册: registry's imports ask this room what a row comes to ([`Room`]).
//!
//! A row is a lawyer; the firm is known by its licence number and is entered with the first row that names it. A lawyer is known by
//! their practice number: a file changes what is said of them, and never their mobile, which is what they proved. Whoever is new gets
//! an account that waits to be activated and an invitation, as by `POST /v1/admin/lawyers`; the login name is the practice number
//! where the file names none.

mod draft;
mod judge;
mod revert;
mod write;

use async_trait::async_trait;
use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use unionhall_identity::sms::{Message, Template};
use unionhall_identity::{Identity, account};
use unionhall_kernel::Problem;
use unionhall_registry::import::Kind;
use unionhall_registry::import::room::{Batch, Room, Undo, Verdict, Written};
use unionhall_registry::reconciliation::Held;
use unionhall_storage::{Conn, Core};
use unionhall_web::OrgScope;
use uuid::Uuid;

use crate::lawyer::{Lawyer, LawyerTerms, LegalField, State};
use crate::schema::{legal_firm as firms, legal_lawyer as lawyers};

/// The most rows of a file: it is judged and written as a whole.
const MAX_ROWS: usize = 2000;
/// The kind of task that sends an invitation: a file's rows are written in one transaction, which nothing leaves.
pub const INVITE: &str = "legal.invite";

/// This room's part in imports.
pub struct LawyerFiles {
    /// Database, clock, chance and keys.
    pub core: Core,
}

#[async_trait]
impl Room for LawyerFiles {
    fn kind(&self) -> Kind {
        Kind::Lawyers
    }

    fn whole(&self) -> Option<usize> {
        Some(MAX_ROWS)
    }

    async fn judge(&self, conn: &mut Conn, batch: Batch<'_>) -> Result<Vec<Verdict>, Problem> {
        let judged = judge::judge(&self.core, conn, batch).await?;
        Ok(judged.rows.iter().map(|row| judge::verdict(row, judged.home.as_ref())).collect())
    }

    async fn write(&self, conn: &mut Conn, batch: Batch<'_>) -> Result<Vec<Written>, Problem> {
        write::write(&self.core, conn, batch).await
    }

    async fn revert(&self, conn: &mut Conn, rows: &[Undo]) -> Result<Vec<(Uuid, &'static str)>, Problem> {
        revert::revert(&self.core, conn, rows).await
    }

    async fn holds(&self, conn: &mut Conn, subtree: &OrgScope) -> Result<Vec<Held>, Problem> {
        let mut held = Vec::new();
        for (key, title, state) in
            [("active", "执业律师", State::Active), ("suspended", "暂停服务律师", State::Suspended)]
        {
            let here = lawyers::path.ge(subtree.start()).and(lawyers::path.lt(subtree.end()));
            let of = lawyers::table.filter(here.and(lawyers::state.eq(state.as_str())));
            held.push(Held::new(key, title, of.count().get_result(conn).await?));
        }
        let here = firms::path.ge(subtree.start()).and(firms::path.lt(subtree.end()));
        held.push(Held::new(
            "firms",
            "律师事务所",
            firms::table.filter(here).count().get_result(conn).await?,
        ));
        Ok(held)
    }
}

/// What a row did, with the versions it left behind.
#[derive(Debug, Serialize, Deserialize)]
struct Memo {
    /// The firm it entered.
    firm: Option<(Uuid, i32)>,
    lawyer: Uuid,
    did: Did,
}

#[derive(Debug, Serialize, Deserialize)]
enum Did {
    Nothing,
    Made(i32),
    Changed(i32, Before),
}

/// What was said of a lawyer.
#[derive(Debug, Serialize, Deserialize)]
struct Before {
    firm: Uuid,
    practice_no: String,
    licence_until: NaiveDate,
    fields: Vec<LegalField>,
    division: String,
    intro: String,
}

impl From<&Lawyer> for Before {
    fn from(of: &Lawyer) -> Self {
        Self {
            firm: of.firm_id,
            practice_no: of.practice_no.clone(),
            licence_until: of.licence_until,
            fields: of.fields(),
            division: of.division.clone(),
            intro: of.intro.clone(),
        }
    }
}

impl From<Before> for LawyerTerms {
    fn from(of: Before) -> Self {
        let Before { firm, practice_no, licence_until, fields, division, intro } = of;
        Self { firm, practice_no, licence_until, fields, division, intro }
    }
}

/// Who is invited.
#[derive(Debug, Serialize, Deserialize)]
pub struct Invite {
    account_id: Uuid,
    union: String,
    username: String,
}

/// Sends an invitation, unless the account was activated or closed meanwhile.
///
/// # Errors
/// `UNAVAILABLE` when the message cannot be handed over.
pub async fn invite(identity: &Identity, to: Invite) -> Result<(), Problem> {
    let core = &identity.core;
    let found = account::get(&mut *core.db.read().await?, to.account_id).await?;
    let Some(waiting) = found.filter(|account| account.state == account::State::Invited) else {
        return Ok(());
    };
    let Some(mobile) = waiting.mobile(&core.sealer)? else { return Ok(()) };
    let template = Template::Invitation { union: to.union, username: to.username };
    identity.sms.send(&Message { mobile, template })
}
