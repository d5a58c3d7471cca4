//! Who acts as a lawyer, for tokens.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use unionhall_identity::RoleSource;
use unionhall_kernel::Problem;
use unionhall_storage::Conn;
use unionhall_web::actor::Seat;
use unionhall_web::{Realm, Role, RoleName};
use uuid::Uuid;

use crate::schema::legal_lawyer as lawyers;

/// Tells identity who is a lawyer: the role is the lawyer, seated at the union that looks after them.
#[derive(Debug, Default, Clone, Copy)]
pub struct LawyerRoles;

#[async_trait]
impl RoleSource for LawyerRoles {
    fn realms(&self) -> &'static [Realm] {
        &[Realm::Lawyer]
    }

    async fn roles(
        &self,
        conn: &mut Conn,
        account: Uuid,
        _person: Option<Uuid>,
    ) -> Result<Vec<Role>, Problem> {
        let of = lawyers::table.filter(lawyers::account_id.eq(account));
        let found: Vec<(Uuid, Uuid, String, DateTime<Utc>)> =
            of.select((lawyers::id, lawyers::org_id, lawyers::path, lawyers::created_at)).load(conn).await?;
        let role = |(id, union, path, from): (Uuid, Uuid, String, DateTime<Utc>)| Role {
            id,
            name: RoleName::Lawyer,
            seat: Seat::Union { id: union, path },
            totp: false,
            ceiling: Vec::new(),
            from,
            to: None,
        };
        Ok(found.into_iter().map(role).collect())
    }
}
