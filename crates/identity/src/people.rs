//! Persons by the thousand, for rosters: each function is one statement or two, however many rows it is given.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{self, Array, Bytea, Nullable, SmallInt, Text, Timestamptz};
use diesel_async::RunQueryDsl;
use unionhall_kernel::{Document, Problem};
use unionhall_storage::{BlindIndex, Conn, Core};
use uuid::Uuid;

use crate::person::{BIRTH_DATE, NUMBER, document_index, flag_names, sex_code};
use crate::schema::{account, person, person_document};

/// A person to be made, under an id the caller chose.
#[derive(Debug)]
pub struct NewPerson<'a> {
    /// The id.
    pub id: Uuid,
    /// The name in its normal form.
    pub name: &'a str,
    /// The current document.
    pub document: &'a Document,
}

/// Creates persons with their current documents.
///
/// # Errors
/// The unique index `person_document_number` when somebody holds one of the documents already.
pub async fn create(
    core: &Core,
    conn: &mut Conn,
    new: &[NewPerson<'_>],
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    let mut births = Vec::with_capacity(new.len());
    let mut rows = Vec::with_capacity(new.len());
    let mut numbers = Vec::with_capacity(new.len());
    for one in new {
        let born = one.document.birth_date().map(|day| day.to_string());
        births.push(born.map(|day| core.sealer.seal_text(BIRTH_DATE, one.id, &day)).transpose()?);
        let row = core.ids.id(now);
        numbers.push(core.sealer.seal_text(NUMBER, row, one.document.number())?);
        rows.push(row);
    }
    let ids: Vec<Uuid> = new.iter().map(|one| one.id).collect();
    diesel::sql_query(
        "INSERT INTO person (id, name, sex, birth_date, created_at) \
         SELECT n.*, $5 FROM unnest($1, $2, $3, $4) AS n",
    )
    .bind::<Array<sql_types::Uuid>, _>(&ids)
    .bind::<Array<Text>, _>(new.iter().map(|one| one.name).collect::<Vec<_>>())
    .bind::<Array<Nullable<SmallInt>>, _>(
        new.iter().map(|one| one.document.sex().map(sex_code)).collect::<Vec<_>>(),
    )
    .bind::<Array<Nullable<Bytea>>, _>(births)
    .bind::<Timestamptz, _>(now)
    .execute(conn)
    .await?;
    diesel::sql_query(
        "INSERT INTO person_document (id, person_id, id_type, number, number_index, flags, created_at) \
         SELECT n.id, n.person_id, n.id_type, n.number, n.number_index, string_to_array(n.flags, ','), $7 \
         FROM unnest($1, $2, $3, $4, $5, $6) AS n (id, person_id, id_type, number, number_index, flags)",
    )
    .bind::<Array<sql_types::Uuid>, _>(rows)
    .bind::<Array<sql_types::Uuid>, _>(&ids)
    .bind::<Array<Text>, _>(new.iter().map(|one| one.document.id_type().as_str()).collect::<Vec<_>>())
    .bind::<Array<Bytea>, _>(numbers)
    .bind::<Array<Bytea>, _>(
        new.iter().map(|one| document_index(&core.sealer, one.document)).collect::<Vec<_>>(),
    )
    .bind::<Array<Text>, _>(new.iter().map(|one| flag_names(one.document).join(",")).collect::<Vec<_>>())
    .bind::<Timestamptz, _>(now)
    .execute(conn)
    .await?;
    Ok(())
}

/// Who holds a document now.
#[derive(Debug, Clone)]
pub struct Holder {
    /// The document.
    pub index: BlindIndex,
    /// Who.
    pub person: Uuid,
    /// Their full name.
    pub name: String,
}

/// The present holders of these documents; a document that nobody holds is left out.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn holders(conn: &mut Conn, indexes: &[BlindIndex]) -> Result<Vec<Holder>, Problem> {
    let rows: Vec<(BlindIndex, Uuid, String)> = person_document::table
        .inner_join(person::table.on(person::id.eq(person_document::person_id)))
        .filter(person_document::number_index.eq_any(indexes).and(person_document::current))
        .select((person_document::number_index, person::id, person::name))
        .load(conn)
        .await?;
    Ok(rows.into_iter().map(|(index, person, name)| Holder { index, person, name }).collect())
}

/// Changes names.
///
/// # Errors
/// `INTERNAL` when the rows cannot be written.
pub async fn rename(conn: &mut Conn, names: &[(Uuid, &str)]) -> Result<(), Problem> {
    let (ids, names): (Vec<Uuid>, Vec<&str>) = names.iter().copied().unzip();
    diesel::sql_query(
        "UPDATE person p SET name = n.name, version = p.version + 1 \
         FROM unnest($1, $2) AS n (id, name) WHERE p.id = n.id",
    )
    .bind::<Array<sql_types::Uuid>, _>(ids)
    .bind::<Array<Text>, _>(names)
    .execute(conn)
    .await?;
    Ok(())
}

/// Which of these persons have an account of any realm, closed ones included.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn with_account(conn: &mut Conn, persons: &[Uuid]) -> Result<Vec<Uuid>, Problem> {
    let found: Vec<Option<Uuid>> = account::table
        .filter(account::person_id.eq_any(persons))
        .select(account::person_id)
        .distinct()
        .load(conn)
        .await?;
    Ok(found.into_iter().flatten().collect())
}

/// Takes back persons whom nothing refers to yet, with their documents.
///
/// # Errors
/// A foreign key's name when something does refer to one of them; nothing is deleted then.
pub async fn delete(conn: &mut Conn, persons: &[Uuid]) -> Result<(), Problem> {
    diesel::delete(person_document::table.filter(person_document::person_id.eq_any(persons)))
        .execute(conn)
        .await?;
    diesel::delete(person::table.filter(person::id.eq_any(persons))).execute(conn).await?;
    Ok(())
}
