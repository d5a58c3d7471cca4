ALTER TABLE session_assist DROP COLUMN below_county;
