//! Small things every answer writes the same way, and the id in a path.

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use chrono::{DateTime, SecondsFormat, Utc};
use unionhall_kernel::Problem;
use uuid::Uuid;

use crate::problem::Fault;

/// An instant: RFC 3339, UTC, milliseconds.
pub fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// The `{id}` of a path. Anything that is no id is absent, like an id nobody has.
#[derive(Debug, Clone, Copy)]
pub struct Id(pub Uuid);

impl FromRequest for Id {
    type Error = Fault;
    type Future = std::future::Ready<Result<Self, Fault>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let id = req.match_info().get("id").and_then(|id| Uuid::parse_str(id).ok());
        std::future::ready(id.map(Self).ok_or_else(|| Problem::not_found().into()))
    }
}
