-- Shifts that are offered to other lawyers, and what lawyers are told.

CREATE TABLE legal_offer (
    id uuid PRIMARY KEY,
    shift_id uuid NOT NULL REFERENCES legal_shift (id),
    from_id uuid NOT NULL REFERENCES legal_lawyer (id),
    -- Whom it is offered to; anybody of the roster's lawyers without.
    to_id uuid REFERENCES legal_lawyer (id),
    state text NOT NULL CHECK (state IN ('OPEN', 'TAKEN', 'WITHDRAWN', 'LAPSED')),
    taken_by uuid REFERENCES legal_lawyer (id),
    expires_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT legal_offer_other CHECK (to_id <> from_id AND taken_by <> from_id),
    CONSTRAINT legal_offer_taken CHECK ((state = 'TAKEN') = (taken_by IS NOT NULL))
);
CREATE UNIQUE INDEX legal_offer_open ON legal_offer (shift_id) WHERE state = 'OPEN';
CREATE INDEX legal_offer_listed ON legal_offer (expires_at, id) WHERE state = 'OPEN';

CREATE TABLE legal_notice (
    id uuid PRIMARY KEY,
    lawyer_id uuid NOT NULL REFERENCES legal_lawyer (id),
    kind text NOT NULL,
    text text NOT NULL,
    shift_id uuid,
    consultation_id uuid,
    created_at timestamptz NOT NULL,
    read_at timestamptz
);
CREATE INDEX legal_notice_of ON legal_notice (lawyer_id, id);
CREATE INDEX legal_notice_age ON legal_notice (created_at, id);
