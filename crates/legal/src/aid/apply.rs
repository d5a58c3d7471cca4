//! Applying, with the clocks of the decision and of the limitation period.

use chrono::{Duration, NaiveDate};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use serde_json::json;
use unionhall_calculators::limitation::arbitration_until;
use unionhall_casework::calendar::Calendar;
use unionhall_casework::clock;
use unionhall_casework::hours::Limit;
use unionhall_casework::reminder;
use unionhall_casework::timeline::{self, Author, NewEntry};
use unionhall_kernel::{Code, Invalid, Problem};
use unionhall_registry::module::{self, Module};
use unionhall_registry::org;
use unionhall_storage::db::constraint;
use unionhall_storage::{Conn, Core, audit, outbox};
use unionhall_web::Actor;
use unionhall_web::actor::EventExt;
use utoipa::ToSchema;
use uuid::Uuid;

use super::case::{Aid, CLAIM, TITLE};
use super::turn::{MOVED, Moved, case};
use super::{ALARM_DAYS, DECIDE, Form, LIMITATION, State};
use crate::lawyer::LegalField;
use crate::party::{self, NewParty};
use crate::schema::{legal_aid as rows, member_standing as standing};
use crate::{attachment, consultation, number};

/// Cases of one member that may be open at a time.
const OPEN: i64 = 5;

/// Why somebody gets aid whom no law exempts from the means test. 申请理由
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = LegalAidGround)]
pub enum Ground {
    /// 追索劳动报酬、工伤待遇，免予核查经济困难状况
    Exempt,
    /// 经济困难
    Hardship,
    /// 有证据证明合法权益受到严重侵害
    Infringement,
}

impl Ground {
    /// The word in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exempt => "exempt",
            Self::Hardship => "hardship",
            Self::Infringement => "infringement",
        }
    }
}

/// An application.
#[derive(Debug, Clone)]
pub struct NewAid {
    /// The member's question it comes from.
    pub consultation: Option<Uuid>,
    /// About what.
    pub category: LegalField,
    /// How a lawyer is to help.
    pub form: Form,
    /// What the member says beside an exemption.
    pub ground: Option<Ground>,
    /// In short.
    pub title: String,
    /// What happened and what is wanted.
    pub claim: String,
    /// What is claimed, fen.
    pub claimed_fen: Option<i64>,
    /// When the member knew of the breach.
    pub known_on: NaiveDate,
    /// When the job ended.
    pub employment_ended_on: Option<NaiveDate>,
    /// The day of the hearing.
    pub hearing_on: Option<NaiveDate>,
    /// Everybody else it is about.
    pub parties: Vec<NewParty>,
    /// Papers.
    pub files: Vec<Uuid>,
    /// For the legal officers alone; harassment always is.
    pub sensitive: bool,
}

impl NewAid {
    // Claims for wages and for work injury take no means test (工会法律援助办法; 法律援助法 42).
    fn ground(&self) -> Result<Ground, Problem> {
        match (self.category, self.ground) {
            (LegalField::Wages | LegalField::WorkInjury, None | Some(Ground::Exempt)) => Ok(Ground::Exempt),
            (_, Some(given @ (Ground::Hardship | Ground::Infringement))) => Ok(given),
            (_, Some(Ground::Exempt)) => Err(Problem::invalid(
                "/ground",
                Invalid::new("NOT_EXEMPT", "仅追索劳动报酬、工伤待遇免予核查经济困难状况。"),
            )),
            (_, None) => {
                let missing = Invalid::new("REQUIRED", "请选择申请理由：经济困难或权益受到严重侵害。");
                Err(Problem::invalid("/ground", missing))
            }
        }
    }
}

