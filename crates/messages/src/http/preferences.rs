//! `/v1/me/message-preferences`: what a member wants to be told, and when not to be woken.

use actix_web::{HttpResponse, get, put, web};
use serde::{Deserialize, Serialize};
use serde_json::json;
use unionhall_kernel::{Fields, Invalid, Problem};
use unionhall_storage::audit;
use unionhall_web::actor::EventExt;
use unionhall_web::{Answer, App, Body, Member};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::preference::{self, Preferences, Quiet};
use crate::push;

pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(get_message_preferences).service(put_message_preferences);
}

/// Of what is always written. 仅可关闭推送
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PushPreference {
    /// Whether it is pushed. 推送
    #[schema(example = true)]
    push: bool,
}

/// Of what may be left out. 可关闭
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct InboxPreference {
    /// Whether it is written. 站内消息
    #[schema(example = true)]
    inbox: bool,
    /// Whether it is pushed, which takes that it is written. 推送
    #[schema(example = true)]
    push: bool,
}

/// Quiet hours, Shanghai; over midnight where the end is the earlier time. 免打扰时段
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct QuietHours {
    /// From this minute on. 开始
    #[schema(pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$", example = "22:00")]
    start: String,
    /// Until before this minute. 结束
    #[schema(pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$", example = "08:00")]
    end: String,
}

/// What I am told. 消息设置
///
/// Security messages (the mobile, a lost card, closing the account) are not among them: they are always written and pushed at once.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MessagePreferences)]
pub struct PreferencesDto {
    /// 服务通知: my applications, membership and card
    service: PushPreference,
    /// 普惠提醒: my coupons
    benefits: InboxPreference,
    /// 求职提醒: what searches that I keep have found; both without
    #[serde(default = "everything")]
    jobs: InboxPreference,
    /// 通知公告: what unions publish; listed by `GET /v1/me/notices` whatever is chosen here
    notices: PushPreference,
    /// When pushes wait; null for never. 免打扰时段
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required = true)]
    quiet_hours: Option<QuietHours>,
}

const fn everything() -> InboxPreference {
    InboxPreference { inbox: true, push: true }
}

impl From<Preferences> for PreferencesDto {
    fn from(chosen: Preferences) -> Self {
        let Preferences {
            service_push,
            benefits_inbox,
            benefits_push,
            jobs_inbox,
            jobs_push,
            notices_push,
            quiet,
        } = chosen;
        Self {
            service: PushPreference { push: service_push },
            benefits: InboxPreference { inbox: benefits_inbox, push: benefits_push },
            jobs: InboxPreference { inbox: jobs_inbox, push: jobs_push },
            notices: PushPreference { push: notices_push },
            quiet_hours: quiet.map(|quiet| {
                let (start, end) = quiet.times();
                QuietHours { start, end }
            }),
        }
    }
}

impl PreferencesDto {
    fn parse(&self) -> Result<Preferences, Problem> {
        let Self { service, benefits, jobs, notices, quiet_hours } = self;
        let mut fields = Fields::new();
        let unwritten = Invalid::new("PUSH_WITHOUT_INBOX", "关闭站内消息时须同时关闭推送。");
        fields.require(benefits.inbox || !benefits.push, "/benefits/push", unwritten.clone());
        fields.require(jobs.inbox || !jobs.push, "/jobs/push", unwritten);
        let quiet = match quiet_hours {
            Some(QuietHours { start, end }) => fields.take("/quiet_hours", Quiet::parse(start, end)),
            None => None,
        };
        fields.finish()?;
        Ok(Preferences {
            service_push: service.push,
            benefits_inbox: benefits.inbox,
            benefits_push: benefits.push,
            jobs_inbox: jobs.inbox,
            jobs_push: jobs.push,
            notices_push: notices.push,
            quiet,
        })
    }
}

/// What I am told 我的消息设置
#[utoipa::path(
    tag = "me",
    security(("member" = [])),
    responses((status = 200, description = "What was chosen, or the defaults", body = PreferencesDto))
)]
#[get("/v1/me/message-preferences")]
async fn get_message_preferences(app: web::Data<App>, me: Member) -> Answer {
    let chosen = preference::of(&mut *app.db.read().await?, me.principal.account).await?;
    Ok(HttpResponse::Ok().json(PreferencesDto::from(chosen)))
}

/// Choose what I am told 修改消息设置
///
/// All of it at once. Pushes that wait for the end of quiet hours are planned again.
#[utoipa::path(
    tag = "me",
    security(("member" = [])),
    request_body = PreferencesDto,
    responses(
        (status = 200, description = "What holds from now on", body = PreferencesDto),
        (status = 422, description = "`VALIDATION_FAILED`: `PUSH_WITHOUT_INBOX`, `TIME_FORMAT`, `QUIET_HOURS_EMPTY`"),
    )
)]
#[put("/v1/me/message-preferences")]
async fn put_message_preferences(app: web::Data<App>, me: Member, body: Body<PreferencesDto>) -> Answer {
    let (chosen, account) = (body.parse()?, me.principal.account);
    app.db
        .write(async |tx| {
            preference::put(tx, account, &chosen).await?;
            push::plan_again(&app, tx, account, &chosen).await?;
            let object = ("account", Some(account));
            let mut event = me.actor.event(app.id(), app.now(), None, "message_preferences.change", object);
            event.subject_person = me.principal.person;
            audit::append(tx, &event.changes(json!(PreferencesDto::from(chosen)))).await
        })
        .await?;
    Ok(HttpResponse::Ok().json(PreferencesDto::from(chosen)))
}
