-- What is searched: one narrow row for each posting that may be shown, with everything a search asks for as numbers in one
-- array (crates/jobs/src/listing/grams.rs says which). The order of publication is `no`; a search goes down it block by block, and
-- the blocks are among the numbers, so that the index alone finds what the words, the region, the pay and the block have in common.
CREATE TABLE job_listing (
    posting_id uuid PRIMARY KEY REFERENCES job_posting (id),
    recruiter_id uuid NOT NULL REFERENCES recruiter (id),
    no bigint NOT NULL,
    -- The most it pays, fen a month: the largest number where it is open, none where it is not disclosed.
    pay_top_fen bigint,
    -- The last day, Shanghai, on which it is shown: its own, and its recruiter's verification's.
    visible_until date NOT NULL,
    words integer[] NOT NULL
);
-- A pending list would have to be read by every search.
CREATE INDEX job_listing_words ON job_listing USING gin (words) WITH (fastupdate = off);
CREATE INDEX job_listing_recruiter ON job_listing (recruiter_id);
CREATE INDEX job_listing_past ON job_listing (visible_until);
-- What is known of the numbers would only tempt the planner into reading the whole table for a common one.
ALTER TABLE job_listing ALTER COLUMN words SET STATISTICS 0;

-- The last number given. One row: publishing waits for it to the end of its transaction, so numbers are in the order of commits.
CREATE TABLE job_listing_no (
    id smallint PRIMARY KEY CHECK (id = 1),
    last bigint NOT NULL
);
INSERT INTO job_listing_no VALUES (1, 0);
