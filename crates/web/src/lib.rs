//! What a handler needs: extractors that say who may call, problem responses, parsed bodies and queries,
//! keyset pages, idempotency keys, entity tags, rate limits, the policy table, and the middleware that ties
//! a request together.

pub mod actor;
pub mod app;
pub mod assist;
pub mod auth;
pub mod batch;
pub mod body;
pub mod contract;
pub mod etag;
pub mod form;
pub mod once;
pub mod page;
pub mod policy;
pub mod poster;
pub mod problem;
pub mod query;
pub mod rate;
pub mod request;
pub mod wire;

pub use actor::{Actor, OrgScope, Principal, Realm, Role, RoleName};
pub use app::App;
pub use auth::{
    Anyone, Cadre, Holder, Lawyer, Member, Merchant, MerchantAccount, Partner, Public, Recruiter,
    RecruiterAccount,
};
pub use body::{Body, Empty};
pub use etag::{IfMatch, IfMatchHeader};
pub use once::{MaybeOnce, MaybeOnceHeader, Once, OnceHeader};
pub use page::{Listing, PageBody};
pub use policy::{Action, can};
pub use poster::Poster;
pub use problem::Fault;
pub use query::Query;
pub use request::RequestInfo;
pub use wire::{Id, ReasonBody};

/// What a handler answers.
pub type Answer = Result<actix_web::HttpResponse, Fault>;
