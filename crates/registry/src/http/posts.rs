//! `/v1/admin/invitations` and `/v1/admin/posts`.

use actix_web::{HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use unionhall_identity::Identity;
use unionhall_kernel::document::Entry;
use unionhall_kernel::{Document, Fields, IdType, Invalid, Mobile, PersonName, Pii, mask};
use unionhall_web::{
    Answer, App, Body, Cadre, Id, IfMatch, IfMatchHeader, Listing, PageBody, ReasonBody, RoleName, can, etag,
    wire,
};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::invite::{self, Invitation};
use crate::post::{self as posts, PostView};
use crate::recover::{self, Lost};

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(create_invitation)
        .service(list_posts)
        .service(get_post)
        .service(revoke_post)
        .service(recover_cadre);
}

/// A post. 任职
#[derive(Debug, Serialize, ToSchema)]
struct PostDto {
    /// Its id.
    id: Uuid,
    /// The natural person.
    person_id: Uuid,
    /// Their name, masked.
    #[schema(example = "李*国")]
    name: String,
    /// 工会
    union_id: Uuid,
    /// 工会名称
    union_name: String,
    /// 职务
    role: RoleName,
    /// From when.
    valid_from: String,
    /// Until when; open when null.
    valid_to: Option<String>,
    /// When it was revoked.
    revoked_at: Option<String>,
}

impl From<PostView> for PostDto {
    fn from(post: PostView) -> Self {
        let PostView { id, person, name, org, org_name, path: _, role, from, to, revoked_at, version: _ } =
            post;
        Self {
            id,
            person_id: person,
            name: mask::name(&name),
            union_id: org,
            union_name: org_name,
            role,
            valid_from: wire::instant(from),
            valid_to: to.map(wire::instant),
            revoked_at: revoked_at.map(wire::instant),
        }
    }
}

/// An invitation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewInvitation {
    /// 姓名
    #[schema(value_type = PersonName, example = "李建国")]
    name: Pii<String>,
    /// 证件类型
    id_type: IdType,
    /// 证件号码
    #[schema(value_type = Document, example = "410102194912319982")]
    id_number: Pii<String>,
    /// 手机; the invitation goes there, and not to an account that is there already.
    #[schema(value_type = Mobile, example = "13800138000")]
    mobile: Pii<String>,
    /// Login name of a new account: 3 to 64 letters, digits, `.`, `_`, `-`.
    #[schema(pattern = "^[A-Za-z0-9._-]{3,64}$", example = "zhongyuan.lijianguo")]
    username: String,
    /// In which union; in scope.
    union_id: Uuid,
    /// As what.
    role: RoleName,
    /// What they may grant in turn; granted by the security administrator alone.
    #[schema(max_items = 16)]
    #[serde(default)]
    ceiling: Vec<RoleName>,
}

fn parse_username(username: &str) -> Result<String, Invalid> {
    let plain = username.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
    if (3..=64).contains(&username.len()) && plain {
        Ok(username.to_owned())
    } else {
        Err(Invalid::new("USERNAME_FORMAT", "用户名须为3至64位字母、数字或._-。"))
    }
}

/// Invite a cadre 邀请干部
#[utoipa::path(
    tag = "posts",
    security(("admin" = ["post.grant"])),
    request_body = NewInvitation,
    responses(
        (status = 201, description = "Granted. Whoever has no account is invited by SMS and activates one with the mobile; an account that is there keeps its login name and mobile, and where the post takes TOTP and it has none, the post waits until it enrols (activate, with the password it has)", body = PostDto),
        (status = 403, description = "`GRANT_EXCEEDS_CEILING`, `NOT_ANOTHER_PERSON`, `FORBIDDEN`"),
        (status = 404, description = "`NOT_FOUND`: the union is absent or out of scope"),
        (status = 409, description = "`ALREADY_EXISTS`: login name, mobile, post, or the document under another name"),
    )
)]
#[post("/v1/admin/invitations")]
async fn create_invitation(
    identity: web::Data<Identity>,
    by: Cadre<can::PostGrant>,
    body: Body<NewInvitation>,
) -> Answer {
    let mut fields = Fields::new();
    let today = identity.core.today();
    let name = fields.take("/name", PersonName::parse(body.name.expose()));
    let document = Document::parse(body.id_type, body.id_number.expose(), today, Entry::Person);
    let document = fields.take("/id_number", document);
    let mobile = fields.take("/mobile", Mobile::parse(body.mobile.expose()));
    let username = fields.take("/username", parse_username(&body.username));
    let (Some(name), Some(document), Some(mobile), Some(username)) = (name, document, mobile, username)
    else {
        return Err(fields.problem().into());
    };
    let invitation = Invitation {
        name,
        document,
        mobile,
        username,
        union: body.union_id,
        role: body.role,
        ceiling: body.ceiling.clone(),
        to: None,
    };
    let post = invite::invite(&identity, &by.actor, &by.scope, &by.role, &invitation).await?;
    let location = format!("/v1/admin/posts/{}", post.id);
    Ok(HttpResponse::Created().insert_header(("location", location)).json(PostDto::from(post)))
}

