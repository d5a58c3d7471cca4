//! Messages: notices 信息发布 that unions write for their members, their cadres or everybody; and the inbox 消息, in which a
//! member is told of their own affairs, with pushes to their devices.
//!
//! Owns `notice`, `notice_read`, `inbox_*`, `push_*`. Asks registry where a member stands and what unions are called, and
//! identity where an account is logged in; reads its view `person_account`. Publishes no view and no event: who may read a
//! notice is judged at every read, from the clock, the row and where the reader stands now. Events in: those of
//! [`inbox::NEWS`], and `account.closed`.

pub mod data;
pub mod http;
pub mod inbox;
pub mod notice;
pub mod preference;
pub mod push;
mod schema;
pub mod tasks;
pub mod todos;

use std::sync::Arc;

use unionhall_storage::Core;

use crate::push::{Breaker, PushGateway, Sending};

/// This room's services, for the worker.
pub struct Messages {
    /// Database, clock, chance and keys.
    pub core: Core,
    /// Brings pushes out.
    pub sending: Sending,
}

impl Messages {
    /// With a push gateway; without one nothing is pushed.
    pub fn new(core: Core, gateway: Option<Arc<dyn PushGateway>>) -> Self {
        Self { core, sending: Sending { gateway, breaker: Breaker::default() } }
    }
}
