DROP INDEX member_application_account;
DROP INDEX file_account;
DROP INDEX consent_account;
DROP INDEX session_account;
CREATE INDEX session_account ON session (account_id) WHERE ended_at IS NULL;
DROP TABLE account_closing;
DROP TABLE member_correction;
DROP TABLE member_mobile_change;
