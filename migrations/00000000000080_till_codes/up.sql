-- The eight digits under a QR, for tills without a scanner: they live a minute, one set for each holder.
CREATE TABLE card_till_code (
    person_id uuid PRIMARY KEY REFERENCES person (id),
    n int NOT NULL,
    step bigint NOT NULL,
    code_index bytea NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX card_till_code_code ON card_till_code (code_index);

-- Wrong digits by branch, in windows of ten minutes.
CREATE TABLE verification_guess (
    branch_id uuid PRIMARY KEY REFERENCES merchant_branch (id),
    since timestamptz NOT NULL,
    tries int NOT NULL
);
