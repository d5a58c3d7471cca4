//! A resume 简历: what a member says of themself to employers they apply to. Sealed, and shown to nobody but by an application.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use serde_json::json;
use unionhall_kernel::Problem;
use unionhall_storage::{Conn, Core, Sealer, audit};
use unionhall_web::Actor;
use unionhall_web::actor::EventExt;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::contact;
use crate::schema::job_resume as table;

const BODY: &str = "job_resume.body";

/// A place somebody worked at. 工作经历
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ResumeExperience)]
pub struct Experience {
    /// 单位
    #[schema(min_length = 1, max_length = 60, example = "洛阳某轴承厂")]
    pub employer: String,
    /// 岗位
    #[schema(min_length = 1, max_length = 60, example = "车工")]
    pub title: String,
    /// 起止与内容: up to 500 characters.
    #[schema(max_length = 500, example = "2019年至2024年，加工轴承套圈。")]
    pub description: String,
}

/// What a resume says. 简历
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ResumeContent)]
pub struct Content {
    /// 求职意向: 2 to 60 characters.
    #[schema(min_length = 2, max_length = 60, example = "数控车床操作工")]
    pub headline: String,
    /// 学历
    #[schema(max_length = 60, example = "中专")]
    pub education: String,
    /// 技能与证书
    #[schema(max_length = 500, example = "车工三级")]
    pub skills: String,
    /// 自我介绍
    #[schema(max_length = 1000, example = "吃苦耐劳。")]
    pub about: String,
    /// 工作经历
    #[schema(max_items = 20)]
    pub experiences: Vec<Experience>,
}

impl Content {
    /// The same with every contact hidden, for whoever does not know yet who it is.
    #[must_use]
    pub fn without_contacts(self) -> Self {
        let Self { headline, education, skills, about, experiences } = self;
        let hidden = |text: String| contact::hidden(&text);
        let experiences = experiences.into_iter().map(|Experience { employer, title, description }| {
            Experience { employer: hidden(employer), title: hidden(title), description: hidden(description) }
        });
        Self {
            headline: hidden(headline),
            education: hidden(education),
            skills: hidden(skills),
            about: hidden(about),
            experiences: experiences.collect(),
        }
    }
}

/// A resume.
#[derive(Debug, Clone)]
pub struct Resume {
    /// What it says.
    pub content: Content,
    /// Credit codes of employers who are not to see it.
    pub blocked: Vec<String>,
    /// When it was written last.
    pub changed_at: DateTime<Utc>,
}

/// Somebody's resume.
///
/// # Errors
/// `NOT_FOUND` when there is none.
pub async fn get(sealer: &Sealer, conn: &mut Conn, person: Uuid) -> Result<Resume, Problem> {
    let row = table::table.find(person).select((table::body, table::blocked, table::changed_at));
    opened(sealer, person, row.first(conn).await.optional()?)
}

/// Somebody's resume, of which nobody else makes anything until the transaction ends.
///
/// # Errors
/// As [`get`].
pub(crate) async fn held(sealer: &Sealer, tx: &mut Conn, person: Uuid) -> Result<Resume, Problem> {
    let row = table::table.find(person).select((table::body, table::blocked, table::changed_at));
    opened(sealer, person, row.for_update().first(tx).await.optional()?)
}

type Row = (Vec<u8>, Vec<String>, DateTime<Utc>);

fn opened(sealer: &Sealer, person: Uuid, row: Option<Row>) -> Result<Resume, Problem> {
    let (body, blocked, changed_at) = row.ok_or_else(Problem::not_found)?;
    let content = serde_json::from_slice(&sealer.open(BODY, person, &body)?)?;
    Ok(Resume { content, blocked, changed_at })
}

/// Writes somebody's resume. Applications that were handed in keep what it said then.
///
/// # Errors
/// `INTERNAL` when the row cannot be written.
pub async fn put(
    core: &Core,
    actor: &Actor,
    person: Uuid,
    content: &Content,
    blocked: &[String],
) -> Result<Resume, Problem> {
    let now = core.now();
    let body = core.sealer.seal(BODY, person, &serde_json::to_vec(content)?)?;
    core.db
        .write(async |tx| {
            let values = (table::body.eq(&body), table::blocked.eq(blocked), table::changed_at.eq(now));
            diesel::insert_into(table::table)
                .values((table::person_id.eq(person), values))
                .on_conflict(table::person_id)
                .do_update()
                .set(values)
                .execute(tx)
                .await?;
            let event = actor.event(core.id(), now, None, "job_resume.put", ("job_resume", Some(person)));
            audit::append(tx, &event.changes(json!({"blocked": blocked.len()})).about(person)).await
        })
        .await?;
    Ok(Resume { content: content.clone(), blocked: blocked.to_vec(), changed_at: now })
}
