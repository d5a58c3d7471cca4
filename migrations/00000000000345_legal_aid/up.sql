-- Legal aid: somebody represents a member, free of charge. Its parties stand in the same wall as those of questions.

DROP VIEW legal_conflict;
ALTER TABLE legal_party DROP CONSTRAINT legal_party_consultation_id_fkey;
ALTER TABLE legal_party RENAME COLUMN consultation_id TO case_id;
ALTER TABLE legal_tried DROP CONSTRAINT legal_tried_consultation_id_fkey;
ALTER TABLE legal_tried RENAME COLUMN consultation_id TO case_id;
ALTER TABLE legal_notice RENAME COLUMN consultation_id TO case_id;

ALTER TABLE legal_consultation DROP CONSTRAINT legal_consultation_state_check;
ALTER TABLE legal_consultation ADD CONSTRAINT legal_consultation_state_check
    CHECK (state IN ('QUEUED', 'ASSIGNED', 'ANSWERED', 'ESCALATED', 'CLOSED', 'CALLBACK', 'RATED', 'UNRATED', 'WITHDRAWN', 'TO_AID'));

CREATE TABLE legal_aid (
    id uuid PRIMARY KEY,
    number text NOT NULL,
    person_id uuid NOT NULL REFERENCES person (id),
    consultation_id uuid REFERENCES legal_consultation (id),
    -- Whose legal department handles it: the county of the member's union, until it is entrusted to another.
    org_id uuid NOT NULL,
    path text COLLATE "C" NOT NULL,
    -- Whose it was before; that union still reads it.
    origin_path text COLLATE "C" NOT NULL,
    category text NOT NULL,
    sensitive boolean NOT NULL,
    ground text NOT NULL CHECK (ground IN ('exempt', 'hardship', 'infringement')),
    form text NOT NULL CHECK (form IN ('drafting', 'mediation', 'arbitration', 'litigation', 'other')),
    title bytea NOT NULL,
    claim bytea NOT NULL,
    claimed_fen bigint CHECK (claimed_fen >= 0),
    -- The last day to ask for arbitration, where there is one, and the day of a hearing.
    limitation_on date,
    hearing_on date,
    state text NOT NULL CHECK (state IN ('APPLIED', 'NEED_DOCS', 'UNDER_REVIEW', 'PROVISIONAL', 'GRANTED', 'APPOINTED', 'IN_PROGRESS', 'REPORTED',
        'CLOSED', 'RATED', 'UNRATED', 'REFUSED', 'APPEALED', 'REFUSED_FINAL', 'WITHDRAWN', 'TERMINATED')),
    -- Missing papers are told once.
    papers_asked boolean NOT NULL DEFAULT false,
    -- Acted on before it is decided.
    provisional boolean NOT NULL DEFAULT false,
    reviewer_id uuid REFERENCES person (id),
    decider_id uuid REFERENCES person (id),
    decided_at timestamptz,
    -- From where: a refusal is looked at from above that place.
    decided_path text COLLATE "C",
    lawyer_id uuid REFERENCES legal_lawyer (id),
    entrusted_to uuid,
    entrusted_path text COLLATE "C",
    outcome text CHECK (outcome IN ('won', 'partly_won', 'settled', 'lost', 'drafted', 'other')),
    recovered_fen bigint CHECK (recovered_fen >= 0),
    rating int CHECK (rating BETWEEN 1 AND 5),
    applied_at timestamptz NOT NULL,
    closed_at timestamptz,
    version int NOT NULL DEFAULT 1,
    CONSTRAINT legal_aid_number UNIQUE (number),
    CONSTRAINT legal_aid_lawyer CHECK (state NOT IN ('APPOINTED', 'IN_PROGRESS', 'REPORTED', 'CLOSED', 'RATED', 'UNRATED') OR lawyer_id IS NOT NULL),
    CONSTRAINT legal_aid_vacant CHECK (state NOT IN ('APPLIED', 'NEED_DOCS', 'UNDER_REVIEW', 'PROVISIONAL', 'GRANTED') OR lawyer_id IS NULL),
    -- Who looked a case through does not decide it.
    CONSTRAINT legal_aid_two_persons CHECK (decider_id <> reviewer_id),
    CONSTRAINT legal_aid_not_oneself CHECK (reviewer_id <> person_id AND decider_id <> person_id),
    CONSTRAINT legal_aid_decided CHECK ((decided_at IS NULL) = (decider_id IS NULL)),
    CONSTRAINT legal_aid_granted CHECK (state NOT IN ('GRANTED', 'CLOSED', 'RATED', 'UNRATED', 'REFUSED', 'APPEALED', 'REFUSED_FINAL') OR decided_at IS NOT NULL),
    CONSTRAINT legal_aid_entrusted CHECK ((entrusted_to IS NULL) = (entrusted_path IS NULL)),
    CONSTRAINT legal_aid_outcome CHECK (state NOT IN ('REPORTED', 'CLOSED', 'RATED', 'UNRATED') OR outcome IS NOT NULL)
);
-- A question leads to one case of aid at a time.
CREATE UNIQUE INDEX legal_aid_consultation ON legal_aid (consultation_id) WHERE state NOT IN ('WITHDRAWN', 'REFUSED_FINAL', 'TERMINATED');
CREATE INDEX legal_aid_person ON legal_aid (person_id, id);
CREATE INDEX legal_aid_lawyer_of ON legal_aid (lawyer_id, id) WHERE lawyer_id IS NOT NULL;
CREATE INDEX legal_aid_scope ON legal_aid (path, id);
CREATE INDEX legal_aid_origin ON legal_aid (origin_path, id);
CREATE INDEX legal_aid_offered ON legal_aid (entrusted_path, id) WHERE entrusted_path IS NOT NULL;

