//! `/v1/admin/unions/{id}/modules`: what a union opens and closes for its subtree.

use actix_web::{get, put, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashSet};
use unionhall_kernel::{Fields, Invalid};
use unionhall_web::{Answer, App, Body, Cadre, Id, IfMatch, IfMatchHeader, can, etag, wire};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::module::{self, Module, Plan, Switch};

/// How many switches lie ahead of a union at a time.
const MOST: usize = 40;

pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(get_union_modules).service(set_union_modules);
}

/// A part of the platform opens or closes. 模块开关
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ModuleSwitch {
    /// 模块
    module: Module,
    /// 开放
    enabled: bool,
    /// Unions below cannot say otherwise. 下级不得更改
    #[serde(default)]
    firm: bool,
    /// From which day on, Shanghai. 生效日期
    #[schema(example = "2026-12-01")]
    #[serde(deserialize_with = "wire::dated")]
    from: NaiveDate,
}

/// What a union says and what holds for it. 模块设置
#[derive(Debug, Serialize, ToSchema)]
struct UnionModules {
    /// 工会
    union_id: Uuid,
    /// Its own switches, past ones too.
    switches: Vec<ModuleSwitch>,
    /// Open to its members today. 当前开放
    open: BTreeSet<Module>,
}

impl From<Plan> for UnionModules {
    fn from(Plan { union, own, open }: Plan) -> Self {
        let switches = own.into_iter().map(|Switch { module, enabled, firm, from }| ModuleSwitch {
            module,
            enabled,
            firm,
            from,
        });
        Self { union_id: union.id, switches: switches.collect(), open }
    }
}

/// What a union says from today on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ModulePlan {
    /// One a part and day, none before today; what was said before stays on record.
    #[schema(max_items = 40)]
    switches: Vec<ModuleSwitch>,
    /// Why, for the audit row: 2 to 200 characters.
    #[schema(min_length = 2, max_length = 200, example = "先在一个县试行")]
    reason: String,
}

/// A union's modules 模块设置
#[utoipa::path(
    tag = "unions",
    security(("admin" = ["module.read"])),
    params(("id" = Uuid, Path, description = "The union")),
    responses((status = 200, description = "With the ETag of the union", body = UnionModules))
)]
#[get("/v1/admin/unions/{id}/modules")]
async fn get_union_modules(app: web::Data<App>, by: Cadre<can::ModuleRead>, id: Id) -> Answer {
    let plan = module::plan(&mut *app.db.read().await?, &by.scope, id.0, app.today()).await?;
    Ok(etag::tagged(plan.union.version, &UnionModules::from(plan)))
}

/// Open and close modules 设置模块开关
///
/// For the union and everything below it. The deepest union that has said something decides, unless one above said it
/// firmly. What was begun goes on; closed, `join` takes no applications, `benefits` approves no campaign and gives no coupon, `notices`
/// approves none, and `cards` is hidden by apps alone: cards are issued and taken all the same.
#[utoipa::path(
    tag = "unions",
    security(("admin" = ["module.write"])),
    params(("id" = Uuid, Path, description = "The union"), IfMatchHeader),
    request_body = ModulePlan,
    responses((status = 200, description = "What holds now", body = UnionModules))
)]
#[put("/v1/admin/unions/{id}/modules")]
async fn set_union_modules(
    app: web::Data<App>,
    by: Cadre<can::ModuleWrite>,
    id: Id,
    version: IfMatch,
    body: Body<ModulePlan>,
) -> Answer {
    let mut fields = Fields::new();
    let reason = fields.take("/reason", wire::parse_reason(&body.reason));
    fields.require(body.switches.len() <= MOST, "/switches", Invalid::new("TOO_MANY", "最多40条。"));
    let mut seen = HashSet::new();
    for (at, switch) in body.switches.iter().enumerate() {
        let pointer = format!("/switches/{at}/from");
        let past = Invalid::new("DATE_PAST", "生效日期不能早于今天。");
        fields.require(switch.from >= app.today(), &pointer, past);
        let twice = Invalid::new("DUPLICATE_ITEM", "同一模块同一天只能设置一次。");
        fields.require(seen.insert((switch.module.as_str(), switch.from)), &pointer, twice);
    }
    let Some(reason) = reason else { return Err(fields.problem().into()) };
    fields.finish()?;
    let switches: Vec<Switch> = body
        .switches
        .iter()
        .map(|s| Switch { module: s.module, enabled: s.enabled, firm: s.firm, from: s.from })
        .collect();
    let check = |current| version.check(current);
    let plan = module::set(&app, &by.actor, &by.scope, id.0, check, &switches, reason).await?;
    Ok(etag::tagged(plan.union.version, &UnionModules::from(plan)))
}
