-- Recruiters (E16): what they state with their papers, and what their county made of it. Nothing is reserved by applying.
-- An application of a recruiter that stands already is its re-verification.
ALTER TABLE account DROP CONSTRAINT account_has_a_person;
ALTER TABLE account ADD CONSTRAINT account_has_a_person
    CHECK (person_id IS NOT NULL OR realm IN ('member', 'merchant', 'partner', 'recruiter'));

CREATE TABLE recruiter (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES org (id),
    path text COLLATE "C" NOT NULL,
    name text NOT NULL,
    uscc text NOT NULL,
    division_code text NOT NULL,
    about text NOT NULL,
    agency_licence_no text,
    agency_licence_until date,
    contact_name text NOT NULL,
    contact_mobile bytea NOT NULL,
    -- REVERIFY is derived: VERIFIED past its last day (Shanghai).
    state text NOT NULL CHECK (state IN ('VERIFIED', 'SUSPENDED', 'BANNED')),
    verified_until date NOT NULL,
    -- By when the county ends a suspension.
    decide_by date,
    reason text,
    version int NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    CONSTRAINT recruiter_agency CHECK (num_nulls(agency_licence_no, agency_licence_until) IN (0, 2)),
    CONSTRAINT recruiter_suspended CHECK ((state = 'SUSPENDED') = (decide_by IS NOT NULL))
);
-- A banned one's too: whoever was banned does not come back under the same code.
CREATE UNIQUE INDEX recruiter_uscc ON recruiter (uscc);
CREATE INDEX recruiter_scope ON recruiter (path, id);
CREATE INDEX recruiter_suspended ON recruiter (path, decide_by) WHERE state = 'SUSPENDED';

CREATE TABLE recruiter_application (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES account (id),
    recruiter_id uuid REFERENCES recruiter (id),
    org_id uuid NOT NULL REFERENCES org (id),
    path text COLLATE "C" NOT NULL,
    name text NOT NULL,
    uscc text NOT NULL,
    division_code text NOT NULL,
    about text NOT NULL,
    agency_licence_no text,
    agency_licence_until date,
    contact_name text NOT NULL,
    contact_mobile bytea NOT NULL,
    mobile_index bytea NOT NULL,
    licence_file_id uuid NOT NULL,
    authorisation_file_id uuid NOT NULL,
    state text NOT NULL CHECK (state IN ('APPLIED', 'VERIFIED', 'REJECTED', 'WITHDRAWN')),
    due_on date NOT NULL,
    reason text,
    decided_by uuid,
    version int NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    CONSTRAINT recruiter_application_agency CHECK (num_nulls(agency_licence_no, agency_licence_until) IN (0, 2)),
    CONSTRAINT recruiter_application_verified CHECK (state <> 'VERIFIED' OR recruiter_id IS NOT NULL)
);
CREATE UNIQUE INDEX recruiter_application_open ON recruiter_application (account_id) WHERE state = 'APPLIED';
CREATE INDEX recruiter_application_scope ON recruiter_application (path, id);
CREATE INDEX recruiter_application_waiting ON recruiter_application (path, due_on) WHERE state = 'APPLIED';

-- Who acts for a recruiter: the authorised person.
CREATE TABLE recruiter_place (
    id uuid PRIMARY KEY,
    recruiter_id uuid NOT NULL REFERENCES recruiter (id),
    account_id uuid NOT NULL REFERENCES account (id),
    valid_from timestamptz NOT NULL,
    revoked_at timestamptz
);
CREATE UNIQUE INDEX recruiter_place_held ON recruiter_place (account_id) WHERE revoked_at IS NULL;
CREATE INDEX recruiter_place_of ON recruiter_place (recruiter_id);
