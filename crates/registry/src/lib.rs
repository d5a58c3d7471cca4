//! Registry: the union tree, posts of cadres and their scope, memberships, rosters, real-name matching, joining,
//! imports.
//!
//! Owns `org`, `post`, `membership`, `member_*`, `import*`. Publishes the view `member_standing`. Offers
//! [`post::PostRoles`] to identity, and to the rooms above: unions by scope, standing of a person. Events out:
//! `membership.activated` {person_id}, `level.raised` {person_id}.

pub mod org;
pub mod post;
mod schema;
pub mod seed;
