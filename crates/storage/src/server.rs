//! What the database server is and how it is set: for whoever looks after the installation.

use chrono::{DateTime, Utc};
use diesel::sql_types::{BigInt, Bool, Integer, Text, Timestamptz};
use diesel_async::RunQueryDsl;
use unionhall_kernel::Problem;

use crate::db::Conn;

/// The server, the database and who we are in it.
#[derive(Debug, Clone, diesel::QueryableByName)]
pub struct Server {
    /// `150018` is 15.18.
    #[diesel(sql_type = Integer)]
    pub version: i32,
    /// The language of its messages.
    #[diesel(sql_type = Text)]
    pub language: String,
    /// The database's encoding.
    #[diesel(sql_type = Text)]
    pub encoding: String,
    /// Connections that are left to ordinary roles.
    #[diesel(sql_type = BigInt)]
    pub connections: i64,
    /// Connections of all databases now.
    #[diesel(sql_type = BigInt)]
    pub connected: i64,
    /// Settings that lose what was acknowledged, with their values; empty when there are none.
    #[diesel(sql_type = Text)]
    pub unsafe_settings: String,
    /// Whether it is a standby.
    #[diesel(sql_type = Bool)]
    pub standby: bool,
    /// Whether our role is a superuser.
    #[diesel(sql_type = Bool)]
    pub superuser: bool,
    /// Whether our role may make tables, as `migrate` does.
    #[diesel(sql_type = Bool)]
    pub may_create: bool,
    /// Tables that our role may not read and write, separated by blanks.
    #[diesel(sql_type = Text)]
    pub forbidden: String,
    /// The database's size in bytes.
    #[diesel(sql_type = BigInt)]
    pub bytes: i64,
}

const SERVER: &str = "\
    SELECT current_setting('server_version_num')::int AS version, \
           current_setting('lc_messages') AS language, \
           current_setting('server_encoding') AS encoding, \
           current_setting('max_connections')::bigint - current_setting('superuser_reserved_connections')::bigint AS connections, \
           (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS connected, \
           (SELECT coalesce(string_agg(name || '=' || setting, ' ' ORDER BY name), '') FROM pg_settings \
             WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting = 'off') AS unsafe_settings, \
           pg_is_in_recovery() AS standby, \
           (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS superuser, \
           coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) AS may_create, \
           (SELECT coalesce(string_agg(c.relname, ' ' ORDER BY c.relname), '') FROM pg_class c \
             WHERE c.relkind = 'r' AND c.relnamespace = to_regnamespace(current_schema()) \
               AND NOT (has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT') \
                        AND has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE'))) AS forbidden, \
           pg_database_size(current_database()) AS bytes";

/// Asks the server about itself.
///
/// # Errors
/// `INTERNAL` when it cannot be asked.
pub async fn of(conn: &mut Conn) -> Result<Server, Problem> {
    Ok(diesel::sql_query(SERVER).get_result(conn).await?)
}

#[derive(diesel::QueryableByName)]
struct Told {
    #[diesel(sql_type = Timestamptz)]
    clock: DateTime<Utc>,
}

/// The server's clock.
///
/// # Errors
/// `INTERNAL` when it cannot be asked.
pub async fn clock(conn: &mut Conn) -> Result<DateTime<Utc>, Problem> {
    let told: Told = diesel::sql_query("SELECT clock_timestamp() AS clock").get_result(conn).await?;
    Ok(told.clock)
}

/// Midnight of 1 January 2026 in Shanghai, by the server's time zone data.
///
/// # Errors
/// `INTERNAL` when it does not know the zone.
pub async fn shanghai_midnight(conn: &mut Conn) -> Result<DateTime<Utc>, Problem> {
    const QUERY: &str = "SELECT timestamp '2026-01-01' AT TIME ZONE 'Asia/Shanghai' AS clock";
    let told: Told = diesel::sql_query(QUERY).get_result(conn).await?;
    Ok(told.clock)
}
