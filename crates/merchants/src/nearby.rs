//! Branches near by. Each stands in the datum it was entered in, so the caller's place is moved into each datum and
//! compared there: nothing derived is stored, and no branch is off by the distance between two datums.

use chrono::NaiveDate;
use diesel::sql_types::{BigInt, Date, Double, Int4, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use unionhall_kernel::Problem;
use unionhall_kernel::geo::{Datum, METRES_PER_DEGREE, Point};
use unionhall_storage::Conn;
use unionhall_storage::page::Page;
use uuid::Uuid;

/// Where to look.
#[derive(Debug, Clone)]
pub struct Near {
    /// The caller's place.
    pub point: Point,
    /// Its datum.
    pub datum: Datum,
    /// How far, metres.
    pub radius_m: i32,
    /// What the merchant sells.
    pub category: Option<String>,
}

/// A branch with how far it is.
#[derive(Debug, Clone, diesel::QueryableByName)]
pub struct Nearby {
    /// The branch.
    #[diesel(sql_type = SqlUuid)]
    pub branch: Uuid,
    /// Its merchant.
    #[diesel(sql_type = SqlUuid)]
    pub merchant: Uuid,
    /// The merchant's name.
    #[diesel(sql_type = Text)]
    pub merchant_name: String,
    /// The branch's name.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// What it sells.
    #[diesel(sql_type = Text)]
    pub category: String,
    /// Where it is.
    #[diesel(sql_type = Text)]
    pub address: String,
    /// Latitude in `datum`.
    #[diesel(sql_type = Double)]
    pub lat: f64,
    /// Longitude in `datum`.
    #[diesel(sql_type = Double)]
    pub lng: f64,
    /// Of its coordinates.
    #[diesel(sql_type = Text)]
    pub datum: String,
    /// How far, metres, rounded.
    #[diesel(sql_type = Int4)]
    pub metres: i32,
}

// The box first, by the index on (datum, lat); the circle among what is left. The formula is `Point::metres_to`.
const SQL: &str = "\
SELECT * FROM (
    SELECT b.id AS branch, m.id AS merchant, m.name AS merchant_name, b.name, m.category, b.address, b.lat, b.lng, b.datum,
           round(2 * 6371008.8 * asin(least(1, sqrt(
               sin(radians(b.lat - c.lat) / 2) ^ 2
               + cos(radians(c.lat)) * cos(radians(b.lat)) * sin(radians(b.lng - c.lng) / 2) ^ 2))))::int AS metres
    FROM (VALUES ('gcj02', $1, $2), ('wgs84', $3, $4), ('bd09', $5, $6)) AS c (datum, lat, lng)
    JOIN merchant_branch b ON b.datum = c.datum
        AND b.lat BETWEEN c.lat - $7 AND c.lat + $7 AND b.lng BETWEEN c.lng - $8 AND c.lng + $8
    JOIN merchant m ON m.id = b.merchant_id
    WHERE b.state = 'OPEN' AND m.state = 'LIVE' AND $9 BETWEEN m.contract_from AND m.contract_to
        AND ($10::text IS NULL OR m.category = $10)
) found
WHERE metres <= $11 AND (metres, branch) > ($12, $13)
ORDER BY metres, branch
LIMIT $14";

/// A page of the open branches near a place, the nearest first, after `(metres, branch)`.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn list(
    conn: &mut Conn,
    near: &Near,
    today: NaiveDate,
    after: Option<(i32, Uuid)>,
    limit: i64,
) -> Result<Page<Nearby>, Problem> {
    let [gcj, wgs, bd] = Datum::ALL.map(|datum| near.point.moved(near.datum, datum));
    let (metres, branch) = after.unwrap_or((-1, Uuid::nil()));
    // A little wider than the circle, since what is rounded down to the radius belongs to it.
    let lat = (f64::from(near.radius_m) + 1.0) / METRES_PER_DEGREE;
    // Meridians come together towards the poles; the box is as wide as at its poleward edge.
    let lng = lat / (near.point.lat.abs() + lat).min(89.0).to_radians().cos();
    let rows: Vec<Nearby> = diesel::sql_query(SQL)
        .bind::<Double, _>(gcj.lat)
        .bind::<Double, _>(gcj.lng)
        .bind::<Double, _>(wgs.lat)
        .bind::<Double, _>(wgs.lng)
        .bind::<Double, _>(bd.lat)
        .bind::<Double, _>(bd.lng)
        .bind::<Double, _>(lat)
        .bind::<Double, _>(lng)
        .bind::<Date, _>(today)
        .bind::<Nullable<Text>, _>(near.category.as_deref())
        .bind::<Int4, _>(near.radius_m)
        .bind::<Int4, _>(metres)
        .bind::<SqlUuid, _>(branch)
        .bind::<BigInt, _>(limit + 1)
        .load(conn)
        .await?;
    Ok(Page::cut(rows, limit))
}
