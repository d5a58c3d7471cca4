//! What this room holds about somebody, for their own copy of it (PIPL, art. 45): in full, so it is made only for who
//! proves once more to be the one.

mod acting;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::Serialize;
use unionhall_kernel::{Code, IdType, Problem};
use unionhall_storage::{Conn, Core};
use unionhall_web::Realm;
use unionhall_web::wire::{COPIED, Copied, instant};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::person::NUMBER;
use crate::schema::{account, account_device, consent, person, person_document, session};
use crate::settings::{self, UiMode};
use crate::{account as accounts, closing, person as persons, wechat};
use acting::{AssistCopy, DelegationCopy};

/// The account. 账号
#[derive(Debug, Serialize, ToSchema)]
struct AccountCopy {
    id: Uuid,
    /// 手机
    #[schema(example = "13800138000")]
    mobile: Option<String>,
    /// 实名等级
    level: u8,
    created_at: String,
    /// 微信绑定时间, where a WeChat user is bound.
    wechat_bound_at: Option<String>,
    /// 注销日期, where it was asked for.
    closes_on: Option<NaiveDate>,
    /// 界面模式
    ui_mode: UiMode,
}

/// Another account of the same person: only that it is there. 其他账号
#[derive(Debug, Serialize, ToSchema)]
struct OtherAccountCopy {
    realm: Realm,
    #[schema(example = "ACTIVE")]
    state: String,
    created_at: String,
}

/// A document. 证件
#[derive(Debug, Serialize, ToSchema)]
struct DocumentCopy {
    id_type: IdType,
    #[schema(example = "410102194912319982")]
    number: String,
    /// Whether it is the present one.
    current: bool,
    recorded_at: String,
}

/// The natural person. 自然人
#[derive(Debug, Serialize, ToSchema)]
struct PersonCopy {
    id: Uuid,
    #[schema(example = "王小明")]
    name: String,
    /// 性别
    #[schema(example = "男")]
    sex: Option<&'static str>,
    birth_date: Option<NaiveDate>,
    recorded_at: String,
    documents: Copied<DocumentCopy>,
}

/// A login. 登录记录
#[derive(Debug, Serialize, ToSchema)]
struct SessionCopy {
    id: Uuid,
    device_id: Option<String>,
    platform: Option<String>,
    created_at: String,
    refreshed_at: String,
    ended_at: Option<String>,
    ended_reason: Option<String>,
}

/// A device. 设备
#[derive(Debug, Serialize, ToSchema)]
struct DeviceCopy {
    device_id: String,
    platform: String,
    bound_at: String,
    last_seen_at: String,
}

/// An agreement. 授权同意
#[derive(Debug, Serialize, ToSchema)]
struct ConsentCopy {
    document: String,
    version: String,
    given_at: String,
    withdrawn_at: Option<String>,
    channel: String,
}

/// What identity holds. 账号与身份
#[derive(Debug, Serialize, ToSchema)]
pub struct IdentityCopy {
    account: AccountCopy,
    /// Null at level 0.
    person: Option<PersonCopy>,
    other_accounts: Copied<OtherAccountCopy>,
    sessions: Copied<SessionCopy>,
    devices: Copied<DeviceCopy>,
    consents: Copied<ConsentCopy>,
    /// 家属委托, from either side.
    delegations: Copied<DelegationCopy>,
    /// 代办记录: sessions in which others acted for me.
    assisted: Copied<AssistCopy>,
}

/// Copies what identity holds about an account and its person.
///
/// # Errors
/// `INTERNAL` when a sealed value does not open.
pub async fn copy(core: &Core, conn: &mut Conn, id: Uuid) -> Result<IdentityCopy, Problem> {
    let own = accounts::get(conn, id).await?.ok_or_else(|| Problem::new(Code::Unauthenticated))?;
    let created_at: DateTime<Utc> = account::table.find(id).select(account::created_at).first(conn).await?;
    let mobile = own.mobile(&core.sealer)?.map(|mobile| mobile.national().to_owned());
    let closes_on = closing::of(conn, id).await?.map(|asked| asked.closes_on);
    let (level, created_at) = (own.level, instant(created_at));
    let wechat_bound_at = wechat::bound_at(conn, id).await?.map(instant);
    let ui_mode = settings::ui_mode(conn, id).await?;
    let (person, other_accounts, assisted) = match own.person {
        Some(person) => (
            Some(person_of(core, conn, person).await?),
            others(conn, person, id).await?,
            acting::assisted(conn, person).await?,
        ),
        None => (None, Copied::none(), Copied::none()),
    };
    Ok(IdentityCopy {
        account: AccountCopy { id, mobile, level, created_at, wechat_bound_at, closes_on, ui_mode },
        person,
        other_accounts,
        sessions: sessions(conn, id).await?,
        devices: devices(conn, id).await?,
        consents: consents(conn, id).await?,
        delegations: acting::delegations(core, conn, id).await?,
        assisted,
    })
}

