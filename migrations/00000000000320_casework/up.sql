-- What every case has.

-- The working calendar: each year's arrangement by the State Council, every entry kept, the latest of a year counts.
CREATE TABLE case_calendar (
    id uuid PRIMARY KEY,
    year int NOT NULL CHECK (year BETWEEN 2020 AND 2100),
    source text NOT NULL,
    -- The arrangement was not published yet: the statutory days alone.
    provisional boolean NOT NULL,
    -- [{"date", "kind": statutory | rest | work}]: the days that are not what their weekday says.
    days jsonb NOT NULL,
    entered_by uuid,
    entered_at timestamptz NOT NULL
);
CREATE INDEX case_calendar_latest ON case_calendar (year, entered_at DESC, id DESC);

INSERT INTO case_calendar (id, year, source, provisional, days, entered_by, entered_at) VALUES
    ('00000000-0000-4000-8000-000000002025', 2025, '国办发明电〔2024〕12号 国务院办公厅关于2025年部分节假日安排的通知', false,
     '[{"date": "2025-01-01", "kind": "statutory"}, {"date": "2025-01-26", "kind": "work"}, {"date": "2025-01-28", "kind": "statutory"}, {"date": "2025-01-29", "kind": "statutory"}, {"date": "2025-01-30", "kind": "statutory"}, {"date": "2025-01-31", "kind": "statutory"}, {"date": "2025-02-03", "kind": "rest"}, {"date": "2025-02-04", "kind": "rest"}, {"date": "2025-02-08", "kind": "work"}, {"date": "2025-04-04", "kind": "statutory"}, {"date": "2025-04-27", "kind": "work"}, {"date": "2025-05-01", "kind": "statutory"}, {"date": "2025-05-02", "kind": "statutory"}, {"date": "2025-05-05", "kind": "rest"}, {"date": "2025-05-31", "kind": "statutory"}, {"date": "2025-06-02", "kind": "rest"}, {"date": "2025-09-28", "kind": "work"}, {"date": "2025-10-01", "kind": "statutory"}, {"date": "2025-10-02", "kind": "statutory"}, {"date": "2025-10-03", "kind": "statutory"}, {"date": "2025-10-06", "kind": "statutory"}, {"date": "2025-10-07", "kind": "rest"}, {"date": "2025-10-08", "kind": "rest"}, {"date": "2025-10-11", "kind": "work"}]', NULL, '2026-11-01T00:00:00Z'),
    ('00000000-0000-4000-8000-000000002026', 2026, '国务院办公厅关于2026年部分节假日安排的通知', false,
     '[{"date": "2026-01-01", "kind": "statutory"}, {"date": "2026-01-02", "kind": "rest"}, {"date": "2026-01-04", "kind": "work"}, {"date": "2026-02-14", "kind": "work"}, {"date": "2026-02-16", "kind": "statutory"}, {"date": "2026-02-17", "kind": "statutory"}, {"date": "2026-02-18", "kind": "statutory"}, {"date": "2026-02-19", "kind": "statutory"}, {"date": "2026-02-20", "kind": "rest"}, {"date": "2026-02-23", "kind": "rest"}, {"date": "2026-02-28", "kind": "work"}, {"date": "2026-04-05", "kind": "statutory"}, {"date": "2026-04-06", "kind": "rest"}, {"date": "2026-05-01", "kind": "statutory"}, {"date": "2026-05-02", "kind": "statutory"}, {"date": "2026-05-04", "kind": "rest"}, {"date": "2026-05-05", "kind": "rest"}, {"date": "2026-05-09", "kind": "work"}, {"date": "2026-06-19", "kind": "statutory"}, {"date": "2026-09-20", "kind": "work"}, {"date": "2026-09-25", "kind": "statutory"}, {"date": "2026-10-01", "kind": "statutory"}, {"date": "2026-10-02", "kind": "statutory"}, {"date": "2026-10-03", "kind": "statutory"}, {"date": "2026-10-05", "kind": "rest"}, {"date": "2026-10-06", "kind": "rest"}, {"date": "2026-10-07", "kind": "rest"}, {"date": "2026-10-10", "kind": "work"}]', NULL, '2026-11-01T00:00:00Z'),
    ('00000000-0000-4000-8000-000000002027', 2027, '全国年节及纪念日放假办法（2024年修订）；安排通知待发布', true,
     '[{"date": "2027-01-01", "kind": "statutory"}, {"date": "2027-02-05", "kind": "statutory"}, {"date": "2027-02-06", "kind": "statutory"}, {"date": "2027-02-07", "kind": "statutory"}, {"date": "2027-02-08", "kind": "statutory"}, {"date": "2027-04-05", "kind": "statutory"}, {"date": "2027-05-01", "kind": "statutory"}, {"date": "2027-05-02", "kind": "statutory"}, {"date": "2027-06-09", "kind": "statutory"}, {"date": "2027-09-15", "kind": "statutory"}, {"date": "2027-10-01", "kind": "statutory"}, {"date": "2027-10-02", "kind": "statutory"}, {"date": "2027-10-03", "kind": "statutory"}]', NULL, '2026-11-01T00:00:00Z');

