-- Days of Shanghai on which a lawyer is not there.
CREATE TABLE legal_leave (
    id uuid PRIMARY KEY,
    lawyer_id uuid NOT NULL REFERENCES legal_lawyer (id),
    from_date date NOT NULL,
    to_date date NOT NULL,
    withdrawn_at timestamptz,
    created_at timestamptz NOT NULL,
    CONSTRAINT legal_leave_order CHECK (to_date >= from_date)
);
CREATE INDEX legal_leave_of ON legal_leave (lawyer_id, to_date) WHERE withdrawn_at IS NULL;
CREATE INDEX legal_leave_listed ON legal_leave (from_date, id) WHERE withdrawn_at IS NULL;
