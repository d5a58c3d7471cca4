DROP TABLE notice_read;
DROP TABLE notice;
