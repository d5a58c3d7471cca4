DROP TABLE member_leaver;
