-- Lists as files: made in the background, kept sealed for a day, read by who asked for them. Every row of a file says which
-- export it comes from.
CREATE TABLE export (
    id uuid PRIMARY KEY,
    number text NOT NULL UNIQUE,
    kind text NOT NULL CHECK (kind IN ('members', 'unions')),
    format text NOT NULL CHECK (format IN ('csv', 'xlsx')),
    is_full boolean NOT NULL,
    states text[] NOT NULL,
    org_id uuid NOT NULL REFERENCES org (id),
    path text COLLATE "C" NOT NULL,
    reason text NOT NULL,
    account_id uuid NOT NULL,
    requested_by uuid NOT NULL REFERENCES person (id),
    post_id uuid,
    desk_id uuid NOT NULL REFERENCES org (id),
    state text NOT NULL CHECK (state IN ('PREPARING', 'AWAITING_APPROVAL', 'READY', 'REJECTED', 'CANCELLED', 'FAILED')),
    failure text,
    rows_done int NOT NULL DEFAULT 0,
    decided_by uuid,
    decided_at timestamptz,
    decision_reason text,
    blob_id uuid,
    size bigint,
    sha256 bytea,
    expires_at timestamptz,
    downloads int NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    version int NOT NULL DEFAULT 1,
    CONSTRAINT export_by_two CHECK (decided_by <> requested_by),
    CONSTRAINT export_full_is_approved CHECK (NOT is_full OR state <> 'READY' OR decided_by IS NOT NULL)
);
CREATE INDEX export_scope ON export (path, id);
CREATE UNIQUE INDEX export_under_way ON export (account_id, kind, org_id)
    WHERE state IN ('PREPARING', 'AWAITING_APPROVAL');
