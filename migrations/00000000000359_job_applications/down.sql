DROP TABLE job_application;
DROP TABLE job_resume;
