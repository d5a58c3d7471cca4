ALTER TABLE legal_party DROP COLUMN keys_version;
ALTER TABLE legal_engagement DROP COLUMN keys_version;
ALTER TABLE legal_lawyer DROP COLUMN keys_version;
ALTER TABLE legal_firm DROP COLUMN keys_version;
