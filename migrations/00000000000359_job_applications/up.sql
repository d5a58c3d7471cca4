-- Resumes, and applications with the resume as it was when they were handed in. Both are sealed: they say where somebody
-- worked and how to reach them.
CREATE TABLE job_resume (
    person_id uuid PRIMARY KEY REFERENCES person (id),
    body bytea NOT NULL,
    -- Credit codes of employers who are not to see it.
    blocked text[] NOT NULL,
    changed_at timestamptz NOT NULL
);

CREATE TABLE job_application (
    id uuid PRIMARY KEY,
    posting_id uuid NOT NULL REFERENCES job_posting (id),
    recruiter_id uuid NOT NULL REFERENCES recruiter (id),
    person_id uuid NOT NULL REFERENCES person (id),
    -- The county of the posting: statistics are read by it, and nothing else is.
    path text COLLATE "C" NOT NULL,
    content_key bytea NOT NULL,
    snapshot bytea NOT NULL,
    state text NOT NULL CHECK (state IN ('SUBMITTED', 'VIEWED', 'INVITED', 'OFFERED', 'HIRED', 'REJECTED', 'WITHDRAWN', 'LAPSED')),
    reason_code text CHECK (reason_code IN ('filled', 'experience', 'skills', 'location', 'no_reply', 'other')),
    version int NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    CONSTRAINT job_application_rejected CHECK ((state = 'REJECTED') = (reason_code IS NOT NULL))
);
-- One a person and posting; who withdrew may apply again.
CREATE UNIQUE INDEX job_application_once ON job_application (person_id, posting_id) WHERE state <> 'WITHDRAWN';
-- The same text posted anew is the same job.
CREATE UNIQUE INDEX job_application_same_text
    ON job_application (person_id, content_key) WHERE state NOT IN ('WITHDRAWN', 'LAPSED');
CREATE INDEX job_application_own ON job_application (person_id, id);
CREATE INDEX job_application_of ON job_application (posting_id, id);
CREATE INDEX job_application_scope ON job_application (path, state);
