-- Proposals that members have left: entered by one person of the union, confirmed by another. What is confirmed is a change
-- of the membership in the same transaction; a membership that changed otherwise leaves the proposal without an object.
CREATE TABLE member_leaver (
    id uuid PRIMARY KEY,
    person_id uuid NOT NULL REFERENCES person (id),
    membership_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('retire', 'unemployed', 'military', 'deceased', 'auto_quit')),
    reason text NOT NULL,
    state text NOT NULL CHECK (state IN ('PROPOSED', 'CONFIRMED', 'REJECTED', 'WITHDRAWN', 'LAPSED')),
    proposed_by uuid NOT NULL REFERENCES person (id),
    proposed_at timestamptz NOT NULL,
    due_on date NOT NULL,
    decided_by uuid,
    decided_at timestamptz,
    decision_reason text,
    version int NOT NULL DEFAULT 1,
    CONSTRAINT member_leaver_by_two CHECK (decided_by <> proposed_by AND decided_by <> person_id)
);
CREATE UNIQUE INDEX member_leaver_open ON member_leaver (person_id) WHERE state = 'PROPOSED';
CREATE INDEX member_leaver_proposer ON member_leaver (proposed_by, id);
