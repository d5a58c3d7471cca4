//! What is told of a membership.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Reason, State};

/// Published when somebody who stood somewhere stands otherwise: [`Moved`]. A first admission is none.
pub const MOVED: &str = "membership.moved";

/// What [`MOVED`] says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Moved {
    /// The new version.
    pub id: Uuid,
    /// Whose.
    pub person_id: Uuid,
    /// How they stood.
    pub from: State,
    /// How they stand.
    pub state: State,
    /// Why.
    pub reason: Option<Reason>,
    /// Whether it is another union than before.
    pub union_changed: bool,
}
