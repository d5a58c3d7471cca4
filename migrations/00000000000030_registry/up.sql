-- The union tree, posts, memberships, join applications, imports.

CREATE TABLE org (
    id uuid PRIMARY KEY,
    code text COLLATE "C" NOT NULL UNIQUE,
    parent_id uuid REFERENCES org (id),
    path text COLLATE "C" NOT NULL UNIQUE,
    name text NOT NULL,
    org_type text NOT NULL,
    division_code text NOT NULL,
    uscc text,
    valid_from date NOT NULL,
    valid_to date,
    version int NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    CONSTRAINT org_code_is_plain CHECK (code ~ '^[0-9A-Z]{2,12}$'),
    CONSTRAINT org_path_ends_in_its_code CHECK (path LIKE '%/' || code || '/')
);
CREATE INDEX org_parent ON org (parent_id);
CREATE INDEX org_division ON org (division_code);
CREATE INDEX org_name ON org (name);
CREATE UNIQUE INDEX org_uscc ON org (uscc) WHERE valid_to IS NULL;

CREATE TABLE post (
    id uuid PRIMARY KEY,
    person_id uuid NOT NULL REFERENCES person (id),
    org_id uuid NOT NULL REFERENCES org (id),
    path text COLLATE "C" NOT NULL,
    role text NOT NULL,
    ceiling text[] NOT NULL DEFAULT '{}',
    valid_from timestamptz NOT NULL,
    valid_to timestamptz,
    granted_by uuid,
    granted_at timestamptz NOT NULL,
    revoked_at timestamptz,
    revoked_by uuid,
    version int NOT NULL DEFAULT 1
);
CREATE UNIQUE INDEX post_held ON post (person_id, org_id, role) WHERE revoked_at IS NULL;
CREATE INDEX post_path ON post (path, id);

-- Append-only versions. The current belief about the present is the row with neither superseded_at nor
-- valid_to; there is at most one for a person, ENDED included.
CREATE TABLE membership (
    id uuid PRIMARY KEY,
    person_id uuid NOT NULL REFERENCES person (id),
    org_id uuid NOT NULL REFERENCES org (id),
    path text COLLATE "C" NOT NULL,
    state text NOT NULL CHECK (state IN ('ACTIVE', 'RETAINED', 'FROZEN', 'LEAVING', 'ENDED')),
    reason text,
    valid_from date NOT NULL,
    valid_to date,
    recorded_at timestamptz NOT NULL,
    superseded_at timestamptz,
    CONSTRAINT membership_ends_after_it_begins CHECK (valid_to IS NULL OR valid_to >= valid_from)
);
CREATE UNIQUE INDEX membership_open ON membership (person_id) WHERE superseded_at IS NULL AND valid_to IS NULL;
CREATE INDEX membership_scope ON membership (path, id) WHERE superseded_at IS NULL AND valid_to IS NULL;
CREATE INDEX membership_history ON membership (person_id, recorded_at);

-- The only registry relation that rooms above may name: where a person stands now.
CREATE VIEW member_standing AS
    SELECT id AS membership_id, person_id, org_id, path, state, reason, valid_from
    FROM membership
    WHERE superseded_at IS NULL AND valid_to IS NULL;

-- What the roster says of a member beside identity; the roster's mobile is what a real-name claim must match.
CREATE TABLE member_profile (
    person_id uuid PRIMARY KEY REFERENCES person (id),
    roster_mobile bytea,
    roster_mobile_index bytea,
    details jsonb NOT NULL DEFAULT '{}',
    updated_at timestamptz NOT NULL
);
CREATE INDEX member_profile_mobile ON member_profile (roster_mobile_index);

CREATE TABLE member_application (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES account (id),
    org_id uuid NOT NULL REFERENCES org (id),
    via text NOT NULL CHECK (via IN ('union', 'pool')),
    state text NOT NULL CHECK (state IN ('BU_REVIEW', 'POOL_REVIEW', 'RETURNED', 'APPROVED', 'REJECTED', 'WITHDRAWN')),
    name text NOT NULL,
    id_type text NOT NULL,
    number bytea NOT NULL,
    number_index bytea NOT NULL,
    mobile bytea NOT NULL,
    mobile_index bytea NOT NULL,
    employment_form text,
    work_division text,
    submitted_at timestamptz NOT NULL,
    due_on date NOT NULL,
    decided_at timestamptz,
    decided_by uuid,
    reason text,
    person_id uuid REFERENCES person (id),
    version int NOT NULL DEFAULT 1
);
CREATE UNIQUE INDEX member_application_open ON member_application (account_id)
    WHERE state IN ('BU_REVIEW', 'POOL_REVIEW', 'RETURNED');
