//! What the lawyer of a case does.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use unionhall_casework::timeline::Author;
use unionhall_kernel::{Code, Problem};
use unionhall_storage::{Conn, Core};
use unionhall_web::Actor;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Action;
use super::case::{Aid, lock};
use super::turn::{Sets, Turn, case, turn};
use crate::schema::legal_conflict as conflicts;
use crate::{attachment, directory, tried};

/// What came of a case. 办理结果
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[schema(as = LegalAidOutcome)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// 胜诉
    Won,
    /// 部分胜诉
    PartlyWon,
    /// 调解、和解
    Settled,
    /// 败诉
    Lost,
    /// 文书已代写
    Drafted,
    /// 其他
    Other,
}

impl Outcome {
    /// The word in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Won => "won",
            Self::PartlyWon => "partly_won",
            Self::Settled => "settled",
            Self::Lost => "lost",
            Self::Drafted => "drafted",
            Self::Other => "other",
        }
    }
}

/// A report.
#[derive(Debug, Clone)]
pub struct Report {
    /// What came of it.
    pub outcome: Outcome,
    /// What the member got, fen.
    pub recovered_fen: i64,
    /// In words.
    pub text: String,
    /// The award, the judgment, the agreement.
    pub files: Vec<Uuid>,
}

/// A lawyer: as what the room knows them, the natural person, and the account that uploads files.
#[derive(Debug, Clone, Copy)]
pub struct Who<'a> {
    /// For audit rows.
    pub actor: &'a Actor,
    /// The lawyer.
    pub lawyer: Uuid,
    /// The natural person.
    pub person: Uuid,
    /// The account.
    pub account: Uuid,
}

impl Who<'_> {
    // A case the lawyer has and may have, locked.
    async fn take(self, tx: &mut Conn, id: Uuid) -> Result<Aid, Problem> {
        let found = lock(tx, id).await?;
        let wall =
            conflicts::table.filter(conflicts::case_id.eq(id).and(conflicts::lawyer_id.eq(self.lawyer)));
        let walled: bool = diesel::select(diesel::dsl::exists(wall)).get_result(tx).await?;
        match found.lawyer_id == Some(self.lawyer) && !walled {
            true => Ok(found),
            false => Err(Problem::not_found()),
        }
    }

    const fn author(self) -> Author {
        Author::Lawyer(self.person)
    }
}

/// The lawyer takes the case.
///
/// # Errors
/// `NOT_FOUND` unless it is theirs and they may have it; `INVALID_STATE`.
pub async fn accept(core: &Core, tx: &mut Conn, who: Who<'_>, id: Uuid) -> Result<Aid, Problem> {
    let found = who.take(tx, id).await?;
    // Who was suspended meanwhile, or whose licence ended, may give it back and nothing else.
    if directory::listed(core, tx, who.lawyer).await.is_err() {
        return Err(Problem::new(Code::InvalidState).with_detail("您目前不能承办案件，请退回。"));
    }
    let step = Turn { author: who.author(), ..Turn::of(Action::Accept) };
    Ok(turn(core, tx, who.actor, &found, step).await?.0)
}

/// The lawyer gives it back; another is named.
///
/// # Errors
/// As [`accept`].
pub async fn recuse(
    core: &Core,
    tx: &mut Conn,
    who: Who<'_>,
    (id, reason): (Uuid, &str),
) -> Result<(), Problem> {
    let found = who.take(tx, id).await?;
    let action = Action::Recuse { decided: found.is_decided() };
    let sets = Sets { lawyer_id: Some(None), ..Sets::default() };
    let step = Turn { author: who.author(), text: Some(reason), sets, ..Turn::of(action) };
    turn(core, tx, who.actor, &found, step).await?;
    tried::remember(tx, id, who.lawyer, "recused", core.now()).await
}

/// The lawyer writes to the member.
///
/// # Errors
/// As [`accept`]; `VALIDATION_FAILED` for files that are none.
pub async fn say(
    core: &Core,
    tx: &mut Conn,
    who: Who<'_>,
    (id, text, files): (Uuid, &str, &[Uuid]),
) -> Result<Aid, Problem> {
    let found = who.take(tx, id).await?;
    let step = Turn { author: who.author(), text: Some(text), ..Turn::of(Action::Say) };
    let (said, seq) = turn(core, tx, who.actor, &found, step).await?;
    attachment::attach(core, tx, (who.account, case(id)), seq, files).await?;
    Ok(said)
}

/// The lawyer reports what came of it.
///
/// # Errors
/// As [`say`].
pub async fn report(
    core: &Core,
    tx: &mut Conn,
    who: Who<'_>,
    (id, report): (Uuid, &Report),
) -> Result<Aid, Problem> {
    let found = who.take(tx, id).await?;
    let sets = Sets {
        outcome: Some(report.outcome.as_str()),
        recovered_fen: Some(report.recovered_fen),
        ..Sets::default()
    };
    let step = Turn { author: who.author(), text: Some(&report.text), sets, ..Turn::of(Action::Report) };
    let (reported, seq) = turn(core, tx, who.actor, &found, step).await?;
    attachment::attach(core, tx, (who.account, case(id)), seq, &report.files).await?;
    Ok(reported)
}
