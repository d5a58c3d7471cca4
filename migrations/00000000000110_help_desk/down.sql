DROP TABLE member_mobile_change;
