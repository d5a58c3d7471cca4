//! Registry: the union tree, posts of cadres and their scope, memberships, rosters, real-name matching, joining, new
//! mobiles for lost phones, corrections, imports and their reconciliation sheets, and which parts of the platform are open where.
//!
//! Owns `org`, `org_module`, `post`, `membership`, `member_*`, `import*`, `export`. Publishes the view `member_standing`. Offers
//! [`post::PostRoles`] to identity, and to the rooms above: unions by scope, standing of a person. Events out:
//! [`membership::ACTIVATED`] and [`real_name::LEVEL_RAISED`], each `{person_id}`; [`membership::MOVED`], [`join::DECIDED`],
//! [`correction::DECIDED`] and [`mobile_change::DECIDED`].

pub mod assist;
pub mod correction;
pub mod data;
pub mod export;
pub mod http;
pub mod import;
pub mod invite;
pub mod join;
pub mod leaver;
pub mod looks;
pub mod matters;
pub mod member;
pub mod membership;
pub mod mobile_change;
pub mod module;
pub mod org;
pub mod post;
pub mod profile;
pub mod real_name;
pub mod reconciliation;
pub mod recover;
mod schema;
pub mod seed;
pub mod todos;
