//! Corrections as the member meets them: `/v1/me/corrections`.

use actix_web::{HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use unionhall_kernel::{Fields, Invalid, PersonName, Pii, Problem};
use unionhall_web::wire::{self, Progress};
use unionhall_web::{Answer, App, Body, Empty, Id, Member, Once, OnceHeader, PageBody, once};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::correction::{self, Change, Correction, Facts, NewCorrection, State};

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(create_correction)
        .service(list_my_corrections)
        .service(get_my_correction)
        .service(withdraw_correction);
}

/// Facts as they should be; at least one. 更正内容
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CorrectionFields {
    /// 姓名
    #[schema(value_type = Option<PersonName>, example = "王晓明")]
    name: Option<Pii<String>>,
    /// 民族: a code of the table `ethnic`.
    #[schema(max_length = 8, example = "01")]
    ethnic: Option<String>,
    /// 政治面貌: a code of the table `political`.
    #[schema(max_length = 8, example = "01")]
    political: Option<String>,
    /// 学历: a code of the table `education`.
    #[schema(max_length = 8, example = "20")]
    education: Option<String>,
    /// 户籍类型: a code of the table `hukou`.
    #[schema(max_length = 8, example = "1")]
    hukou: Option<String>,
    /// 户籍地
    #[schema(min_length = 1, max_length = 100, example = "河南省郑州市")]
    hukou_place: Option<String>,
    /// 现住址
    #[schema(min_length = 1, max_length = 100, example = "郑州市中原区建设路1号")]
    address: Option<String>,
    /// 工作单位
    #[schema(min_length = 1, max_length = 100, example = "中原机械厂")]
    employer: Option<String>,
    /// 岗位
    #[schema(min_length = 1, max_length = 100, example = "车工")]
    job: Option<String>,
    /// 技能等级: a code of the table `skill_level`.
    #[schema(max_length = 8, example = "3")]
    skill_level: Option<String>,
    /// 职称
    #[schema(min_length = 1, max_length = 100, example = "工程师")]
    title: Option<String>,
    /// 就业形态: a code of the table `employment_form`.
    #[schema(max_length = 8, example = "13")]
    employment_form: Option<String>,
    /// 是否农民工
    migrant: Option<bool>,
    /// 是否劳务派遣
    dispatched: Option<bool>,
    /// 工会职务
    #[schema(min_length = 1, max_length = 100, example = "工会小组长")]
    union_post: Option<String>,
    /// 劳模类型
    #[schema(min_length = 1, max_length = 100, example = "市级劳模")]
    model_worker: Option<String>,
}

impl CorrectionFields {
    fn parse(&self, fields: &mut Fields) -> Facts {
        let mut facts = Facts::default();
        if let Some(name) = &self.name
            && let Some(name) = fields.take("/fields/name", PersonName::parse(name.expose()))
        {
            facts.put_name(&name);
        }
        let told = [
            ("ethnic", &self.ethnic),
            ("political", &self.political),
            ("education", &self.education),
            ("hukou", &self.hukou),
            ("hukou_place", &self.hukou_place),
            ("address", &self.address),
            ("employer", &self.employer),
            ("job", &self.job),
            ("skill_level", &self.skill_level),
            ("title", &self.title),
            ("employment_form", &self.employment_form),
            ("union_post", &self.union_post),
            ("model_worker", &self.model_worker),
        ];
        let mut stated = self.name.is_some();
        for (key, told) in told {
            if let Some(told) = told {
                stated = true;
                fields.take(&format!("/fields/{key}"), facts.put(key, told));
            }
        }
        for (key, flag) in [("migrant", self.migrant), ("dispatched", self.dispatched)] {
            if let Some(flag) = flag {
                stated = true;
                facts.put_flag(key, flag);
            }
        }
        fields.require(stated, "/fields", Invalid::new("REQUIRED", "请填写需要更正的内容。"));
        facts
    }
}

/// What is wrong, and what shows it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CorrectionRequest)]
struct NewBody {
    /// What should be on record.
    fields: CorrectionFields,
    /// One to three files of one's own, uploaded for `correction_evidence`.
    #[schema(min_items = 1, max_items = 3)]
    evidence_file_ids: Vec<Uuid>,
    /// Why: 2 to 200 characters.
    #[schema(min_length = 2, max_length = 200, example = "入会登记时姓名写错")]
    reason: String,
}

impl NewBody {
    fn parse(&self) -> Result<NewCorrection, Problem> {
        let mut fields = Fields::new();
        let facts = self.fields.parse(&mut fields);
        let count = Invalid::new("COUNT", "请上传1至3份证明材料。");
        fields.require((1..=3).contains(&self.evidence_file_ids.len()), "/evidence_file_ids", count);
        let explanation = fields.take("/reason", wire::parse_reason(&self.reason)).map(ToOwned::to_owned);
        let Some(explanation) = explanation else { return Err(fields.problem()) };
        fields.finish()?;
        Ok(NewCorrection { facts, files: self.evidence_file_ids.clone(), explanation })
    }
}

