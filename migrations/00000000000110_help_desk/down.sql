DROP TABLE account_closing;
DROP TABLE member_correction;
DROP TABLE member_mobile_change;
