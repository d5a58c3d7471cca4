-- Notices 信息发布: written for the subtree of a union, or for everybody. SCHEDULED, PUBLISHED and EXPIRED are read off
-- the clock and never stored; WITHDRAWN is stored and final.
CREATE TABLE notice (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES org (id),
    path text COLLATE "C" NOT NULL,
    audience text NOT NULL CHECK (audience IN ('members', 'cadres', 'everyone')),
    channels text[] NOT NULL CHECK (
        cardinality(channels) > 0
        AND channels <@ ARRAY['member_app', 'mini_program', 'console', 'public_site']
    ),
    title text NOT NULL,
    summary text NOT NULL,
    body text NOT NULL,
    pinned_until timestamptz,
    -- When it is wanted to appear; and when it does, which the approval fixes: never before itself.
    publish_at timestamptz,
    published_at timestamptz,
    expires_at timestamptz,
    -- The notice that this one corrects.
    replaces_id uuid REFERENCES notice (id),
    state text NOT NULL CHECK (state IN ('DRAFT', 'REVIEW', 'APPROVED', 'WITHDRAWN')),
    -- Why it was returned or withdrawn.
    reason text,
    -- Every natural person who wrote a word of it: none of them approves it.
    written_by uuid[] NOT NULL CHECK (cardinality(written_by) > 0),
    submitted_at timestamptz,
    approved_by uuid,
    version int NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    CONSTRAINT notice_approved CHECK (
        (state IN ('APPROVED', 'WITHDRAWN')) = (published_at IS NOT NULL)
        AND (published_at IS NULL) = (approved_by IS NULL)
    ),
    CONSTRAINT notice_another_person CHECK ((approved_by <> ALL (written_by)) IS NOT FALSE),
    CONSTRAINT notice_lives CHECK ((expires_at > published_at) IS NOT FALSE)
);
CREATE INDEX notice_scope ON notice (path, id);
CREATE INDEX notice_waiting ON notice (path, submitted_at) WHERE state = 'REVIEW';
CREATE INDEX notice_addressed ON notice (path, published_at) WHERE state = 'APPROVED';
CREATE INDEX notice_public ON notice (published_at, id) WHERE state = 'APPROVED' AND audience = 'everyone';

-- Who read what: a reader counts once, however often they come back.
CREATE TABLE notice_read (
    notice_id uuid NOT NULL REFERENCES notice (id) ON DELETE CASCADE,
    account_id uuid NOT NULL REFERENCES account (id),
    at timestamptz NOT NULL,
    PRIMARY KEY (notice_id, account_id)
);
