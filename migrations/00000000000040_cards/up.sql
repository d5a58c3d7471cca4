-- Membership cards.

CREATE TABLE card (
    id uuid PRIMARY KEY,
    person_id uuid NOT NULL REFERENCES person (id),
    n int NOT NULL,
    number text COLLATE "C" NOT NULL,
    kind text NOT NULL CHECK (kind IN ('VIRTUAL', 'COBRAND_DEBIT', 'COBRAND_CREDIT')),
    status text NOT NULL CHECK (status IN ('REQUESTED', 'ISSUED', 'ACTIVE', 'LOST', 'REPLACED', 'REVOKED', 'REJECTED')),
    valid_from date NOT NULL,
    valid_to date NOT NULL,
    last_step bigint NOT NULL DEFAULT 0,
    lost_at timestamptz,
    replaces uuid REFERENCES card (id),
    issued_at timestamptz NOT NULL,
    version int NOT NULL DEFAULT 1,
    CONSTRAINT card_ordinal UNIQUE (person_id, n),
    CONSTRAINT card_validity CHECK (valid_to >= valid_from)
);
-- A number is claimed for good: a replaced or revoked card keeps it.
CREATE UNIQUE INDEX card_number ON card (number);
CREATE UNIQUE INDEX card_live ON card (person_id, kind) WHERE status IN ('REQUESTED', 'ISSUED', 'ACTIVE', 'LOST');

-- What a card of a retained member is worth: full | limited | suspended.
CREATE TABLE card_policy (
    id smallint PRIMARY KEY CHECK (id = 1),
    retained text NOT NULL CHECK (retained IN ('full', 'limited', 'suspended'))
);
INSERT INTO card_policy VALUES (1, 'limited');

-- A card with where its holder stands, as the till reads it: validity is computed from this row and today's
-- date, never stored.
CREATE VIEW card_standing AS
    SELECT c.id AS card_id, c.person_id, c.n, c.kind, c.status, c.valid_from, c.valid_to, c.last_step,
           s.state AS member_state, s.reason AS member_reason, s.org_id, s.path, p.retained AS retained_policy
    FROM card c
    LEFT JOIN member_standing s ON s.person_id = c.person_id
    CROSS JOIN card_policy p;

-- The one column a room above may write: the redemption statement burns the step.
CREATE VIEW card_burn AS SELECT id, person_id, n, last_step FROM card;
