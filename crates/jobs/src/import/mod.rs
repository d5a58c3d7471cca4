//! Files of postings from public employment services 公共就业服务机构岗位清单: registry's imports ask this room what a row comes
//! to ([`Room`]).
//!
//! Whoever uploads is the county that looks at them: a row that nothing is to be said against is LIVE at once, one of which the
//! lexicon wants somebody to look goes to review. The employer has no account here; nobody applies through the platform, and
//! whoever tries is told whom to call. A source's number is known once: a file that comes again changes nothing.

mod draft;
mod judge;
mod write;

use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use unionhall_kernel::Problem;
use unionhall_registry::import::Kind;
use unionhall_registry::import::room::{Batch, Room, Undo, Verdict, Written};
use unionhall_registry::reconciliation::Held;
use unionhall_storage::{Conn, Core};
use unionhall_web::OrgScope;
use uuid::Uuid;

use crate::schema::{job_posting as posting, job_posting_source as source};

/// This room's part in imports.
pub struct PostingFiles {
    /// Database, clock, chance and keys.
    pub core: Core,
}

/// What a revert has to know: the posting a row made, and its version then.
#[derive(Serialize, Deserialize)]
struct Memo {
    posting: Uuid,
    version: i32,
}

#[async_trait]
impl Room for PostingFiles {
    fn kind(&self) -> Kind {
        Kind::JobPostings
    }

    async fn judge(&self, conn: &mut Conn, batch: Batch<'_>) -> Result<Vec<Verdict>, Problem> {
        let judged = judge::judge(&self.core, conn, batch).await?;
        Ok(judged.rows.iter().map(|row| judge::verdict(row, judged.home.as_ref())).collect())
    }

    async fn write(&self, conn: &mut Conn, batch: Batch<'_>) -> Result<Vec<Written>, Problem> {
        write::write(&self.core, conn, batch).await
    }

    async fn revert(&self, conn: &mut Conn, rows: &[Undo]) -> Result<Vec<(Uuid, &'static str)>, Problem> {
        write::revert(&self.core, conn, rows).await
    }

    async fn holds(&self, conn: &mut Conn, subtree: &OrgScope) -> Result<Vec<Held>, Problem> {
        let here = posting::path.ge(subtree.start()).and(posting::path.lt(subtree.end()));
        let count: i64 = source::table
            .inner_join(posting::table.on(posting::id.eq(source::posting_id)))
            .filter(here.and(posting::state.eq("LIVE")).and(posting::valid_through.ge(self.core.today())))
            .count()
            .get_result(conn)
            .await?;
        Ok(vec![Held::new("live", "在招的公共就业服务岗位", count)])
    }
}