async fn person_of(core: &Core, conn: &mut Conn, id: Uuid) -> Result<PersonCopy, Problem> {
    let (name, sex, recorded): (String, Option<i16>, DateTime<Utc>) =
        person::table.find(id).select((person::name, person::sex, person::created_at)).first(conn).await?;
    let rows: Vec<(Uuid, String, Vec<u8>, bool, DateTime<Utc>)> = person_document::table
        .filter(person_document::person_id.eq(id))
        .order(person_document::id.desc())
        .limit(COPIED + 1)
        .select((
            person_document::id,
            person_document::id_type,
            person_document::number,
            person_document::current,
            person_document::created_at,
        ))
        .load(conn)
        .await?;
    let mut documents = Vec::with_capacity(rows.len());
    for (row, id_type, number, current, at) in rows {
        documents.push(DocumentCopy {
            id_type: id_type.parse().map_err(|_| Problem::internal("unknown id_type in the store"))?,
            number: core.sealer.open_text(NUMBER, row, &number)?,
            current,
            recorded_at: instant(at),
        });
    }
    let sex = sex.and_then(|code| match code {
        0 => Some("未知"),
        1 => Some("男"),
        2 => Some("女"),
        9 => Some("未说明"),
        _ => None,
    });
    let birth_date = persons::birth_date(&core.sealer, conn, id).await?;
    let documents = Copied::cut(documents, |document| document);
    Ok(PersonCopy { id, name, sex, birth_date, recorded_at: instant(recorded), documents })
}

// Who holds this account has proved its own mobile, not that of another: names and numbers of others stay out.
async fn others(conn: &mut Conn, person: Uuid, own: Uuid) -> Result<Copied<OtherAccountCopy>, Problem> {
    let rows: Vec<(String, String, DateTime<Utc>)> = account::table
        .filter(account::person_id.eq(person).and(account::id.ne(own)))
        .order(account::id.desc())
        .limit(COPIED + 1)
        .select((account::realm, account::state, account::created_at))
        .load(conn)
        .await?;
    let mut copies = Vec::with_capacity(rows.len());
    for (realm, state, at) in rows {
        copies.push(OtherAccountCopy { realm: realm.parse()?, state, created_at: instant(at) });
    }
    Ok(Copied::cut(copies, |other| other))
}

async fn sessions(conn: &mut Conn, account: Uuid) -> Result<Copied<SessionCopy>, Problem> {
    type Row = (
        Uuid,
        Option<String>,
        Option<String>,
        DateTime<Utc>,
        DateTime<Utc>,
        Option<DateTime<Utc>>,
        Option<String>,
    );
    let rows: Vec<Row> = session::table
        .filter(session::account_id.eq(account))
        .order(session::id.desc())
        .limit(COPIED + 1)
        .select((
            session::id,
            session::device_id,
            session::platform,
            session::created_at,
            session::rotated_at,
            session::ended_at,
            session::ended_reason,
        ))
        .load(conn)
        .await?;
    Ok(Copied::cut(rows, |(id, device_id, platform, created, refreshed, ended, ended_reason)| SessionCopy {
        id,
        device_id,
        platform,
        created_at: instant(created),
        refreshed_at: instant(refreshed),
        ended_at: ended.map(instant),
        ended_reason,
    }))
}

async fn devices(conn: &mut Conn, account: Uuid) -> Result<Copied<DeviceCopy>, Problem> {
    let rows: Vec<(String, String, DateTime<Utc>, DateTime<Utc>)> = account_device::table
        .filter(account_device::account_id.eq(account))
        .order(account_device::last_seen_at.desc())
        .limit(COPIED + 1)
        .select((
            account_device::device_id,
            account_device::platform,
            account_device::bound_at,
            account_device::last_seen_at,
        ))
        .load(conn)
        .await?;
    Ok(Copied::cut(rows, |(device_id, platform, bound, seen)| DeviceCopy {
        device_id,
        platform,
        bound_at: instant(bound),
        last_seen_at: instant(seen),
    }))
}

async fn consents(conn: &mut Conn, account: Uuid) -> Result<Copied<ConsentCopy>, Problem> {
    let rows: Vec<(String, String, DateTime<Utc>, Option<DateTime<Utc>>, String)> = consent::table
        .filter(consent::account_id.eq(account))
        .order(consent::id.desc())
        .limit(COPIED + 1)
        .select((
            consent::document,
            consent::version,
            consent::given_at,
            consent::withdrawn_at,
            consent::channel,
        ))
        .load(conn)
        .await?;
    Ok(Copied::cut(rows, |(document, version, given, withdrawn, channel)| ConsentCopy {
        document,
        version,
        given_at: instant(given),
        withdrawn_at: withdrawn.map(instant),
        channel,
    }))
}