-- Files of a case, each beside the entry it came with.
CREATE TABLE legal_attachment (
    file_id uuid PRIMARY KEY,
    case_id uuid NOT NULL,
    seq int NOT NULL
);
CREATE INDEX legal_attachment_case ON legal_attachment (case_id, seq, file_id);

-- As before, over the parties of every kind of case.
CREATE VIEW legal_conflict AS
WITH known AS NOT MATERIALIZED (
    SELECT e.firm_id, e.lawyer_id, e.uscc, e.name_keys FROM legal_engagement e
    UNION ALL
    SELECT f.id, NULL, f.uscc, f.name_keys FROM legal_firm f
), hit AS NOT MATERIALIZED (
    SELECT p.case_id, k.firm_id, k.lawyer_id
    FROM legal_party p JOIN known k ON k.uscc = p.uscc
    UNION
    SELECT p.case_id, k.firm_id, k.lawyer_id
    FROM legal_party p
    JOIN legal_group mine ON mine.uscc = p.uscc
    JOIN legal_group theirs ON theirs.group_uscc = mine.group_uscc
    JOIN known k ON k.uscc = theirs.uscc
    UNION
    SELECT p.case_id, k.firm_id, k.lawyer_id
    FROM legal_party p JOIN known k ON k.name_keys && p.name_keys
)
SELECT h.case_id, a.lawyer_id
FROM hit h JOIN legal_affiliation a ON a.firm_id = h.firm_id
UNION
SELECT h.case_id, h.lawyer_id FROM hit h WHERE h.lawyer_id IS NOT NULL
UNION
SELECT p.case_id, l.id FROM legal_party p JOIN legal_lawyer l ON l.name_keys && p.name_keys
UNION
SELECT c.id, l.id FROM legal_consultation c JOIN legal_lawyer l ON l.person_id = c.person_id
UNION
SELECT a.id, l.id FROM legal_aid a JOIN legal_lawyer l ON l.person_id = a.person_id;
