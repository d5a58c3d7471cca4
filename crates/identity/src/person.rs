//! Natural persons and their documents. Sealed here: document numbers and birth dates; the name is plain,
//! because it is searched.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use unionhall_kernel::{Document, IdType, PersonName, Problem, Sex};
use unionhall_storage::{BlindIndex, Conn, Core, Sealer};
use uuid::Uuid;

use crate::schema::{person, person_document};

pub(crate) const NUMBER: &str = "person_document.number";
pub(crate) const BIRTH_DATE: &str = "person.birth_date";

/// The blind index of a document: equal for equal (type, normalised number).
pub fn document_index(sealer: &Sealer, document: &Document) -> BlindIndex {
    sealer.blind("document", &document.index_key())
}

/// A person as lists need them.
#[derive(Debug, Clone)]
pub struct PersonView {
    /// The person.
    pub id: Uuid,
    /// Full name; mask it before it leaves.
    pub name: String,
    /// Type of the current document.
    pub id_type: IdType,
    /// Full number; mask it before it leaves.
    pub id_number: String,
}

/// Creates a person with their current document.
///
/// # Errors
/// The unique index `person_document_number` when somebody holds the document already.
pub async fn create(
    core: &Core,
    conn: &mut Conn,
    name: &PersonName,
    document: &Document,
) -> Result<Uuid, Problem> {
    let (id, now) = (core.id(), core.now());
    let birth_date =
        document.birth_date().map(|d| core.sealer.seal_text(BIRTH_DATE, id, &d.to_string())).transpose()?;
    diesel::insert_into(person::table)
        .values((
            person::id.eq(id),
            person::name.eq(name.as_str()),
            person::sex.eq(document.sex().map(sex_code)),
            person::birth_date.eq(birth_date),
            person::created_at.eq(now),
        ))
        .execute(conn)
        .await?;
    let row = core.id();
    diesel::insert_into(person_document::table)
        .values((
            person_document::id.eq(row),
            person_document::person_id.eq(id),
            person_document::id_type.eq(document.id_type().as_str()),
            person_document::number.eq(core.sealer.seal_text(NUMBER, row, document.number())?),
            person_document::number_index.eq(document_index(&core.sealer, document)),
            person_document::flags.eq(flag_names(document)),
            person_document::created_at.eq(now),
        ))
        .execute(conn)
        .await?;
    Ok(id)
}

pub(crate) const fn sex_code(sex: Sex) -> i16 {
    match sex {
        Sex::Male => 1,
        Sex::Female => 2,
        Sex::Unknown => 0,
        Sex::Unstated => 9,
    }
}

/// The flags of a document that was accepted with a doubt.
pub fn flag_names(document: &Document) -> Vec<String> {
    let flags = document.flags();
    let named = [(flags.region_unknown, "region_unknown"), (flags.converted, "converted")];
    named.iter().filter(|(set, _)| *set).map(|(_, name)| (*name).to_owned()).collect()
}

/// Who holds a document now.
///
/// # Errors
/// `INTERNAL` when the database cannot be asked.
pub async fn holder(conn: &mut Conn, index: &BlindIndex) -> Result<Option<(Uuid, String)>, Problem> {
    Ok(person_document::table
        .inner_join(person::table.on(person::id.eq(person_document::person_id)))
        .filter(person_document::number_index.eq(index).and(person_document::current))
        .select((person::id, person::name))
        .first(conn)
        .await
        .optional()?)
}

/// Changes a person's name (a roster says it differently).
///
/// # Errors
/// `INTERNAL` when the row cannot be written.
pub async fn rename(conn: &mut Conn, id: Uuid, name: &PersonName) -> Result<(), Problem> {
    diesel::update(person::table.find(id))
        .set((person::name.eq(name.as_str()), person::version.eq(person::version + 1)))
        .execute(conn)
        .await?;
    Ok(())
}

/// The persons of these ids with their current documents, in no order.
///
/// # Errors
/// `INTERNAL` when a sealed value does not open.
pub async fn views(sealer: &Sealer, conn: &mut Conn, ids: &[Uuid]) -> Result<Vec<PersonView>, Problem> {
    let rows: Vec<(Uuid, String, Uuid, String, Vec<u8>)> = person_document::table
        .inner_join(person::table.on(person::id.eq(person_document::person_id)))
        .filter(person_document::person_id.eq_any(ids).and(person_document::current))
        .select((
            person::id,
            person::name,
            person_document::id,
            person_document::id_type,
            person_document::number,
        ))
        .load(conn)
        .await?;
    rows.into_iter()
        .map(|(id, name, row, id_type, number)| {
            Ok(PersonView {
                id,
                name,
                id_type: id_type.parse().map_err(|_| Problem::internal("unknown id_type in the store"))?,
                id_number: sealer.open_text(NUMBER, row, &number)?,
            })
        })
        .collect()
}

/// One person.
///
/// # Errors
/// `NOT_FOUND` when there is none.
pub async fn view(sealer: &Sealer, conn: &mut Conn, id: Uuid) -> Result<PersonView, Problem> {
    views(sealer, conn, &[id]).await?.pop().ok_or_else(Problem::not_found)
}

/// A person's date of birth, where the document tells it.
///
/// # Errors
/// `INTERNAL` when the sealed value does not open.
pub async fn birth_date(sealer: &Sealer, conn: &mut Conn, id: Uuid) -> Result<Option<NaiveDate>, Problem> {
    let sealed: Option<Option<Vec<u8>>> =
        person::table.find(id).select(person::birth_date).first(conn).await.optional()?;
    let Some(sealed) = sealed.flatten() else { return Ok(None) };
    Ok(sealer.open_text(BIRTH_DATE, id, &sealed)?.parse().ok())
}
