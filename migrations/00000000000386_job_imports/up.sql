-- Files of postings from public employment services. Their employers act nowhere here: a row without an account, whose
-- contact nobody knows, beside the one of the same credit code that may be verified some day.
ALTER TABLE recruiter ADD COLUMN kind text NOT NULL DEFAULT 'employer' CHECK (kind IN ('employer', 'public_service'));
ALTER TABLE recruiter ADD CONSTRAINT recruiter_contact CHECK ((kind = 'public_service') = (contact_mobile = ''));
DROP INDEX recruiter_uscc;
CREATE UNIQUE INDEX recruiter_uscc ON recruiter (uscc) WHERE kind = 'employer';
CREATE UNIQUE INDEX recruiter_public_service ON recruiter (org_id, uscc) WHERE kind = 'public_service';

-- Where a posting came from. A number of a source is known once.
CREATE TABLE job_posting_source (
    posting_id uuid PRIMARY KEY REFERENCES job_posting (id),
    name text NOT NULL,
    number text NOT NULL,
    contact text NOT NULL
);
CREATE UNIQUE INDEX job_posting_source_number ON job_posting_source (name, number);

ALTER TABLE import DROP CONSTRAINT import_kind_check;
ALTER TABLE import ADD CONSTRAINT import_kind_check
    CHECK (kind IN ('unions', 'members', 'merchants', 'cards', 'lawyers', 'duty_roster', 'job_postings'));
ALTER TABLE import_reconciliation DROP CONSTRAINT import_reconciliation_kind_check;
ALTER TABLE import_reconciliation ADD CONSTRAINT import_reconciliation_kind_check
    CHECK (kind IN ('unions', 'members', 'merchants', 'cards', 'lawyers', 'duty_roster', 'job_postings'));
