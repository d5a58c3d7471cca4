ALTER TABLE import_reconciliation DROP CONSTRAINT import_reconciliation_kind_check;
ALTER TABLE import_reconciliation ADD CONSTRAINT import_reconciliation_kind_check
    CHECK (kind IN ('unions', 'members', 'merchants', 'cards'));
ALTER TABLE import DROP CONSTRAINT import_kind_check;
ALTER TABLE import ADD CONSTRAINT import_kind_check CHECK (kind IN ('unions', 'members', 'merchants', 'cards', 'lawyers', 'duty_roster'));
DROP TABLE job_posting_source;
DROP INDEX recruiter_public_service;
DROP INDEX recruiter_uscc;
CREATE UNIQUE INDEX recruiter_uscc ON recruiter (uscc);
ALTER TABLE recruiter DROP CONSTRAINT recruiter_contact;
ALTER TABLE recruiter DROP COLUMN kind;
