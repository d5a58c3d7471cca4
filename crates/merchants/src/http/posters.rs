//! What a shop puts on its counter: a branch's QR code as a page to print.

use actix_web::{HttpResponse, get, web};
use unionhall_identity::Identity;
use unionhall_kernel::Problem;
use unionhall_storage::Conn;
use unionhall_web::{Answer, Cadre, Fault, Id, Merchant, Poster, can};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::branch::{self, Branch};
use crate::merchant;

pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(get_branch_poster).service(get_own_branch_poster);
}

fn poster(identity: &Identity, merchant: &str, branch: &Branch) -> Result<HttpResponse, Fault> {
    let poster = Poster {
        title: merchant,
        subtitle: &branch.name,
        link: &format!("{}/b/{}", identity.tokens.issuer(), branch.code),
        call: "工会会员扫码享优惠",
        foot: &format!("门店码 {}", branch.code),
    };
    Ok(poster.respond()?)
}

/// The page for a branch's counter 门店二维码海报
///
/// Its code holds a link that ends with the branch's code; `POST /v1/me/redemptions` takes either.
#[utoipa::path(
    tag = "merchants",
    security(("admin" = ["merchant.read"])),
    params(
        ("id" = Uuid, Path, description = "The merchant"),
        ("branch_id" = Uuid, Path, description = "The branch"),
    ),
    responses((status = 200, description = "The page", body = String, content_type = "image/svg+xml"))
)]
#[get("/v1/admin/merchants/{id}/branches/{branch_id}/poster.svg")]
async fn get_branch_poster(
    identity: web::Data<Identity>,
    by: Cadre<can::MerchantRead>,
    id: Id,
    path: web::Path<(String, String)>,
) -> Answer {
    let branch = Uuid::parse_str(&path.1).map_err(|_| Problem::not_found())?;
    let mut conn = identity.core.db.read().await?;
    let of = merchant::get(&mut conn, &by.scope, id.0).await?;
    let branch = branch::get(&mut conn, of.id, branch).await?;
    poster(&identity, &of.name, &branch)
}

async fn own(conn: &mut Conn, by: &Merchant<can::Till>, id: Uuid) -> Result<Branch, Problem> {
    if by.branch.is_some_and(|own| own != id) {
        return Err(Problem::not_found());
    }
    branch::get(conn, by.merchant, id).await
}

/// The page for one's own counter 本店二维码海报
#[utoipa::path(
    tag = "till",
    security(("merchant" = ["till"])),
    params(("id" = Uuid, Path, description = "The branch")),
    responses((status = 200, description = "The page", body = String, content_type = "image/svg+xml"))
)]
#[get("/v1/merchant/branches/{id}/poster.svg")]
async fn get_own_branch_poster(identity: web::Data<Identity>, by: Merchant<can::Till>, id: Id) -> Answer {
    let mut conn = identity.core.db.read().await?;
    let branch = own(&mut conn, &by, id.0).await?;
    let of = merchant::own(&mut conn, by.merchant).await?;
    poster(&identity, &of.name, &branch)
}
