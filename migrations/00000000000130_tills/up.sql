-- Devices that stand at a branch's till: on these the staff take turns with a PIN.
CREATE TABLE merchant_till (
    id uuid PRIMARY KEY,
    merchant_id uuid NOT NULL REFERENCES merchant (id),
    branch_id uuid NOT NULL REFERENCES merchant_branch (id),
    device_id text NOT NULL,
    name text NOT NULL,
    registered_by uuid NOT NULL REFERENCES account (id),
    registered_at timestamptz NOT NULL,
    revoked_at timestamptz
);
-- A device stands at one till of a merchant at a time.
CREATE UNIQUE INDEX merchant_till_device ON merchant_till (merchant_id, device_id) WHERE revoked_at IS NULL;

-- A cashier's PIN, and how often in a row it was given wrongly.
CREATE TABLE merchant_pin (
    account_id uuid PRIMARY KEY REFERENCES account (id),
    phc text NOT NULL,
    wrong int NOT NULL DEFAULT 0,
    set_at timestamptz NOT NULL
);
