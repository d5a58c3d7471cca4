//! Made-up people and the files unions send about them, with a record of what each file must lead to.
//!
//! Everything comes from a seed: the same seed gives the same bytes on every machine. No name, number or
//! mobile belongs to anybody; numbers are formally valid, so they must never be sent to a real register.

pub mod api;
pub mod demo_data;
pub mod fixture_ids;
pub mod load;
pub mod people;
pub mod roster;
pub mod server;
