-- Whom a manager takes on says yes before the place is theirs; who has a place already keeps it.
ALTER TABLE merchant_staff ADD COLUMN accepted_at timestamptz;
UPDATE merchant_staff SET accepted_at = valid_from;

-- A PIN belongs to one place on one staff, and dies with it. Those set before have to be set again.
DROP TABLE merchant_pin;
CREATE TABLE merchant_pin (
    place_id uuid PRIMARY KEY REFERENCES merchant_staff (id),
    phc text NOT NULL,
    wrong int NOT NULL DEFAULT 0,
    set_at timestamptz NOT NULL
);

-- A session that began with a PIN serves the till alone.
ALTER TABLE session ADD COLUMN pinned boolean NOT NULL DEFAULT false;