CREATE INDEX member_application_org ON member_application (org_id, id)
    WHERE state IN ('BU_REVIEW', 'POOL_REVIEW');

CREATE TABLE import (
    id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('unions', 'members')),
    mode text NOT NULL CHECK (mode IN ('upsert', 'full')),
    dry_run boolean NOT NULL,
    -- The union of rows that name none; in mode full the one whose subtree the file is complete for.
    org_id uuid NOT NULL REFERENCES org (id),
    -- The union of the post that uploaded: how far rows may reach, and who may see the import.
    path text COLLATE "C" NOT NULL,
    file_name text NOT NULL,
    file_type text NOT NULL CHECK (file_type IN ('csv', 'xlsx')),
    encoding text NOT NULL CHECK (encoding IN ('utf-8', 'gb18030', 'none')),
    file_sha256 bytea NOT NULL,
    header jsonb,
    columns_ignored jsonb NOT NULL DEFAULT '[]',
    state text NOT NULL CHECK (state IN ('validating', 'validated', 'committing', 'committed', 'cancelled',
                                         'reverting', 'reverted', 'failed')),
    failure text,
    failure_detail text,
    rows_total int NOT NULL DEFAULT 0,
    rows_done int NOT NULL DEFAULT 0,
    rows_accepted int NOT NULL DEFAULT 0,
    rows_rejected int NOT NULL DEFAULT 0,
    rows_updated int NOT NULL DEFAULT 0,
    rows_reverted int NOT NULL DEFAULT 0,
    rows_kept int NOT NULL DEFAULT 0,
    rejected_by_reason jsonb NOT NULL DEFAULT '{}',
    flags jsonb NOT NULL DEFAULT '{}',
    created_by uuid NOT NULL,
    created_at timestamptz NOT NULL,
    committed_by uuid,
    committed_at timestamptz,
    version int NOT NULL DEFAULT 1,
    CONSTRAINT import_dry_run_writes_nothing CHECK (NOT dry_run OR committed_at IS NULL)
);
CREATE INDEX import_scope ON import (path, id);

-- The file as it came, sealed in chunks of at most 256 KiB, until it is validated: then its rows are kept
-- instead. Chunks come before their import, which is written once the whole file is here.
CREATE TABLE import_chunk (
    id uuid PRIMARY KEY,
    import_id uuid NOT NULL,
    n int NOT NULL,
    sealed bytea NOT NULL,
    UNIQUE (import_id, n)
);

-- A row of the file: its cells sealed, what was found, and after the commit what it did and what was before.
CREATE TABLE import_row (
    id uuid PRIMARY KEY,
    import_id uuid NOT NULL REFERENCES import (id),
    row_no int NOT NULL,
    cells bytea NOT NULL,
    document_index bytea,
    outcome text NOT NULL CHECK (outcome IN ('new', 'update', 'same', 'rejected')),
    code text,
    flags text[] NOT NULL DEFAULT '{}',
    org_id uuid,
    -- Whom the row is about, as far as known when it was validated.
    person_id uuid,
    -- The person or union that the row made.
    created_id uuid,
    membership_id uuid,
    applied_at timestamptz,
    before bytea,
    kept text,
    reverted_at timestamptz,
    UNIQUE (import_id, row_no),
    CONSTRAINT import_row_code CHECK ((outcome = 'rejected') = (code IS NOT NULL))
);
-- A document is accepted once in a file.
CREATE UNIQUE INDEX import_row_document ON import_row (import_id, document_index)
    WHERE outcome <> 'rejected' AND document_index IS NOT NULL;
CREATE INDEX import_row_person ON import_row (import_id, person_id) WHERE person_id IS NOT NULL;
CREATE INDEX import_row_rejected ON import_row (import_id, row_no) WHERE outcome = 'rejected';
