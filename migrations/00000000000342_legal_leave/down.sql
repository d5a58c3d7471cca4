DROP TABLE legal_leave;
