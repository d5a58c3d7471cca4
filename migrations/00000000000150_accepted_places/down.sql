ALTER TABLE session DROP COLUMN pinned;
DROP TABLE merchant_pin;
CREATE TABLE merchant_pin (
    account_id uuid PRIMARY KEY REFERENCES account (id),
    phc text NOT NULL,
    wrong int NOT NULL DEFAULT 0,
    set_at timestamptz NOT NULL
);
ALTER TABLE merchant_staff DROP COLUMN accepted_at;