/// A fact to be corrected, masked. 更正项（脱敏）
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CorrectionItem {
    /// Which one, by its key in `fields`.
    #[schema(example = "name")]
    field: &'static str,
    /// What it should be, masked.
    #[schema(example = "王*明")]
    to: String,
}

/// A correction, as the member sees it. 信息更正申请
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CorrectionDto {
    /// Its id.
    id: Uuid,
    /// What it corrects.
    items: Vec<CorrectionItem>,
    /// How many files of evidence there are.
    evidence_files: usize,
    /// Why, as the member says.
    explanation: String,
    /// 状态
    state: State,
    /// When it was handed in.
    created_at: String,
    /// When it was decided or withdrawn.
    decided_at: Option<String>,
    /// Why it was rejected.
    reason: Option<String>,
    /// 办理进度
    progress: Progress,
}

impl CorrectionDto {
    /// Its id, for paging.
    pub(super) fn id(&self) -> Uuid {
        self.id
    }

    pub(super) fn of(c: &Correction) -> Result<Self, Problem> {
        let items = correction::changes(&Facts::default(), &c.facts()?);
        let items = items.into_iter().map(Change::masked);
        Ok(Self {
            id: c.id,
            items: items.map(|Change { field, from: _, to }| CorrectionItem { field, to }).collect(),
            evidence_files: c.file_ids.len(),
            explanation: c.explanation.clone(),
            state: c.state(),
            created_at: wire::instant(c.created_at),
            decided_at: c.decided_at.map(wire::instant),
            reason: c.reason.clone(),
            progress: c.progress(),
        })
    }
}

/// Ask for a correction of what is on record of me 申请更正信息
#[utoipa::path(
    tag = "me",
    security(("member" = ["level:1"])),
    params(OnceHeader),
    request_body = NewBody,
    responses(
        (status = 201, description = "Handed in", body = CorrectionDto),
        (status = 409, description = "`APPLICATION_OPEN`: one waits already; `INVALID_STATE`: no member any more; `IN_PROGRESS`"),
        (status = 422, description = "`VALIDATION_FAILED`: among others `FACT_SAME` for what is on record as stated, `FILE_UNKNOWN` at `/evidence_file_ids/0`"),
    )
)]
#[post("/v1/me/corrections")]
async fn create_correction(app: web::Data<App>, me: Member<1>, once_: Once, body: Body<NewBody>) -> Answer {
    let new = body.parse()?;
    let (core, owner) = (&app.core, (me.person()?, me.principal.account));
    let key = once_.of(me.principal.account, "create_correction", body.raw());
    let stored = unionhall_storage::once::once(&core.db, core.now(), Some(key), async |tx| {
        let made = correction::submit(core, tx, &me.actor, owner, &new).await?;
        once::created(format!("/v1/me/corrections/{}", made.id), &CorrectionDto::of(&made)?)
    });
    Ok(once::respond(stored.await?))
}

/// My corrections 我的更正申请
#[utoipa::path(
    tag = "me",
    security(("member" = ["level:1"])),
    responses((status = 200, description = "Newest first, the last fifty", body = PageBody<CorrectionDto>))
)]
#[get("/v1/me/corrections")]
async fn list_my_corrections(app: web::Data<App>, me: Member<1>) -> Answer {
    let found = correction::list_own(&mut *app.db.read().await?, me.person()?).await?;
    let items = found.iter().map(CorrectionDto::of).collect::<Result<Vec<_>, _>>()?;
    Ok(HttpResponse::Ok().json(PageBody::whole(items)))
}

/// One of my corrections 我的更正申请详情
#[utoipa::path(
    tag = "me",
    security(("member" = ["level:1"])),
    params(("id" = Uuid, Path, description = "The correction")),
    responses((status = 200, description = "The correction", body = CorrectionDto))
)]
#[get("/v1/me/corrections/{id}")]
async fn get_my_correction(app: web::Data<App>, me: Member<1>, id: Id) -> Answer {
    let found = correction::own(&mut *app.db.read().await?, me.person()?, id.0).await?;
    Ok(HttpResponse::Ok().json(CorrectionDto::of(&found)?))
}

/// Withdraw my correction 撤回更正申请
#[utoipa::path(
    tag = "me",
    security(("member" = ["level:1"])),
    params(("id" = Uuid, Path, description = "The correction")),
    responses(
        (status = 200, description = "Withdrawn", body = CorrectionDto),
        (status = 409, description = "`INVALID_STATE`: decided already"),
    )
)]
#[post("/v1/me/corrections/{id}/withdraw")]
async fn withdraw_correction(app: web::Data<App>, me: Member<1>, id: Id, _body: Empty) -> Answer {
    let done = correction::withdraw(&app, &me.actor, me.person()?, id.0).await?;
    Ok(HttpResponse::Ok().json(CorrectionDto::of(&done)?))
}
