//! This room's operations.

pub mod imports;
