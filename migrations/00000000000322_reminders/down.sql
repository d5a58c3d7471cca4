DROP TABLE case_reminder;
