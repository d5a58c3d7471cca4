//! What this room holds about somebody, for their own copy of it: in full, but for a number that somebody else may have
//! stated in their name.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::Serialize;
use unionhall_kernel::{IdType, Mobile, Problem};
use unionhall_storage::{Conn, Core};
use unionhall_web::wire::{COPIED, Copied, instant};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::correction::{self, Change, Facts};
use crate::join::{self, Application};
use crate::looks::{self, Look};
use crate::membership::{Reason, State};
use crate::mobile_change::MOBILE;
use crate::profile;
use crate::schema::{member_correction, member_mobile_change, member_profile, membership, org, post};

/// A version of a membership. 会籍记录
#[derive(Debug, Serialize, ToSchema)]
struct MembershipCopy {
    union_name: String,
    state: State,
    reason: Option<Reason>,
    valid_from: NaiveDate,
    valid_to: Option<NaiveDate>,
    recorded_at: String,
    /// When we learned that it was otherwise.
    superseded_at: Option<String>,
}

/// A fact on record, in words. 信息项
#[derive(Debug, Serialize, ToSchema)]
struct FactCopy {
    #[schema(example = "employer")]
    field: &'static str,
    #[schema(example = "中原机械厂")]
    value: String,
}

/// What the roster says. 名册信息
#[derive(Debug, Serialize, ToSchema)]
struct ProfileCopy {
    /// 名册手机
    #[schema(example = "13800138000")]
    mobile: Option<String>,
    facts: Vec<FactCopy>,
    updated_at: String,
}

/// A join application. 入会申请
#[derive(Debug, Serialize, ToSchema)]
struct ApplicationCopy {
    union_name: String,
    #[schema(example = "王小明")]
    name: String,
    id_type: IdType,
    #[schema(example = "410102194912319982")]
    id_number: String,
    #[schema(example = "13800138000")]
    mobile: String,
    #[schema(example = "APPROVED")]
    state: &'static str,
    submitted_at: String,
    reason: Option<String>,
}

/// A request for another mobile in this person's name. 换号申请
#[derive(Debug, Serialize, ToSchema)]
struct MobileChangeCopy {
    /// Masked: it may be somebody else's who asked in this person's name.
    #[schema(example = "139****9000")]
    new_mobile: String,
    #[schema(example = "REVIEW")]
    state: String,
    created_at: String,
    decided_at: Option<String>,
}

/// A correction. 更正申请
#[derive(Debug, Serialize, ToSchema)]
struct CorrectionCopy {
    facts: Vec<FactCopy>,
    explanation: String,
    #[schema(example = "APPROVED")]
    state: &'static str,
    created_at: String,
    decided_at: Option<String>,
    reason: Option<String>,
}

/// A post. 任职
#[derive(Debug, Serialize, ToSchema)]
struct PostCopy {
    union_name: String,
    #[schema(example = "officer")]
    role: String,
    from: String,
    to: Option<String>,
    revoked_at: Option<String>,
}

/// Somebody looked. 查看记录
#[derive(Debug, Serialize, ToSchema)]
struct LookCopy {
    at: String,
    #[schema(example = "member.reveal")]
    action: String,
    union_name: Option<String>,
    reason: Option<String>,
}

/// What registry holds. 会籍与名册
#[derive(Debug, Serialize, ToSchema)]
pub struct RegistryCopy {
    /// Null for who is on no roster.
    profile: Option<ProfileCopy>,
    memberships: Copied<MembershipCopy>,
    join_applications: Copied<ApplicationCopy>,
    mobile_changes: Copied<MobileChangeCopy>,
    corrections: Copied<CorrectionCopy>,
    posts: Copied<PostCopy>,
    looks: Copied<LookCopy>,
}

const fn none<T>() -> Copied<T> {
    Copied { items: Vec::new(), more: false }
}

/// Copies what registry holds about an account and its person.
///
/// # Errors
/// `INTERNAL` when a sealed value does not open.
pub async fn copy(
    core: &Core,
    conn: &mut Conn,
    account: Uuid,
    person: Option<Uuid>,
) -> Result<RegistryCopy, Problem> {
    let applications = join::list_own(core, conn, account, COPIED + 1).await?;
    let join_applications = Copied::cut(applications, |a: Application| ApplicationCopy {
        union_name: a.org_name,
        name: a.name,
        id_type: a.id_type,
        id_number: a.id_number,
        mobile: a.mobile.national().to_owned(),
        state: a.state.as_str(),
        submitted_at: instant(a.submitted_at),
        reason: a.reason,
    });
    let Some(person) = person else {
        return Ok(RegistryCopy {
            profile: None,
            memberships: none(),
            join_applications,
            mobile_changes: none(),
            corrections: none(),
            posts: none(),
            looks: none(),
        });
    };
    Ok(RegistryCopy {
        profile: profile_of(core, conn, person).await?,
        memberships: memberships(conn, person).await?,
        join_applications,
        mobile_changes: mobile_changes(core, conn, person).await?,
        corrections: corrections(conn, person).await?,
        posts: posts(conn, person).await?,
        looks: Copied::of(looks::at(conn, person, None, COPIED).await?, |look| {
            let Look { id: _, at, action, union_name, reason } = look;
            LookCopy { at: instant(at), action, union_name, reason }
        }),
    })
}

