//! What this room holds about somebody, for their own copy of it: their questions and their cases of legal aid.

use serde::Serialize;
use unionhall_casework::timeline;
use unionhall_kernel::Problem;
use unionhall_storage::page::Page;
use unionhall_storage::{Conn, Core};
use unionhall_web::wire::{COPIED, Copied, instant};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{aid, consultation};

/// A question and what was said. 法律咨询
#[derive(Debug, Serialize, ToSchema)]
pub struct ConsultationCopy {
    #[schema(example = "261120123456785")]
    number: String,
    #[schema(example = "公司拖欠三个月工资")]
    title: String,
    #[schema(example = "CLOSED")]
    state: &'static str,
    asked_at: String,
    /// The question and every message, in order; what was done without words is left out.
    messages: Vec<String>,
}

/// A case of legal aid and what was said. 法律援助
#[derive(Debug, Serialize, ToSchema)]
pub struct LegalAidCopy {
    #[schema(example = "261120123456785")]
    number: String,
    #[schema(example = "追索拖欠的三个月工资")]
    title: String,
    #[schema(example = "CLOSED")]
    state: &'static str,
    /// What is claimed, fen.
    claimed_fen: Option<i64>,
    /// What the member got, fen.
    recovered_fen: Option<i64>,
    applied_at: String,
    /// The claim and every message, in order.
    messages: Vec<String>,
}

/// Copies a person's cases of legal aid.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn copy_aid(core: &Core, conn: &mut Conn, person: Uuid) -> Result<Copied<LegalAidCopy>, Problem> {
    let page = aid::copied(conn, person, COPIED).await?;
    let mut items = Vec::new();
    for of in page.items {
        let entries = timeline::after(core, conn, of.id, 0, (false, COPIED)).await?;
        items.push(LegalAidCopy {
            number: of.number.clone(),
            title: of.title(core)?,
            state: of.state().as_str(),
            claimed_fen: of.claimed_fen,
            recovered_fen: of.recovered_fen,
            applied_at: instant(of.applied_at),
            messages: entries.into_iter().filter_map(|entry| entry.text).collect(),
        });
    }
    Ok(Copied::of(Page { items, more: page.more }, |copy| copy))
}

/// Copies a person's questions.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn copy(core: &Core, conn: &mut Conn, person: Uuid) -> Result<Copied<ConsultationCopy>, Problem> {
    let page = consultation::list_of_person(conn, person, None, COPIED).await?;
    let mut items = Vec::new();
    for (of, _) in page.items {
        let entries = consultation::entries_after(core, conn, of.id, 0, false).await?;
        items.push(ConsultationCopy {
            number: of.number.clone(),
            title: of.title(core)?,
            state: of.state().as_str(),
            asked_at: instant(of.asked_at),
            messages: entries.into_iter().filter_map(|entry| entry.text).collect(),
        });
    }
    Ok(Copied::of(Page { items, more: page.more }, |copy| copy))
}
