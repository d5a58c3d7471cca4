//! `/v1/me/data`: a member's copy of what the platform holds about them, over all rooms.

use actix_web::{HttpResponse, post, web};
use serde::Serialize;
use unionhall_cards::data::CardCopy;
use unionhall_files::data::FileCopy;
use unionhall_identity::data::IdentityCopy;
use unionhall_identity::http::Confirmation;
use unionhall_identity::{Identity, assist};
use unionhall_jobs::data::JobsCopy;
use unionhall_legal::data::{ConsultationCopy, LegalAidCopy};
use unionhall_merchants::data::BenefitsCopy;
use unionhall_messages::data::MessagesCopy;
use unionhall_partners::data::PartnerConsentCopy;
use unionhall_registry::data::RegistryCopy;
use unionhall_storage::audit;
use unionhall_web::actor::EventExt;
use unionhall_web::wire::{Copied, instant};
use unionhall_web::{Answer, Body, Member};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub(crate) fn routes(config: &mut ServiceConfig) {
    config.service(copy_my_data);
}

/// Everything in full. 个人信息副本
#[derive(Debug, Serialize, ToSchema)]
struct MyData {
    /// As of when.
    made_at: String,
    /// 账号与身份
    identity: IdentityCopy,
    /// 会籍与名册
    registry: RegistryCopy,
    /// 会员卡; null at level 0.
    cards: Option<Copied<CardCopy>>,
    /// 普惠记录; null at level 0.
    benefits: Option<BenefitsCopy>,
    /// 法律咨询; null at level 0.
    consultations: Option<Copied<ConsultationCopy>>,
    /// 法律援助
    legal_aid: Option<Copied<LegalAidCopy>>,
    /// 求职记录; null at level 0.
    jobs: Option<JobsCopy>,
    /// 上传的文件
    files: Copied<FileCopy>,
    /// 消息与推送
    messages: MessagesCopy,
    /// 合作系统授权
    partners: Copied<PartnerConsentCopy>,
}

/// A copy of all my data 复制我的个人信息
///
/// In full, since it is one's own; of each list the newest thousand, with `more` where there are older ones. What others
/// have stated in one's name about themselves is masked. Not in it: verifications of a card at a till, which are kept as a
/// log of the network and not by person.
#[utoipa::path(
    tag = "me",
    security(("member" = [])),
    request_body = Confirmation,
    responses(
        (status = 200, description = "Everything that is held about the caller", body = MyData),
        (status = 401, description = "`OTP_INVALID`"),
        (status = 409, description = "`INVALID_STATE`: the account has no mobile that a code could go to"),
    )
)]
#[post("/v1/me/data")]
async fn copy_my_data(identity: web::Data<Identity>, me: Member, body: Body<Confirmation>) -> Answer {
    let core = &identity.core;
    let (id, person) = (me.principal.account, me.principal.person);
    let wish = assist::wish(core, &me.principal, body.parse()?).await?;
    let note = |outcome: &str| {
        let event = me.actor.event(core.id(), core.now(), None, "data.copy", ("account", Some(id)));
        let mut event = event.outcome(outcome);
        event.subject_person = person;
        event
    };
    // As with a reveal: that it will be shown is on record before anything is read.
    core.db
        .write(async |tx| {
            wish.consume(tx, core.now()).await?;
            audit::append(tx, &note("intent")).await
        })
        .await?;
    let mut conn = core.db.read().await?;
    let (cards, benefits, consultations, legal_aid, jobs) = match person {
        Some(person) => (
            Some(unionhall_cards::data::copy(&mut conn, person).await?),
            Some(unionhall_merchants::data::copy(&mut conn, person).await?),
            Some(unionhall_legal::data::copy(core, &mut conn, person).await?),
            Some(unionhall_legal::data::copy_aid(core, &mut conn, person).await?),
            Some(unionhall_jobs::data::copy(core, &mut conn, person).await?),
        ),
        None => (None, None, None, None, None),
    };
    let data = MyData {
        made_at: instant(core.now()),
        identity: unionhall_identity::data::copy(core, &mut conn, id).await?,
        registry: unionhall_registry::data::copy(core, &mut conn, id, person).await?,
        cards,
        benefits,
        consultations,
        legal_aid,
        jobs,
        files: unionhall_files::data::copy(&mut conn, id).await?,
        messages: unionhall_messages::data::copy(core, &mut conn, id).await?,
        partners: unionhall_partners::data::copy(&mut conn, id).await?,
    };
    drop(conn);
    core.db.write(async |tx| audit::append(tx, &note("done")).await).await?;
    Ok(HttpResponse::Ok().json(data))
}
