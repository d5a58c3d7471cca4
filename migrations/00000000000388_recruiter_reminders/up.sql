-- What recruiters were reminded of 到期提醒: once for each last day of a posting, and of a verification.
CREATE TABLE recruiter_reminder (
    kind text NOT NULL CHECK (kind IN ('posting', 'verification')),
    -- The posting, or the recruiter.
    subject_id uuid NOT NULL,
    ends_on date NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (kind, subject_id, ends_on)
);
CREATE INDEX recruiter_reminder_past ON recruiter_reminder (ends_on);
CREATE INDEX job_posting_ending ON job_posting (valid_through, id) WHERE state = 'LIVE';
CREATE INDEX recruiter_lapsing ON recruiter (verified_until, id) WHERE state = 'VERIFIED';
