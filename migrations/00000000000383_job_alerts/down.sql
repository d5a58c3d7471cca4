ALTER TABLE inbox_preference DROP CONSTRAINT inbox_preference_jobs;
ALTER TABLE inbox_preference DROP COLUMN jobs_push;
ALTER TABLE inbox_preference DROP COLUMN jobs_inbox;
DELETE FROM inbox_message WHERE kind = 'jobs';
ALTER TABLE inbox_message DROP CONSTRAINT inbox_message_kind_check;
ALTER TABLE inbox_message ADD CONSTRAINT inbox_message_kind_check
    CHECK (kind IN ('security', 'service', 'benefits'));
DROP TABLE job_first_listing;
DROP TABLE job_alert;