fn facts(to: &Facts) -> Vec<FactCopy> {
    let all = correction::changes(&Facts::default(), to).into_iter();
    all.map(|Change { field, from: _, to }| FactCopy { field, value: to }).collect()
}

async fn profile_of(core: &Core, conn: &mut Conn, person: Uuid) -> Result<Option<ProfileCopy>, Problem> {
    let row: Option<(Option<Vec<u8>>, serde_json::Value, DateTime<Utc>)> = member_profile::table
        .find(person)
        .select((member_profile::roster_mobile, member_profile::details, member_profile::updated_at))
        .first(conn)
        .await
        .optional()?;
    let Some((mobile, details, updated)) = row else { return Ok(None) };
    let mobile = mobile.map(|m| profile::open_mobile(&core.sealer, person, &m)).transpose()?.flatten();
    Ok(Some(ProfileCopy {
        mobile: mobile.map(|m| m.national().to_owned()),
        facts: facts(&Facts::of(details)?),
        updated_at: instant(updated),
    }))
}

async fn memberships(conn: &mut Conn, person: Uuid) -> Result<Copied<MembershipCopy>, Problem> {
    type Row =
        (String, String, Option<String>, NaiveDate, Option<NaiveDate>, DateTime<Utc>, Option<DateTime<Utc>>);
    let rows: Vec<Row> = membership::table
        .inner_join(org::table.on(org::id.eq(membership::org_id)))
        .filter(membership::person_id.eq(person))
        .order(membership::recorded_at.desc())
        .limit(COPIED + 1)
        .select((
            org::name,
            membership::state,
            membership::reason,
            membership::valid_from,
            membership::valid_to,
            membership::recorded_at,
            membership::superseded_at,
        ))
        .load(conn)
        .await?;
    let mut copies = Vec::with_capacity(rows.len());
    for (union_name, state, reason, valid_from, valid_to, recorded, superseded) in rows {
        copies.push(MembershipCopy {
            union_name,
            state: State::parse(&state)?,
            reason: reason.as_deref().and_then(Reason::parse),
            valid_from,
            valid_to,
            recorded_at: instant(recorded),
            superseded_at: superseded.map(instant),
        });
    }
    Ok(Copied::cut(copies, |version| version))
}

async fn mobile_changes(
    core: &Core,
    conn: &mut Conn,
    person: Uuid,
) -> Result<Copied<MobileChangeCopy>, Problem> {
    use member_mobile_change as change;
    let rows: Vec<(Uuid, Vec<u8>, String, DateTime<Utc>, Option<DateTime<Utc>>)> = change::table
        .filter(change::person_id.eq(person))
        .order(change::id.desc())
        .limit(COPIED + 1)
        .select((change::id, change::mobile, change::state, change::created_at, change::decided_at))
        .load(conn)
        .await?;
    let mut copies = Vec::with_capacity(rows.len());
    for (id, mobile, state, created, decided) in rows {
        let mobile = Mobile::parse(&core.sealer.open_text(MOBILE, id, &mobile)?);
        let mobile = mobile.map_err(|_| Problem::internal("a stored mobile is none"))?;
        copies.push(MobileChangeCopy {
            new_mobile: mobile.masked(),
            state,
            created_at: instant(created),
            decided_at: decided.map(instant),
        });
    }
    Ok(Copied::cut(copies, |change| change))
}

async fn corrections(conn: &mut Conn, person: Uuid) -> Result<Copied<CorrectionCopy>, Problem> {
    let rows: Vec<correction::Correction> = member_correction::table
        .filter(member_correction::person_id.eq(person))
        .order(member_correction::id.desc())
        .limit(COPIED + 1)
        .select(correction::Correction::as_select())
        .load(conn)
        .await?;
    let mut copies = Vec::with_capacity(rows.len());
    for row in rows {
        copies.push(CorrectionCopy {
            facts: facts(&row.facts()?),
            state: row.state().as_str(),
            created_at: instant(row.created_at),
            decided_at: row.decided_at.map(instant),
            explanation: row.explanation,
            reason: row.reason,
        });
    }
    Ok(Copied::cut(copies, |correction| correction))
}

async fn posts(conn: &mut Conn, person: Uuid) -> Result<Copied<PostCopy>, Problem> {
    type Row = (String, String, DateTime<Utc>, Option<DateTime<Utc>>, Option<DateTime<Utc>>);
    let rows: Vec<Row> = post::table
        .inner_join(org::table.on(org::id.eq(post::org_id)))
        .filter(post::person_id.eq(person))
        .order(post::id.desc())
        .limit(COPIED + 1)
        .select((org::name, post::role, post::valid_from, post::valid_to, post::revoked_at))
        .load(conn)
        .await?;
    Ok(Copied::cut(rows, |(union_name, role, from, to, revoked)| PostCopy {
        union_name,
        role,
        from: instant(from),
        to: to.map(instant),
        revoked_at: revoked.map(instant),
    }))
}
