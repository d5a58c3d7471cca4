//! What a member chose for all their devices.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use serde_json::json;
use unionhall_kernel::Problem;
use unionhall_storage::{Conn, Core, audit};
use unionhall_web::Actor;
use unionhall_web::actor::EventExt;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::schema::account;

/// How apps show themselves; extensible. 界面模式
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UiMode {
    /// 标准模式
    Standard,
    /// 长辈模式: large letters, few buttons (APP适老化通用设计规范).
    Elder,
}

impl UiMode {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Elder => "elder",
        }
    }
}

/// What an account chose.
///
/// # Errors
/// `NOT_FOUND` when there is no such account.
pub async fn ui_mode(conn: &mut Conn, id: Uuid) -> Result<UiMode, Problem> {
    let word: Option<String> =
        account::table.find(id).select(account::ui_mode).first(conn).await.optional()?;
    Ok(match word.ok_or_else(Problem::not_found)?.as_str() {
        "elder" => UiMode::Elder,
        _ => UiMode::Standard,
    })
}

/// Chooses.
///
/// # Errors
/// `INTERNAL` when the row cannot be written.
pub async fn set_ui_mode(core: &Core, actor: &Actor, id: Uuid, mode: UiMode) -> Result<(), Problem> {
    core.db
        .write(async |tx| {
            diesel::update(account::table.find(id))
                .set(account::ui_mode.eq(mode.as_str()))
                .execute(tx)
                .await?;
            let event = actor.event(core.id(), core.now(), None, "account.settings", ("account", Some(id)));
            audit::append(tx, &event.changes(json!({"ui_mode": mode}))).await
        })
        .await
}