-- A clock limits one step of a case. It runs (running_since, due_at), stands still (neither) or has ended.
CREATE TABLE case_clock (
    id uuid PRIMARY KEY,
    kind text NOT NULL,
    case_id uuid NOT NULL,
    name text NOT NULL,
    hours text NOT NULL CHECK (hours IN ('round_the_clock', 'office')),
    allowance_ms bigint NOT NULL CHECK (allowance_ms >= 0),
    used_ms bigint NOT NULL CHECK (used_ms >= 0),
    running_since timestamptz,
    due_at timestamptz,
    started_at timestamptz NOT NULL,
    ended_at timestamptz,
    met boolean,
    breached_at timestamptz,
    CONSTRAINT case_clock_runs CHECK ((running_since IS NULL) = (due_at IS NULL)),
    CONSTRAINT case_clock_ended CHECK ((ended_at IS NULL) = (met IS NULL) AND (ended_at IS NULL OR running_since IS NULL))
);
CREATE UNIQUE INDEX case_clock_open ON case_clock (case_id, name) WHERE ended_at IS NULL;
CREATE INDEX case_clock_case ON case_clock (case_id, id);
CREATE INDEX case_clock_recount ON case_clock (id) WHERE running_since IS NOT NULL AND hours = 'office';

-- From when to when a clock ran, and the state in which it stopped.
CREATE TABLE case_segment (
    id uuid PRIMARY KEY,
    clock_id uuid NOT NULL REFERENCES case_clock (id),
    started_at timestamptz NOT NULL,
    ended_at timestamptz,
    why text,
    CONSTRAINT case_segment_order CHECK (ended_at >= started_at),
    CONSTRAINT case_segment_ended CHECK ((ended_at IS NULL) = (why IS NULL))
);
CREATE UNIQUE INDEX case_segment_running ON case_segment (clock_id) WHERE ended_at IS NULL;
CREATE INDEX case_segment_clock ON case_segment (clock_id, id);

-- What was done and said, in order; rows are never changed.
CREATE TABLE case_entry (
    id uuid PRIMARY KEY,
    kind text NOT NULL,
    case_id uuid NOT NULL,
    seq int NOT NULL CHECK (seq > 0),
    at timestamptz NOT NULL,
    public boolean NOT NULL,
    what text NOT NULL,
    author text NOT NULL CHECK (author IN ('member', 'lawyer', 'cadre', 'platform')),
    person_id uuid,
    state text,
    text bytea,
    CONSTRAINT case_entry_place UNIQUE (case_id, seq),
    CONSTRAINT case_entry_author CHECK ((author = 'platform') = (person_id IS NULL))
);
