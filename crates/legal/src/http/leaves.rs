//! Leave: `/v1/lawyer/leaves`, and what the legal department sees of it.

use actix_web::{HttpResponse, get, post, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use unionhall_web::{Answer, App, Body, Cadre, Empty, Id, Lawyer, Listing, PageBody, can, wire};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::duty::leave::{self, Leave, Whose};

pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(list_own_leaves).service(enter_leave).service(withdraw_leave).service(list_lawyer_leaves);
}

/// Leave to enter, by Shanghai's days. 请假
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewLeave {
    /// First day, today at the earliest. 开始日期
    #[serde(deserialize_with = "wire::dated")]
    from_date: NaiveDate,
    /// Last day; at most 366 days in all. 结束日期
    #[serde(deserialize_with = "wire::dated")]
    to_date: NaiveDate,
}

/// A leave of one's own. 我的请假
#[derive(Debug, Serialize, ToSchema)]
struct OwnLeave {
    /// Its id.
    id: Uuid,
    /// 开始日期
    from_date: NaiveDate,
    /// Last day. 结束日期
    to_date: NaiveDate,
}

impl From<Leave> for OwnLeave {
    fn from(of: Leave) -> Self {
        let Leave { id, lawyer_id: _, from_date, to_date } = of;
        Self { id, from_date, to_date }
    }
}

/// A leave that was entered. 请假结果
#[derive(Debug, Serialize, ToSchema)]
struct EnteredLeave {
    /// The leave.
    #[serde(flatten)]
    leave: OwnLeave,
    /// Published shifts of mine in it: offer them to others, or the legal department gives them on. 受影响班次
    #[schema(minimum = 0, example = 1)]
    shift_count: i64,
}

/// My leave 我的请假
#[utoipa::path(
    tag = "duty",
    security(("lawyer" = ["advise"])),
    params(Listing),
    responses((status = 200, description = "What is not over, by first day", body = PageBody<OwnLeave>))
)]
#[get("/v1/lawyer/leaves")]
async fn list_own_leaves(app: web::Data<App>, me: Lawyer<can::Advise>, listing: Listing) -> Answer {
    let limit = listing.limit()?;
    let binding = format!("own-leaves|{}", me.lawyer);
    let after: Option<(NaiveDate, Uuid)> = listing.after(&app, &binding)?;
    let (mut conn, whose) = (app.db.read().await?, Whose::Lawyer(me.lawyer));
    let page = leave::list(&mut conn, whose, app.today(), after.as_ref(), limit).await?;
    let key = |(leave, _): &(Leave, String)| (leave.from_date, leave.id);
    let item = |(leave, _): (Leave, String)| Ok(OwnLeave::from(leave));
    Ok(HttpResponse::Ok().json(PageBody::of(&app, &binding, page, key, item)?))
}

/// Enter leave 请假
///
/// Published shifts in it are gaps until somebody else has them; the legal department sees them in its list of what waits.
#[utoipa::path(
    tag = "duty",
    security(("lawyer" = ["advise"])),
    request_body = NewLeave,
    responses(
        (status = 201, description = "Entered", body = EnteredLeave),
        (status = 409, description = "`ALREADY_EXISTS`: another leave has one of the days"),
        (status = 422, description = "`VALIDATION_FAILED`: `DATE_PAST` at `/from_date`, `OUT_OF_RANGE` at `/to_date`"),
    )
)]
#[post("/v1/lawyer/leaves")]
async fn enter_leave(app: web::Data<App>, me: Lawyer<can::Advise>, body: Body<NewLeave>) -> Answer {
    let (who, days) = ((&me.actor, me.lawyer), (body.from_date, body.to_date));
    let (made, shift_count) = app.db.write(async |tx| leave::enter(&app, tx, who, days).await).await?;
    Ok(HttpResponse::Created().json(EnteredLeave { leave: made.into(), shift_count }))
}

/// Take my leave back 销假
#[utoipa::path(
    tag = "duty",
    security(("lawyer" = ["advise"])),
    params(("id" = Uuid, Path, description = "The leave")),
    responses(
        (status = 204, description = "I am there"),
        (status = 409, description = "`INVALID_STATE`: it is over"),
    )
)]
#[post("/v1/lawyer/leaves/{id}/withdraw")]
async fn withdraw_leave(app: web::Data<App>, me: Lawyer<can::Advise>, id: Id, _body: Empty) -> Answer {
    let who = (&me.actor, me.lawyer);
    app.db.write(async |tx| leave::withdraw(&app, tx, who, id.0).await).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// A lawyer's leave. 律师请假
#[derive(Debug, Serialize, ToSchema)]
struct LawyerLeave {
    /// Its id.
    id: Uuid,
    /// 律师
    lawyer_id: Uuid,
    /// 姓名
    #[schema(example = "李明")]
    lawyer_name: String,
    /// 开始日期
    from_date: NaiveDate,
    /// Last day. 结束日期
    to_date: NaiveDate,
}

/// Leave of lawyers 律师请假
#[utoipa::path(
    tag = "duty",
    security(("admin" = ["legal.read"])),
    params(Listing),
    responses((status = 200, description = "What is not over, by first day", body = PageBody<LawyerLeave>))
)]
#[get("/v1/admin/lawyer-leaves")]
async fn list_lawyer_leaves(app: web::Data<App>, by: Cadre<can::LegalRead>, listing: Listing) -> Answer {
    let limit = listing.limit()?;
    let binding = format!("lawyer-leaves|{}", by.scope.start());
    let after: Option<(NaiveDate, Uuid)> = listing.after(&app, &binding)?;
    let (mut conn, whose) = (app.db.read().await?, Whose::Scope(&by.scope));
    let page = leave::list(&mut conn, whose, app.today(), after.as_ref(), limit).await?;
    let key = |(leave, _): &(Leave, String)| (leave.from_date, leave.id);
    let item = |(leave, lawyer_name): (Leave, String)| {
        let Leave { id, lawyer_id, from_date, to_date } = leave;
        Ok(LawyerLeave { id, lawyer_id, lawyer_name, from_date, to_date })
    };
    Ok(HttpResponse::Ok().json(PageBody::of(&app, &binding, page, key, item)?))
}
