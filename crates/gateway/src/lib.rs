//! The gateway: the only listener. It reads configuration, starts the rooms' services, orders the middleware,
//! publishes the documents and runs the background work.

mod app_config;
pub mod config;
pub mod dev;
pub mod doctor;
pub mod document;
mod home;
mod matters;
mod my_data;
pub mod ready;
pub mod serve;
pub mod services;
pub mod telemetry;
mod todos;
pub mod upkeep;
pub mod worker;

pub use config::Config;
pub use services::Services;
