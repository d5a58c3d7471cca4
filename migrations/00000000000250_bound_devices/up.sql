-- The phones from which a cadre below the county acts. The first is bound by logging in with it; another by a code that a bound
-- one shows; all are released when they are lost. Whatever a cadre has logged in with until now counts as bound.
ALTER TABLE account_device ADD COLUMN trusted_at timestamptz;
UPDATE account_device d SET trusted_at = bound_at FROM account a WHERE a.id = d.account_id AND a.realm = 'cadre';
CREATE TABLE account_pairing (
    account_id uuid PRIMARY KEY REFERENCES account (id),
    code_index bytea NOT NULL,
    expires_at timestamptz NOT NULL
);
