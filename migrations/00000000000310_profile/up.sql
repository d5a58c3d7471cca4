-- Which profiles have run on this database. A training system is put back every night: it must never start on the rows of a
-- production one, whatever its configuration says.
CREATE TABLE storage_profile (
    profile text PRIMARY KEY,
    since timestamptz NOT NULL
);
