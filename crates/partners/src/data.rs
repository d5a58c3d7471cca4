//! What this room holds about somebody, for their own copy of it: which partners they agreed to.

use serde::Serialize;
use unionhall_kernel::Problem;
use unionhall_storage::Conn;
use unionhall_web::wire::{COPIED, Copied, instant};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::consent::{self, Given};
use crate::receives::Receives;

/// An agreement to a partner. 合作系统授权
#[derive(Debug, Serialize, ToSchema)]
pub struct PartnerConsentCopy {
    partner_id: Uuid,
    #[schema(example = "郑州职工文化宫")]
    partner_name: String,
    /// What it learns, beside a subject of its own.
    receives: Vec<Receives>,
    given_at: String,
    withdrawn_at: Option<String>,
    #[schema(example = "member-app")]
    channel: String,
}

/// Copies an account's consents to partners.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn copy(conn: &mut Conn, account: Uuid) -> Result<Copied<PartnerConsentCopy>, Problem> {
    let page = consent::list(conn, account, None, COPIED).await?;
    Ok(Copied::of(page, |given| {
        let Given { id: _, partner, name, organisation: _, receives, given_at, withdrawn_at, channel } =
            given;
        PartnerConsentCopy {
            partner_id: partner,
            partner_name: name,
            receives: receives.as_slice().to_vec(),
            given_at: instant(given_at),
            withdrawn_at: withdrawn_at.map(instant),
            channel,
        }
    }))
}
