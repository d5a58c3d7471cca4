//! What this room holds about somebody, for their own copy of it: their questions.

use serde::Serialize;
use unionhall_kernel::Problem;
use unionhall_storage::page::Page;
use unionhall_storage::{Conn, Core};
use unionhall_web::wire::{COPIED, Copied, instant};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::consultation;

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