/// Applies for aid at the county of the member's union. Parties of the question it comes from are taken over.
///
/// # Errors
/// `NOT_ELIGIBLE` without a membership; `MODULE_CLOSED`; `APPLICATION_OPEN` when the question led to a case already, or for the
/// sixth that is open; `VALIDATION_FAILED` for a ground that does not hold, files and questions that are none.
pub async fn apply(
    core: &Core,
    tx: &mut Conn,
    actor: &Actor,
    (account, person): (Uuid, Uuid),
    new: &NewAid,
) -> Result<Aid, Problem> {
    let member: Option<String> = standing::table
        .filter(standing::person_id.eq(person).and(standing::state.ne("ENDED")))
        .select(standing::path)
        .first(tx)
        .await
        .optional()?;
    let member = member.ok_or_else(|| Problem::new(Code::NotEligible).with("rule", "membership"))?;
    module::require(tx, &member, Module::Legal, core.today()).await?;
    let ground = new.ground()?;
    let host = org::federation_above(tx, &member).await?;
    let host = host.ok_or_else(|| Problem::internal("a union below no federation"))?;
    if super::matters(tx, person).await?.len() as i64 >= OPEN {
        return Err(Problem::new(Code::ApplicationOpen).with_detail("您在办的法律援助已达5件。"));
    }
    let (id, now, calendar) = (core.id(), core.now(), Calendar::load(tx).await?);
    let limitation = arbitration_until(
        &calendar,
        new.known_on,
        new.category == LegalField::Wages,
        new.employment_ended_on,
    );
    if let Some(question) = new.consultation {
        consultation::to_aid(core, tx, actor, (person, question)).await?;
    }
    let entered: Result<Aid, Problem> = diesel::insert_into(rows::table)
        .values((
            (rows::id.eq(id), rows::number.eq(number::new(core)), rows::person_id.eq(person)),
            rows::consultation_id.eq(new.consultation),
            (rows::org_id.eq(host.id), rows::path.eq(&host.path), rows::origin_path.eq(&host.path)),
            rows::category.eq(new.category.as_str()),
            rows::sensitive.eq(new.sensitive || new.category == LegalField::Harassment),
            (rows::ground.eq(ground.as_str()), rows::form.eq(new.form.as_str())),
            rows::title.eq(core.sealer.seal_text(TITLE, id, &new.title)?),
            rows::claim.eq(core.sealer.seal_text(CLAIM, id, &new.claim)?),
            (rows::claimed_fen.eq(new.claimed_fen), rows::limitation_on.eq(limitation)),
            (rows::hearing_on.eq(new.hearing_on), rows::state.eq(State::Applied.as_str())),
            rows::applied_at.eq(now),
        ))
        .returning(Aid::as_returning())
        .get_result(tx)
        .await
        .map_err(|error| {
            let problem = Problem::from(error);
            match constraint(&problem) {
                Some("legal_aid_consultation") => Problem::new(Code::ApplicationOpen),
                _ => problem,
            }
        });
    let entered = entered?;
    party::enter(core, tx, (id, person), &new.parties).await?;
    if let Some(question) = new.consultation {
        party::inherit(core, tx, (question, id)).await?;
    }
    let entry = NewEntry {
        public: true,
        what: "applied",
        author: Author::Member(person),
        state: Some(State::Applied.as_str()),
        text: Some(&new.claim),
    };
    let seq = timeline::append(core, tx, case(id), entry).await?;
    attachment::attach(core, tx, (account, case(id)), seq, &new.files).await?;
    begin(core, tx, &calendar, &entered).await?;
    let object = ("legal_aid", Some(id));
    let event = actor.event(core.id(), now, Some(&host.path), "legal_aid.apply", object).about(person);
    audit::append(tx, &event.changes(json!({"category": new.category, "ground": ground, "form": new.form})))
        .await?;
    let news = Moved { id: core.id(), aid_id: id, person_id: person, state: State::Applied };
    outbox::publish(tx, news.id, now, MOVED, &news).await?;
    Ok(entered)
}

// The law's seven days run from the application on; the house's two working days are for looking it through.
async fn begin(core: &Core, tx: &mut Conn, calendar: &Calendar, of: &Aid) -> Result<(), Problem> {
    clock::start(core, tx, calendar, case(of.id), (DECIDE, Limit::CalendarDays(7))).await?;
    if let (Some(name), Some(limit)) = (State::Applied.clock(), State::Applied.limit()) {
        clock::start(core, tx, calendar, case(of.id), (name, limit)).await?;
    }
    let Some(last) = of.limitation_on.filter(|last| *last >= core.today()) else { return Ok(()) };
    clock::start(core, tx, calendar, case(of.id), (LIMITATION, Limit::Until(last))).await?;
    let before = ALARM_DAYS.map(Duration::days);
    reminder::add(core, tx, case(of.id), (LIMITATION, &before)).await
}
