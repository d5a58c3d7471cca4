DROP TABLE account_pairing;
ALTER TABLE account_device DROP COLUMN trusted_at;
