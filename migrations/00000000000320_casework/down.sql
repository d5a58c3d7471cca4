DROP TABLE case_entry;
DROP TABLE case_segment;
DROP TABLE case_clock;
DROP TABLE case_calendar;
