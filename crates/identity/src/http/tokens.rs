//! What every login answers.

use serde::Serialize;
use unionhall_web::actor::Seat;
use unionhall_web::{Realm, Role, RoleName};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::login;

/// Tokens and whose they are. 登录结果
#[derive(Debug, Serialize, ToSchema)]
pub struct TokensDto {
    /// Opaque to apps, 15 minutes; send it as `Authorization: Bearer …`.
    access_token: String,
    /// Opaque; one use.
    refresh_token: String,
    /// Seconds until the access token dies.
    expires_in: i64,
    /// `Bearer`
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// The account.
    account: AccountDto,
}

/// An account and its roles. 账号
#[derive(Debug, Serialize, ToSchema)]
struct AccountDto {
    /// Its id.
    id: Uuid,
    /// Its realm.
    realm: Realm,
    /// Its roles in force.
    roles: Vec<RoleDto>,
}

/// A role somebody may act in. 身份（任职）
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RoleDto {
    /// Give this to `switch`.
    role_id: Uuid,
    /// What it is.
    role: RoleName,
    /// The union of a post.
    union_id: Option<Uuid>,
    /// The branch of a place on a merchant's staff; null for all branches.
    branch_id: Option<Uuid>,
    /// Whether the token acts in it.
    current: bool,
}

impl RoleDto {
    pub(super) fn of(role: &Role, current: Option<Uuid>) -> Self {
        let (union_id, branch_id) = match &role.seat {
            Seat::Union { id, .. } => (Some(*id), None),
            Seat::Branch { branch, .. } => (None, *branch),
            Seat::Recruiter { .. } | Seat::Own => (None, None),
        };
        Self { role_id: role.id, role: role.name, union_id, branch_id, current: current == Some(role.id) }
    }
}

impl TokensDto {
    /// What a login hands out, on the wire.
    pub fn of(tokens: login::Tokens) -> Self {
        let login::Tokens { access, refresh, account, realm, roles, current } = tokens;
        Self {
            access_token: access,
            refresh_token: refresh,
            expires_in: crate::token::ACCESS_SECONDS,
            token_type: "Bearer",
            account: AccountDto {
                id: account,
                realm,
                roles: roles.iter().map(|r| RoleDto::of(r, current)).collect(),
            },
        }
    }
}
