//! `/v1/admin/assisted-sessions`: acting for a member who has no phone, or cannot use one.

use actix_web::{HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use unionhall_files::Files;
use unionhall_files::http::LinkedFile;
use unionhall_identity::{Identity, assist as sessions};
use unionhall_kernel::{Fields, Invalid};
use unionhall_storage::db::constraint;
use unionhall_web::assist::Way;
use unionhall_web::{Answer, Body, Cadre, Id, can, wire};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::assist::{self, Help};

pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(open_assisted_session).service(get_assisted_session_form);
}

/// By which way a member is helped. 代办方式
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum AssistWay {
    /// 柜台: the member is there, shows the document and signs.
    Counter,
    /// 热线: the member calls, and was called back on the number on record.
    Hotline,
    /// 纸质: a form that the member signed is entered.
    Paper,
}

impl From<AssistWay> for Way {
    fn from(way: AssistWay) -> Self {
        match way {
            AssistWay::Counter => Self::Counter,
            AssistWay::Hotline => Self::Hotline,
            AssistWay::Paper => Self::Paper,
        }
    }
}

/// Whom a cadre helps, and with what in hand. 代办
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewAssistedSession {
    /// The member, as lists name them.
    member_id: Uuid,
    /// 代办方式
    way: AssistWay,
    /// The form that the member signed (`POST /v1/files`, purpose `on_behalf_form`); at the counter and from paper. 签字表单
    form_file_id: Option<Uuid>,
    /// What the member wishes: 2 to 200 characters; they can read it.
    #[schema(min_length = 2, max_length = 200, example = "本人到柜台申请补办会员卡")]
    reason: String,
}

/// A session of a member's in which a cadre acts. 代办会话
#[derive(Debug, Serialize, ToSchema)]
struct AssistedSession {
    /// Its id.
    id: Uuid,
    /// A token of the member's: it opens the member's operations, and writes both persons down. Not refreshed.
    access_token: String,
    /// `Bearer`
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Until when, fifteen minutes from now.
    expires_at: String,
}

/// Act for a member 代办
///
/// Opens a session of the member's for fifteen minutes. What is done in it is on record under both persons, and the member
/// sees it. A member without an account gets one without a mobile, where the form is signed. What only the member can do
/// answers `NOT_ON_BEHALF`; the table is docs/parity.md. Whoever entered something for a member does not decide it.
#[utoipa::path(
    tag = "members",
    security(("admin" = ["member.assist"])),
    request_body = NewAssistedSession,
    responses(
        (status = 201, description = "The token", body = AssistedSession,
            headers(("Location" = String, description = "The form of the session"))),
        (status = 403, description = "`NOT_ANOTHER_PERSON`: oneself; `FORBIDDEN`"),
        (status = 404, description = "`NOT_FOUND`: the member is absent or out of scope"),
        (status = 409, description = "`INVALID_STATE`: the membership has ended, the account is blocked, or there is none yet and nothing was signed"),
    )
)]
#[post("/v1/admin/assisted-sessions")]
async fn open_assisted_session(
    identity: web::Data<Identity>,
    by: Cadre<can::MemberAssist>,
    body: Body<NewAssistedSession>,
) -> Answer {
    let core = &identity.core;
    let way = Way::from(body.way);
    let mut fields = Fields::new();
    let reason = fields.take("/reason", wire::parse_reason(&body.reason)).map(ToOwned::to_owned);
    let signed = Invalid::new("REQUIRED", "请先上传会员签字的表单。");
    fields.require(body.form_file_id.is_some() || !way.is_signed(), "/form_file_id", signed);
    let Some(reason) = reason else { return Err(fields.problem().into()) };
    fields.finish()?;
    let help = Help { member: body.member_id, way, form: body.form_file_id, reason };
    let open = || core.db.write(async |tx| assist::open(core, tx, &by.actor, &by.scope, &help).await);
    let opened = match open().await {
        // Somebody else opened the member's account at this moment: now it is there.
        Err(problem) if constraint(&problem) == Some("account_person") => open().await?,
        other => other?,
    };
    let access_token = sessions::token(&identity, opened.account, opened.session).await?;
    let location = format!("/v1/admin/assisted-sessions/{}/form", opened.session);
    Ok(HttpResponse::Created().insert_header(("location", location)).json(AssistedSession {
        id: opened.session,
        access_token,
        token_type: "Bearer",
        expires_at: wire::instant(opened.expires_at),
    }))
}

/// The form that a member signed 代办签字表单
#[utoipa::path(
    tag = "members",
    security(("admin" = ["member.assist"])),
    params(("id" = Uuid, Path, description = "The session")),
    responses(
        (status = 200, description = "The file, with a link that lives five minutes", body = LinkedFile),
        (status = 404, description = "`NOT_FOUND`: absent, out of scope, or nothing was signed"),
    )
)]
#[get("/v1/admin/assisted-sessions/{id}/form")]
async fn get_assisted_session_form(files: web::Data<Files>, by: Cadre<can::MemberAssist>, id: Id) -> Answer {
    let mut conn = files.core.db.read().await?;
    let form = sessions::form(&mut conn, (by.scope.start(), by.scope.end()), id.0).await?;
    let file = unionhall_files::describe(&mut conn, form).await?;
    Ok(HttpResponse::Ok().json(LinkedFile::of(&files, &file)?))
}
