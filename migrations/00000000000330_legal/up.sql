-- Lawyers, their firms and whom these act for; duty; questions of members and who must not see them.

CREATE TABLE legal_firm (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL,
    path text COLLATE "C" NOT NULL,
    name text NOT NULL,
    -- What names are compared by (crates/legal/src/names.rs).
    name_keys text[] NOT NULL,
    uscc text,
    licence_no text NOT NULL,
    licence_until date NOT NULL,
    version int NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    CONSTRAINT legal_firm_licence UNIQUE (licence_no),
    CONSTRAINT legal_firm_uscc UNIQUE (uscc)
);
CREATE INDEX legal_firm_scope ON legal_firm (path, id);
CREATE INDEX legal_firm_keys ON legal_firm USING gin (name_keys);

CREATE TABLE legal_lawyer (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES account (id),
    person_id uuid NOT NULL REFERENCES person (id),
    firm_id uuid NOT NULL REFERENCES legal_firm (id),
    org_id uuid NOT NULL,
    path text COLLATE "C" NOT NULL,
    name text NOT NULL,
    name_keys text[] NOT NULL,
    practice_no text NOT NULL,
    licence_until date NOT NULL,
    fields text[] NOT NULL,
    division text NOT NULL,
    intro text NOT NULL,
    state text NOT NULL CHECK (state IN ('ACTIVE', 'SUSPENDED')),
    -- The last heartbeat.
    seen_at timestamptz,
    version int NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    CONSTRAINT legal_lawyer_account UNIQUE (account_id),
    CONSTRAINT legal_lawyer_person UNIQUE (person_id),
    CONSTRAINT legal_lawyer_practice UNIQUE (practice_no)
);
CREATE INDEX legal_lawyer_scope ON legal_lawyer (path, id);
CREATE INDEX legal_lawyer_directory ON legal_lawyer (division, id) WHERE state = 'ACTIVE';
CREATE INDEX legal_lawyer_keys ON legal_lawyer USING gin (name_keys);

-- With which firms a lawyer was when. Rows end and are never removed: what somebody knew they keep knowing.
CREATE TABLE legal_affiliation (
    id uuid PRIMARY KEY,
    lawyer_id uuid NOT NULL REFERENCES legal_lawyer (id),
    firm_id uuid NOT NULL REFERENCES legal_firm (id),
    from_date date NOT NULL,
    to_date date,
    CONSTRAINT legal_affiliation_order CHECK (to_date >= from_date)
);
CREATE UNIQUE INDEX legal_affiliation_present ON legal_affiliation (lawyer_id) WHERE to_date IS NULL;
CREATE INDEX legal_affiliation_firm ON legal_affiliation (firm_id, lawyer_id);

-- Whom a firm acts or acted for, in whatever role.
CREATE TABLE legal_engagement (
    id uuid PRIMARY KEY,
    firm_id uuid NOT NULL REFERENCES legal_firm (id),
    lawyer_id uuid REFERENCES legal_lawyer (id),
    kind text NOT NULL CHECK (kind IN ('organisation', 'person')),
    name text NOT NULL,
    name_keys text[] NOT NULL,
    uscc text,
    role text NOT NULL,
    from_date date NOT NULL,
    to_date date,
    version int NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    CONSTRAINT legal_engagement_order CHECK (to_date >= from_date)
);
CREATE INDEX legal_engagement_firm ON legal_engagement (firm_id, id);
CREATE INDEX legal_engagement_uscc ON legal_engagement (uscc) WHERE uscc IS NOT NULL;
CREATE INDEX legal_engagement_keys ON legal_engagement USING gin (name_keys);

-- Companies that are one for a conflict of interest.
CREATE TABLE legal_group (
    uscc text PRIMARY KEY,
    group_uscc text NOT NULL
);
CREATE INDEX legal_group_members ON legal_group (group_uscc);

CREATE TABLE legal_shift (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL,
    path text COLLATE "C" NOT NULL,
    lawyer_id uuid NOT NULL REFERENCES legal_lawyer (id),
    backup_id uuid REFERENCES legal_lawyer (id),
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    state text NOT NULL CHECK (state IN ('PLANNED', 'PUBLISHED', 'CANCELLED')),
    version int NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    CONSTRAINT legal_shift_order CHECK (ends_at > starts_at AND ends_at <= starts_at + interval '24 hours'),
    CONSTRAINT legal_shift_backup CHECK (backup_id <> lawyer_id)
);
CREATE INDEX legal_shift_scope ON legal_shift (path, starts_at, id);
CREATE INDEX legal_shift_now ON legal_shift (ends_at, starts_at) WHERE state = 'PUBLISHED';
CREATE INDEX legal_shift_lawyer ON legal_shift (lawyer_id, starts_at);

