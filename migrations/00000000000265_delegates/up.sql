-- A relative who may act for a member: named by the member, accepted by the relative, until a day, for some things.
CREATE TABLE account_delegate (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES account (id),
    person_id uuid NOT NULL REFERENCES person (id),
    mobile bytea NOT NULL,
    mobile_index bytea NOT NULL,
    delegate_id uuid REFERENCES account (id),
    relation text NOT NULL CHECK (relation IN ('spouse', 'child', 'parent', 'sibling', 'other')),
    scopes text[] NOT NULL CHECK (cardinality(scopes) > 0),
    state text NOT NULL CHECK (state IN ('PROPOSED', 'ACTIVE', 'DECLINED', 'REVOKED')),
    expires_on date NOT NULL,
    created_at timestamptz NOT NULL,
    ended_at timestamptz,
    CONSTRAINT account_delegate_is_somebody CHECK (state <> 'ACTIVE' OR delegate_id IS NOT NULL)
);
CREATE UNIQUE INDEX account_delegate_open ON account_delegate (account_id, mobile_index)
    WHERE state IN ('PROPOSED', 'ACTIVE');
CREATE INDEX account_delegate_mobile ON account_delegate (mobile_index) WHERE state IN ('PROPOSED', 'ACTIVE');

ALTER TABLE session_assist
    ADD COLUMN delegate_id uuid REFERENCES account_delegate (id),
    ADD COLUMN scopes text[] NOT NULL DEFAULT '{}',
    ADD CONSTRAINT session_assist_by_delegate CHECK ((channel = 'delegate') = (delegate_id IS NOT NULL));
CREATE INDEX session_assist_delegate ON session_assist (delegate_id) WHERE delegate_id IS NOT NULL;
