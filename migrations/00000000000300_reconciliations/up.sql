-- Reconciliation sheets of imports: what the files of one kind brought to a union and its subtree, signed by another person
-- than those who committed them. The figures are one document and not rows: they are frozen when the sheet is drawn, read as a
-- whole and asked for by nothing else, and no later change of an import can reach them.
CREATE TABLE import_reconciliation (
    id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('unions', 'members', 'merchants', 'cards')),
    org_id uuid NOT NULL REFERENCES org (id),
    path text COLLATE "C" NOT NULL,
    state text NOT NULL CHECK (state IN ('DRAWN', 'SIGNED', 'WITHDRAWN')),
    figures jsonb NOT NULL,
    -- The version of every import that had touched the tables, by its id. Where the present ones differ, the sheet is stale.
    seen jsonb NOT NULL,
    drawn_by uuid NOT NULL REFERENCES person (id),
    drawn_at timestamptz NOT NULL,
    signed_by uuid REFERENCES person (id),
    ended_at timestamptz,
    remark text,
    version int NOT NULL DEFAULT 1,
    CONSTRAINT import_reconciliation_signed CHECK ((state = 'SIGNED') = (signed_by IS NOT NULL)),
    CONSTRAINT import_reconciliation_ended CHECK ((state = 'DRAWN') = (ended_at IS NULL))
);
CREATE INDEX import_reconciliation_scope ON import_reconciliation (path, id);
-- One sheet waits for a signature; drawing another takes its place.
CREATE UNIQUE INDEX import_reconciliation_open ON import_reconciliation (org_id, kind) WHERE state = 'DRAWN';
CREATE INDEX import_target ON import (org_id, kind);