CREATE TABLE legal_consultation (
    id uuid PRIMARY KEY,
    number text NOT NULL,
    person_id uuid NOT NULL REFERENCES person (id),
    account_id uuid NOT NULL REFERENCES account (id),
    category text NOT NULL,
    -- Harassment, retaliation: for the legal officers alone.
    sensitive boolean NOT NULL,
    title bytea NOT NULL,
    state text NOT NULL CHECK (state IN ('QUEUED', 'ASSIGNED', 'ANSWERED', 'ESCALATED', 'CLOSED', 'CALLBACK', 'RATED', 'UNRATED', 'WITHDRAWN')),
    lawyer_id uuid REFERENCES legal_lawyer (id),
    -- Who the member asked for.
    chosen_id uuid REFERENCES legal_lawyer (id),
    -- How far up an escalation went: 0 the county, 1 the city, 2 the province.
    escalated int NOT NULL DEFAULT 0,
    asked_at timestamptz NOT NULL,
    first_response_at timestamptz,
    closed_at timestamptz,
    rating int CHECK (rating BETWEEN 1 AND 5),
    rated_at timestamptz,
    reopened int NOT NULL DEFAULT 0,
    previous_id uuid REFERENCES legal_consultation (id),
    version int NOT NULL DEFAULT 1,
    CONSTRAINT legal_consultation_number UNIQUE (number),
    CONSTRAINT legal_consultation_lawyer CHECK (state NOT IN ('ASSIGNED', 'ANSWERED') OR lawyer_id IS NOT NULL),
    CONSTRAINT legal_consultation_queue CHECK (state NOT IN ('QUEUED', 'ESCALATED') OR lawyer_id IS NULL),
    CONSTRAINT legal_consultation_rated CHECK ((rating IS NULL) = (rated_at IS NULL) AND (state NOT IN ('RATED', 'CALLBACK') OR rating IS NOT NULL))
);
CREATE INDEX legal_consultation_person ON legal_consultation (person_id, id);
CREATE INDEX legal_consultation_lawyer_open ON legal_consultation (lawyer_id, id) WHERE lawyer_id IS NOT NULL;
CREATE INDEX legal_consultation_queued ON legal_consultation (asked_at, id) WHERE state = 'QUEUED';
CREATE INDEX legal_consultation_escalated ON legal_consultation (asked_at, id) WHERE state IN ('ESCALATED', 'CALLBACK');

-- Everybody a question is about, in whatever role; the member is one by their account.
CREATE TABLE legal_party (
    id uuid PRIMARY KEY,
    consultation_id uuid NOT NULL REFERENCES legal_consultation (id),
    role text NOT NULL CHECK (role IN ('member', 'employer', 'counterpart', 'counterpart_lawyer', 'counterpart_firm')),
    kind text NOT NULL CHECK (kind IN ('organisation', 'person')),
    name text NOT NULL,
    name_keys text[] NOT NULL,
    uscc text
);
CREATE INDEX legal_party_of ON legal_party (consultation_id, id);
CREATE INDEX legal_party_uscc ON legal_party (uscc) WHERE uscc IS NOT NULL;
CREATE INDEX legal_party_keys ON legal_party USING gin (name_keys);

-- Who had a question and did not answer it, so that it goes to somebody else first.
CREATE TABLE legal_tried (
    consultation_id uuid NOT NULL REFERENCES legal_consultation (id),
    lawyer_id uuid NOT NULL REFERENCES legal_lawyer (id),
    why text NOT NULL CHECK (why IN ('silent', 'recused')),
    at timestamptz NOT NULL,
    PRIMARY KEY (consultation_id, lawyer_id)
);

-- The wall, computed at every read: which lawyers must not know of a question. A firm is one head; what it knew it knows;
-- the role in which somebody stands on either side makes no difference. Not materialised: whoever reads it asks about one question.
CREATE VIEW legal_conflict AS
WITH known AS NOT MATERIALIZED (
    SELECT e.firm_id, e.lawyer_id, e.uscc, e.name_keys FROM legal_engagement e
    UNION ALL
    SELECT f.id, NULL, f.uscc, f.name_keys FROM legal_firm f
), hit AS NOT MATERIALIZED (
    SELECT p.consultation_id, k.firm_id, k.lawyer_id
    FROM legal_party p JOIN known k ON k.uscc = p.uscc
    UNION
    SELECT p.consultation_id, k.firm_id, k.lawyer_id
    FROM legal_party p
    JOIN legal_group mine ON mine.uscc = p.uscc
    JOIN legal_group theirs ON theirs.group_uscc = mine.group_uscc
    JOIN known k ON k.uscc = theirs.uscc
    UNION
    SELECT p.consultation_id, k.firm_id, k.lawyer_id
    FROM legal_party p JOIN known k ON k.name_keys && p.name_keys
)
SELECT h.consultation_id, a.lawyer_id
FROM hit h JOIN legal_affiliation a ON a.firm_id = h.firm_id
UNION
SELECT h.consultation_id, h.lawyer_id FROM hit h WHERE h.lawyer_id IS NOT NULL
UNION
SELECT p.consultation_id, l.id FROM legal_party p JOIN legal_lawyer l ON l.name_keys && p.name_keys
UNION
SELECT c.id, l.id FROM legal_consultation c JOIN legal_lawyer l ON l.person_id = c.person_id;