/// Posts of the scope 任职列表
#[utoipa::path(
    tag = "posts",
    security(("admin" = ["post.read"])),
    params(Listing),
    responses((status = 200, description = "Live ones, in tree order", body = PageBody<PostDto>))
)]
#[get("/v1/admin/posts")]
async fn list_posts(app: web::Data<App>, by: Cadre<can::PostRead>, listing: Listing) -> Answer {
    let limit = listing.limit()?;
    let binding = format!("posts|{}", by.scope.start());
    let after: Option<(String, Uuid)> = listing.after(&app, &binding)?;
    let page = posts::list(&mut *app.db.read().await?, &by.scope, after.as_ref(), limit).await?;
    let key = |p: &PostView| (p.path.clone(), p.id);
    Ok(HttpResponse::Ok().json(PageBody::of(&app, &binding, page, key, |p| Ok(PostDto::from(p)))?))
}

/// One post 任职
#[utoipa::path(
    tag = "posts",
    security(("admin" = ["post.read"])),
    params(("id" = Uuid, Path, description = "The post")),
    responses((status = 200, description = "The post, with its ETag", body = PostDto))
)]
#[get("/v1/admin/posts/{id}")]
async fn get_post(app: web::Data<App>, by: Cadre<can::PostRead>, id: Id) -> Answer {
    let post = posts::get(&mut *app.db.read().await?, &by.scope, id.0).await?;
    Ok(etag::tagged(post.version, &PostDto::from(post)))
}

/// Revoke a post 撤销任职
#[utoipa::path(
    tag = "posts",
    security(("admin" = ["post.grant"])),
    params(("id" = Uuid, Path, description = "The post"), IfMatchHeader),
    request_body = ReasonBody,
    responses(
        (status = 200, description = "Revoked: its tokens are refused within seconds", body = PostDto),
        (status = 403, description = "`GRANT_EXCEEDS_CEILING`, `FORBIDDEN`"),
        (status = 409, description = "`INVALID_STATE`: revoked already"),
    )
)]
#[post("/v1/admin/posts/{id}/revoke")]
async fn revoke_post(
    identity: web::Data<Identity>,
    by: Cadre<can::PostGrant>,
    id: Id,
    version: IfMatch,
    body: Body<ReasonBody>,
) -> Answer {
    let reason = body.parse()?;
    let check = |current| version.check(current);
    let post = invite::revoke(&identity, &by.actor, &by.scope, &by.role, id.0, check, reason).await?;
    Ok(etag::tagged(post.version, &PostDto::from(post)))
}

/// What the cadre has lost. 遗失情形
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum LostWhat {
    /// The bound phones; for posts below the county. 绑定的手机
    Device,
    /// The password or the TOTP secret. 密码或动态口令
    Login,
}

/// What was lost, and why it is believed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CadreRecovery {
    /// 遗失情形
    lost: LostWhat,
    /// How it was made sure who asks: 2 to 200 characters.
    #[schema(min_length = 2, max_length = 200, example = "本人到场，核对证件")]
    reason: String,
}

/// Let a cadre in again 找回干部账号
///
/// Whoever may grant every post that the account holds. After `device` the next login binds its own phone; after `login` the
/// cadre activates anew (`POST /v1/auth/activate`) with a code to the mobile on record. They are told by SMS.
#[utoipa::path(
    tag = "posts",
    security(("admin" = ["post.grant"])),
    params(("id" = Uuid, Path, description = "A post of theirs"), IfMatchHeader),
    request_body = CadreRecovery,
    responses(
        (status = 200, description = "What stood in the way is gone, and so are all sessions", body = PostDto),
        (status = 403, description = "`GRANT_EXCEEDS_CEILING`, `NOT_ANOTHER_PERSON`, `FORBIDDEN`"),
        (status = 409, description = "`INVALID_STATE`: a revoked post, or an account that was never activated"),
    )
)]
#[post("/v1/admin/posts/{id}/recover")]
async fn recover_cadre(
    identity: web::Data<Identity>,
    by: Cadre<can::PostGrant>,
    id: Id,
    version: IfMatch,
    body: Body<CadreRecovery>,
) -> Answer {
    let mut fields = Fields::new();
    let Some(reason) = fields.take("/reason", wire::parse_reason(&body.reason)) else {
        return Err(fields.problem().into());
    };
    let lost = match body.lost {
        LostWhat::Device => Lost::Device,
        LostWhat::Login => Lost::Login,
    };
    let check = |current| version.check(current);
    let by_whom = (&by.scope, &by.role);
    let post = recover::recover(&identity, &by.actor, by_whom, id.0, check, (lost, reason)).await?;
    Ok(etag::tagged(post.version, &PostDto::from(post)))
}
