-- The help desk: what a member asks of the platform about themself, and what becomes of it.

-- A new mobile for who lost the old phone, decided by the county. A request reserves nothing: several may wait for one
-- person, one for each new number, and the one that is approved ends the others.
CREATE TABLE member_mobile_change (
    id uuid PRIMARY KEY,
    person_id uuid NOT NULL REFERENCES person (id),
    mobile bytea NOT NULL,
    mobile_index bytea NOT NULL,
    -- The mobile of the person's account when this was asked for; null where they had none.
    seen_index bytea,
    state text NOT NULL CHECK (state IN ('REVIEW', 'APPROVED', 'REJECTED', 'SUPERSEDED')),
    due_on date NOT NULL,
    created_at timestamptz NOT NULL,
    decided_at timestamptz,
    decided_by uuid,
    reason text,
    version int NOT NULL DEFAULT 1,
    CONSTRAINT member_mobile_change_decided CHECK ((state = 'REVIEW') = (decided_at IS NULL))
);
CREATE UNIQUE INDEX member_mobile_change_open ON member_mobile_change (person_id, mobile_index) WHERE state = 'REVIEW';
CREATE INDEX member_mobile_change_person ON member_mobile_change (person_id);
CREATE INDEX member_mobile_change_waiting ON member_mobile_change (due_on) WHERE state = 'REVIEW';

-- What a member says is wrong about them, with evidence; whoever may decide applications of their union decides.
CREATE TABLE member_correction (
    id uuid PRIMARY KEY,
    person_id uuid NOT NULL REFERENCES person (id),
    account_id uuid NOT NULL REFERENCES account (id),
    -- The facts as they should be, by their keys: `name`, and those of `member_profile.details`.
    facts jsonb NOT NULL CHECK (facts <> '{}'),
    file_ids uuid[] NOT NULL CHECK (cardinality(file_ids) BETWEEN 1 AND 3),
    -- Why, as the member says.
    explanation text NOT NULL,
    state text NOT NULL CHECK (state IN ('REVIEW', 'APPROVED', 'REJECTED', 'WITHDRAWN')),
    due_on date NOT NULL,
    created_at timestamptz NOT NULL,
    decided_at timestamptz,
    decided_by uuid,
    -- Why it was rejected.
    reason text,
    version int NOT NULL DEFAULT 1,
    CONSTRAINT member_correction_decided CHECK ((state = 'REVIEW') = (decided_at IS NULL))
);
CREATE UNIQUE INDEX member_correction_open ON member_correction (person_id) WHERE state = 'REVIEW';
CREATE INDEX member_correction_person ON member_correction (person_id, id);
CREATE INDEX member_correction_waiting ON member_correction (due_on) WHERE state = 'REVIEW';

-- Members who asked that their account be closed, until it is or they thought better of it.
CREATE TABLE account_closing (
    account_id uuid PRIMARY KEY REFERENCES account (id),
    asked_at timestamptz NOT NULL,
    closes_on date NOT NULL
);
CREATE INDEX account_closing_due ON account_closing (closes_on, account_id);

-- A member's copy of their own data reads by account what was only ever read while it was live.
DROP INDEX session_account;
CREATE INDEX session_account ON session (account_id, id);
CREATE INDEX consent_account ON consent (account_id, id);
CREATE INDEX file_account ON file (account_id, id);
CREATE INDEX member_application_account ON member_application (account_id, id);
