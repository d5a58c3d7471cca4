-- How long before a clock runs out somebody is reminded, once each.
CREATE TABLE case_reminder (
    clock_id uuid NOT NULL REFERENCES case_clock (id),
    before_ms bigint NOT NULL CHECK (before_ms > 0),
    told_at timestamptz,
    PRIMARY KEY (clock_id, before_ms)
);
