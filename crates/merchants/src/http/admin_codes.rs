//! `/v1/admin/campaigns/{id}/codes`.

use actix_web::{HttpResponse, post, web};
use serde::{Deserialize, Serialize};
use unionhall_kernel::{Fields, Invalid, Problem};
use unionhall_web::{Answer, App, Body, Cadre, Id, can};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::campaign::{self, By};
use crate::code_pool::{self, Added};

/// Codes of one request; a longer list comes in several.
const MAX_CODES: usize = 2_000;

pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(add_campaign_codes);
}

/// Codes to add. 兑换码
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CodesBody {
    /// 4 to 64 visible ASCII characters each.
    #[schema(min_items = 1, max_items = 2000, example = json!(["GKX7-2M9P-QRST"]))]
    codes: Vec<String>,
}

impl CodesBody {
    fn parse(&self) -> Result<Vec<String>, Problem> {
        let mut fields = Fields::new();
        let within = (1..=MAX_CODES).contains(&self.codes.len());
        fields.require(within, "/codes", Invalid::new("COUNT", "每次上传1至2000个兑换码。"));
        let codes: Vec<String> = self.codes.iter().map(|code| code.trim().to_owned()).collect();
        for (n, code) in codes.iter().enumerate() {
            let fits = (4..=64).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_graphic());
            let format = Invalid::new("CODE_FORMAT", "兑换码须为4至64个可见ASCII字符。");
            fields.require(fits, &format!("/codes/{n}"), format);
        }
        fields.finish()?;
        Ok(codes)
    }
}

/// What became of the codes. 上传结果
#[derive(Debug, Serialize, ToSchema)]
struct CodesAdded {
    /// New ones. 新增
    added: usize,
    /// Left alone: the campaign has them already, or they stood twice. 重复
    duplicates: usize,
    /// How many nobody has yet. 剩余
    free: i64,
}

/// Add codes of another company to a campaign 上传兑换码
///
/// For campaigns of kind `code_pool`. The same list can be sent twice: what is there is left alone.
#[utoipa::path(
    tag = "campaigns",
    security(("admin" = ["campaign.write"])),
    params(("id" = Uuid, Path, description = "The campaign")),
    request_body = CodesBody,
    responses(
        (status = 200, description = "Added", body = CodesAdded),
        (status = 409, description = "`INVALID_STATE`: another kind, or closed"),
    )
)]
#[post("/v1/admin/campaigns/{id}/codes")]
async fn add_campaign_codes(
    app: web::Data<App>,
    by: Cadre<can::CampaignWrite>,
    id: Id,
    body: Body<CodesBody>,
) -> Answer {
    let codes = body.parse()?;
    let person = by.person()?;
    let Added { added, duplicates, free } = app
        .db
        .write(async |tx| {
            let of = campaign::get(tx, &by.scope, id.0).await?;
            let by = By { person, actor: &by.actor, scope: &by.scope };
            code_pool::add(&app, tx, by, &of, &codes).await
        })
        .await?;
    Ok(HttpResponse::Ok().json(CodesAdded { added, duplicates, free }))
}
