DROP INDEX recruiter_lapsing;
DROP INDEX job_posting_ending;
DROP TABLE recruiter_reminder;
