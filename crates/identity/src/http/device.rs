//! The device a session lives on.

use serde::{Deserialize, Serialize};
use unionhall_kernel::{Fields, Invalid};
use utoipa::ToSchema;

use crate::session::Device;

/// The device a login comes from. 设备
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeviceDto {
    /// Made by the app, 1 to 64 ASCII characters.
    #[schema(min_length = 1, max_length = 64, pattern = "^[!-~]{1,64}$", example = "d-5f0c2a")]
    id: String,
    /// What it runs.
    platform: Platform,
}

/// What a device runs.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Platform {
    /// Android
    Android,
    /// iOS
    Ios,
    /// HarmonyOS
    Harmony,
    /// WeChat mini-program
    Wechat,
    /// A browser
    Web,
}

pub(super) fn parse_device_id(id: &str) -> Result<String, Invalid> {
    if (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic()) {
        Ok(id.to_owned())
    } else {
        Err(Invalid::new("DEVICE_ID_FORMAT", "设备标识须为1至64个可见ASCII字符。"))
    }
}

impl DeviceDto {
    pub(super) fn parse(self, fields: &mut Fields) -> Option<Device> {
        let id = fields.take("/device/id", parse_device_id(&self.id))?;
        let platform = match self.platform {
            Platform::Android => "android",
            Platform::Ios => "ios",
            Platform::Harmony => "harmony",
            Platform::Wechat => "wechat",
            Platform::Web => "web",
        };
        Some(Device { id, platform: platform.to_owned() })
    }
}
