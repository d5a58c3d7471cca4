//! Messages: notices 信息发布 that unions write for their members, their cadres or everybody.
//!
//! Owns `notice`, `notice_read`. Asks registry where a member stands and what unions are called. Publishes no view and
//! no event: who may read a notice is judged at every read, from the clock, the row and where the reader stands now.

pub mod http;
pub mod notice;
mod schema;
pub mod todos;
