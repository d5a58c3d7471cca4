DELETE FROM job_lexicon WHERE version = 2;
DROP INDEX job_posting_drafts;
