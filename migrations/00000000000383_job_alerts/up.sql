-- Job alerts 职位订阅: searches that members keep, run for them every morning.
CREATE TABLE job_alert (
    id uuid PRIMARY KEY,
    person_id uuid NOT NULL REFERENCES person (id),
    -- One of the ten that a person may have.
    place smallint NOT NULL CHECK (place BETWEEN 1 AND 10),
    name text NOT NULL,
    words text,
    division_code text,
    salary_min_fen bigint CHECK (salary_min_fen >= 0),
    undisclosed boolean NOT NULL,
    employment_type text CHECK (employment_type IN ('full_time', 'part_time', 'temporary', 'internship')),
    -- The number of the newest listing that its last run has seen; moves with the event that tells of what was found.
    seen_no bigint NOT NULL,
    -- The day of that run, Shanghai.
    run_on date NOT NULL,
    -- Its last day: 180 days after it was written or last found something.
    ends_on date NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX job_alert_place ON job_alert (person_id, place);
CREATE INDEX job_alert_due ON job_alert (run_on, id);
CREATE INDEX job_alert_ended ON job_alert (ends_on);

-- The number under which a posting was listed first. One that comes back is listed anew under another, and is no news.
CREATE TABLE job_first_listing (
    posting_id uuid PRIMARY KEY REFERENCES job_posting (id),
    no bigint NOT NULL
);
INSERT INTO job_first_listing
SELECT p.id, coalesce(l.no, 0) FROM job_posting p LEFT JOIN job_listing l ON l.posting_id = p.id
WHERE p.published_at IS NOT NULL;

-- 求职提醒: a kind of its own, which can be left out of the inbox.
ALTER TABLE inbox_message DROP CONSTRAINT inbox_message_kind_check;
ALTER TABLE inbox_message ADD CONSTRAINT inbox_message_kind_check
    CHECK (kind IN ('security', 'service', 'benefits', 'jobs'));
ALTER TABLE inbox_preference ADD COLUMN jobs_inbox boolean NOT NULL DEFAULT true;
ALTER TABLE inbox_preference ADD COLUMN jobs_push boolean NOT NULL DEFAULT true;
ALTER TABLE inbox_preference ADD CONSTRAINT inbox_preference_jobs CHECK (jobs_inbox OR NOT jobs_push);
