//! What this room holds about somebody, for their own copy of it.

use serde::Serialize;
use unionhall_kernel::Problem;
use unionhall_storage::{Conn, Core};
use unionhall_web::wire::{COPIED, Copied, instant};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::PreferencesDto;
use crate::inbox::{self, Message};
use crate::{preference, push};

/// A message. 消息
#[derive(Debug, Serialize, ToSchema)]
struct MessageCopy {
    #[schema(example = "服务通知")]
    kind: &'static str,
    title: String,
    body: String,
    created_at: String,
    read_at: Option<String>,
}

/// A device that pushes go to. 推送设备
#[derive(Debug, Serialize, ToSchema)]
struct PushDeviceCopy {
    device_id: String,
    platform: String,
    #[schema(example = "huawei")]
    channel: &'static str,
    registered_at: String,
}

/// Messages, where they are pushed to, and what was chosen. 消息与推送
#[derive(Debug, Serialize, ToSchema)]
pub struct MessagesCopy {
    inbox: Copied<MessageCopy>,
    devices: Vec<PushDeviceCopy>,
    preferences: PreferencesDto,
}

/// Copies an account's messages, devices and preferences.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn copy(core: &Core, conn: &mut Conn, account: Uuid) -> Result<MessagesCopy, Problem> {
    let page = inbox::list(conn, account, None, None, COPIED).await?;
    let inbox = Copied::of(page, |message| {
        let Message { id: _, kind, title, body, link: _, created_at, read_at } = message;
        let (created_at, read_at) = (instant(created_at), read_at.map(instant));
        MessageCopy { kind: kind.text(), title, body, created_at, read_at }
    });
    let devices = push::list(conn, account, core.now()).await?.into_iter().map(|device| {
        let push::Device { id, platform, channel, registered_at, credits: _ } = device;
        let (channel, registered_at) = (channel.as_str(), instant(registered_at));
        PushDeviceCopy { device_id: id, platform, channel, registered_at }
    });
    let devices = devices.collect();
    let preferences = preference::of(conn, account).await?.into();
    Ok(MessagesCopy { inbox, devices, preferences })
}
