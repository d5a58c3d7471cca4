//! What a posting is judged by before anybody looks at it: the lexicon and the minimum wage of its region, as of a day.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use sha2::{Digest as _, Sha256};
use unionhall_kernel::{Fields, Invalid, Problem, division};
use unionhall_storage::Conn;

use super::lint::{self, Hit, Phrase};
use super::pay::{self, MinimumWage};
use super::{EmploymentType, Terms};
use crate::schema::{job_lexicon as lexicon, job_minimum_wage as wage, job_wage_class as class};

/// The class of a region that has none of its own or above it.
const LOWEST_CLASS: i16 = 3;
/// The province whose classes these are.
const PROVINCE: &str = "41";
/// What whoever reviews is told of pay elsewhere: other provinces' minimum wages are not entered here, and an unknown one
/// refuses nobody.
const UNKNOWN_WAGE: &str = "工作地在省外，请核对当地最低工资标准";

async fn phrases(conn: &mut Conn, today: NaiveDate) -> Result<Vec<Phrase>, Problem> {
    let newest: Option<i32> = lexicon::table
        .filter(lexicon::from_date.le(today))
        .select(diesel::dsl::max(lexicon::version))
        .first(conn)
        .await?;
    let rows: Vec<(String, String, Vec<String>)> = lexicon::table
        .filter(lexicon::version.eq(newest.unwrap_or_default()))
        .order(lexicon::phrase)
        .select((lexicon::phrase, lexicon::severity, lexicon::unless_after))
        .load(conn)
        .await?;
    let phrase = |(phrase, severity, unless_after): (String, String, Vec<String>)| Phrase {
        phrase,
        blocks: severity == "block",
        unless_after,
    };
    Ok(rows.into_iter().map(phrase).collect())
}

/// The minimum wage of a division on a day; none outside the province, whose classes nobody entered.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn minimum_wage(
    conn: &mut Conn,
    division_code: &str,
    today: NaiveDate,
) -> Result<Option<MinimumWage>, Problem> {
    if !division_code.starts_with(PROVINCE) {
        return Ok(None);
    }
    let own = std::iter::once(division_code);
    let codes: Vec<&str> = own.chain(division::ancestors(division_code).map(|d| d.code)).collect();
    let known: Vec<(String, i16)> = class::table
        .filter(class::division_code.eq_any(&codes))
        .select((class::division_code, class::class))
        .load(conn)
        .await?;
    let nearest = codes.iter().find_map(|code| known.iter().find(|(of, _)| of == code));
    let row: Option<(i64, i64)> = wage::table
        .filter(wage::class.eq(nearest.map_or(LOWEST_CLASS, |(_, class)| *class)))
        .filter(wage::from_date.le(today))
        .order(wage::from_date.desc())
        .select((wage::month_fen, wage::hour_fen))
        .first(conn)
        .await
        .optional()?;
    Ok(row.map(|(month, hour)| MinimumWage { month, hour }))
}

/// Judges what a posting says; answers what the reviewer is to look at.
///
/// # Errors
/// `VALIDATION_FAILED`: `LEXICON_BLOCKED` at each field that has a blocked phrase, `BELOW_MINIMUM_WAGE` at `/pay/min_fen`.
pub(crate) async fn judge(conn: &mut Conn, terms: &Terms, today: NaiveDate) -> Result<Vec<Hit>, Problem> {
    let lexicon = phrases(conn, today).await?;
    let texts = [
        ("/title", terms.title.as_str()),
        ("/content", terms.content.as_str()),
        ("/conditions", terms.conditions.as_str()),
        ("/address", terms.address.as_str()),
    ];
    let found = lint::look(&lexicon, &texts);
    let mut fields = Fields::new();
    for (pointer, _) in texts {
        let blocked = found.blocked.iter().filter(|hit| hit.pointer == pointer);
        let phrases: Vec<&str> = blocked.map(|hit| hit.phrase.as_str()).collect();
        if !phrases.is_empty() {
            let detail = format!("含有招聘信息中不得出现的内容“{}”，请删除。", phrases.join("”“"));
            fields.refuse(pointer, Invalid { code: "LEXICON_BLOCKED", detail: detail.into() });
        }
    }
    let is_part_time = terms.employment_type == EmploymentType::PartTime;
    if let Some(minimum) = minimum_wage(conn, &terms.division_code, today).await?
        && pay::is_below(&terms.pay, minimum, is_part_time)
    {
        let (fen, per) = if is_part_time { (minimum.hour, "小时") } else { (minimum.month, "月") };
        let detail = format!("低于工作地最低工资标准（每{per}{}.{:02}元）。", fen / 100, fen % 100);
        fields.refuse("/pay/min_fen", Invalid { code: "BELOW_MINIMUM_WAGE", detail: detail.into() });
    }
    fields.finish()?;
    let mut review: Vec<Hit> = found.review.into_iter().collect();
    if !terms.division_code.starts_with(PROVINCE) && terms.pay.min.is_some() {
        review.push(Hit { pointer: "/pay/min_fen".to_owned(), phrase: UNKNOWN_WAGE.to_owned() });
    }
    Ok(review)
}

/// Names what a posting says, so that the same text of the same recruiter is known again.
pub(super) fn content_key(recruiter: uuid::Uuid, terms: &Terms) -> Vec<u8> {
    let mut hash = Sha256::new();
    hash.update(recruiter.as_bytes());
    for text in [&terms.title, &terms.content, &terms.conditions, &terms.division_code] {
        let folded: String =
            text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
        hash.update(folded.as_bytes());
        hash.update([0]);
    }
    hash.finalize().to_vec()
}
