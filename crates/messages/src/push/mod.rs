//! Pushes 推送: that there is a message, told to the devices of its account, and never what it says.
//!
//! A push is planned in the transaction of its message, as one row of `push_delivery` for each device, and carried out by
//! a task when it is due. Devices are those on which the account is logged in at that moment, so ending a session ends
//! its pushes. Delivery is at least once: the row's id goes along, and the gateway tells repeats by it.

mod breaker;
mod device;
mod gateway;
mod plan;
mod send;

use serde::{Deserialize, Serialize};
use unionhall_kernel::Problem;
use utoipa::ToSchema;

pub use breaker::Breaker;
pub use device::{
    Credits, Device, MAX_DEVICES, NewDevice, add_credit, forget_dead, list, register, remove, token,
};
pub use gateway::{FilePush, HttpPush, Outcome, Push, PushGateway, TITLE};
pub use plan::{Fresh, plan, plan_again};
pub use send::{GIVE_UP, MAX_TRIES, SEND, Sending, send};

/// Which service brings a push to a device. 推送通道
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[schema(as = PushChannel)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// Apple
    Apns,
    /// 华为
    Huawei,
    /// 小米
    Xiaomi,
    /// OPPO
    Oppo,
    /// vivo
    Vivo,
    /// 荣耀
    Honor,
    /// 鸿蒙
    Harmony,
    /// 微信订阅消息: the token is the OpenID, and each message takes a subscription
    WechatSubscribe,
}

impl Channel {
    /// Every channel.
    pub const ALL: &[Channel] = &[
        Self::Apns,
        Self::Huawei,
        Self::Xiaomi,
        Self::Oppo,
        Self::Vivo,
        Self::Honor,
        Self::Harmony,
        Self::WechatSubscribe,
    ];

    /// The word on the wire and in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Apns => "apns",
            Self::Huawei => "huawei",
            Self::Xiaomi => "xiaomi",
            Self::Oppo => "oppo",
            Self::Vivo => "vivo",
            Self::Honor => "honor",
            Self::Harmony => "harmony",
            Self::WechatSubscribe => "wechat_subscribe",
        }
    }

    /// What a device that has the channel runs.
    pub const fn platform(self) -> Platform {
        match self {
            Self::Apns => Platform::Ios,
            Self::Huawei | Self::Xiaomi | Self::Oppo | Self::Vivo | Self::Honor => Platform::Android,
            Self::Harmony => Platform::Harmony,
            Self::WechatSubscribe => Platform::Wechat,
        }
    }

    /// Reads the word of the store.
    ///
    /// # Errors
    /// `INTERNAL` for a word that is none.
    pub fn parse(word: &str) -> Result<Self, Problem> {
        let found = Self::ALL.iter().copied().find(|channel| channel.as_str() == word);
        found.ok_or_else(|| Problem::internal("unknown push channel"))
    }
}

/// What a device runs that can be pushed to. 设备平台
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = PushPlatform)]
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
}

impl Platform {
    /// The word on the wire and in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Android => "android",
            Self::Ios => "ios",
            Self::Harmony => "harmony",
            Self::Wechat => "wechat",
        }
    }
}

/// A template of WeChat's one-time subscriptions. 订阅消息模板
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = SubscriptionTemplate)]
#[serde(rename_all = "snake_case")]
pub enum Template {
    /// 新消息提醒: says nothing of what the message is about
    NewMessage,
    /// 优惠券到期提醒
    Benefits,
}

impl Template {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NewMessage => "new_message",
            Self::Benefits => "benefits",
        }
    }

    /// The one that brings messages of a kind.
    pub const fn of(kind: crate::inbox::Kind) -> Self {
        if kind.may_be_named() { Self::Benefits } else { Self::NewMessage }
    }
}
