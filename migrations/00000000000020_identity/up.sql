-- Natural persons and their documents; accounts, sessions, codes, consents.

CREATE TABLE person (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    sex smallint CHECK (sex IN (0, 1, 2, 9)),
    birth_date bytea,
    created_at timestamptz NOT NULL,
    version int NOT NULL DEFAULT 1
);

CREATE TABLE person_document (
    id uuid PRIMARY KEY,
    person_id uuid NOT NULL REFERENCES person (id),
    id_type text NOT NULL,
    number bytea NOT NULL,
    number_index bytea NOT NULL,
    flags text[] NOT NULL DEFAULT '{}',
    current boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX person_document_number ON person_document (number_index) WHERE current;
CREATE UNIQUE INDEX person_document_current ON person_document (person_id) WHERE current;
CREATE INDEX person_document_person ON person_document (person_id);

CREATE TABLE account (
    id uuid PRIMARY KEY,
    realm text NOT NULL CHECK (realm IN ('member', 'cadre', 'merchant', 'lawyer', 'recruiter', 'auditor', 'partner')),
    person_id uuid REFERENCES person (id),
    username text,
    username_index bytea,
    mobile bytea,
    mobile_index bytea,
    level smallint NOT NULL DEFAULT 0 CHECK (level BETWEEN 0 AND 2),
    epoch int NOT NULL DEFAULT 0,
    revision int NOT NULL DEFAULT 0,
    state text NOT NULL CHECK (state IN ('INVITED', 'ACTIVE', 'SUSPENDED', 'CLOSED')),
    password_hash text,
    totp_secret bytea,
    totp_last_step bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    CONSTRAINT account_has_a_person CHECK (person_id IS NOT NULL OR realm IN ('member', 'merchant', 'partner')),
    CONSTRAINT account_level_needs_a_person CHECK (level = 0 OR person_id IS NOT NULL)
);
CREATE UNIQUE INDEX account_username ON account (realm, username_index) WHERE state <> 'CLOSED';
CREATE UNIQUE INDEX account_mobile ON account (realm, mobile_index) WHERE state <> 'CLOSED';
CREATE UNIQUE INDEX account_person ON account (realm, person_id) WHERE state <> 'CLOSED';
CREATE INDEX account_changed_at ON account (changed_at);

CREATE TABLE account_device (
    account_id uuid NOT NULL REFERENCES account (id),
    device_id text NOT NULL,
    platform text NOT NULL,
    bound_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, device_id)
);

-- Failed logins by login name (known or not) and, for a device the account knows, by name and device.
CREATE TABLE account_failure (
    key bytea PRIMARY KEY,
    failures int NOT NULL,
    last_at timestamptz NOT NULL
);

-- Daily caps: how often something was asked by a number, an address, an account, a document.
CREATE TABLE account_day_count (
    kind text NOT NULL,
    key bytea NOT NULL,
    day date NOT NULL,
    n int NOT NULL,
    PRIMARY KEY (kind, key, day)
);
CREATE INDEX account_day_count_day ON account_day_count (day);

CREATE TABLE session (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES account (id),
    role_id uuid,
    device_id text,
    platform text,
    seq int NOT NULL,
    rotated_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    ended_reason text
);
CREATE INDEX session_account ON session (account_id) WHERE ended_at IS NULL;

CREATE TABLE otp (
    mobile_index bytea NOT NULL,
    realm text NOT NULL,
    purpose text NOT NULL,
    code_hash bytea NOT NULL,
    sent_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    tries int NOT NULL,
    used_at timestamptz,
    PRIMARY KEY (mobile_index, realm, purpose)
);

CREATE TABLE consent (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES account (id),
    document text NOT NULL,
    version text NOT NULL,
    given_at timestamptz NOT NULL,
    withdrawn_at timestamptz,
    channel text NOT NULL
);
CREATE UNIQUE INDEX consent_given ON consent (account_id, document, version) WHERE withdrawn_at IS NULL;

-- What the rooms above may join: names, and the level and proved mobile of a person's member account.
CREATE VIEW person_name AS SELECT id AS person_id, name FROM person;
CREATE VIEW person_account AS
    SELECT person_id, id AS account_id, level, mobile_index
    FROM account
    WHERE realm = 'member' AND state <> 'CLOSED' AND person_id IS NOT NULL;
