//! Registry over HTTP.

mod join;
mod members;
mod posts;
mod real_name;
mod unions;
