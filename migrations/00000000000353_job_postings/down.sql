DROP TABLE job_wage_class;
DROP TABLE job_minimum_wage;
DROP TABLE job_lexicon;
DROP TABLE job_report;
DROP TABLE job_posting;
