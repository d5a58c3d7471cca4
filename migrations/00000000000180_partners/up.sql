-- Partners 合作系统: other systems that learn, by signed key, what a member agreed to share, and never who the member is.
CREATE TABLE partner (
    -- The account of the realm `partner` that its tokens are of; the client_id, too.
    id uuid PRIMARY KEY REFERENCES account (id),
    org_id uuid NOT NULL REFERENCES org (id),
    path text COLLATE "C" NOT NULL,
    name text NOT NULL,
    -- Whose system it is: a credit code, or a name where there is none.
    uscc text,
    organisation text,
    contact_name text NOT NULL,
    contact_mobile bytea NOT NULL,
    redirect_origins text[] NOT NULL CHECK (cardinality(redirect_origins) BETWEEN 1 AND 10),
    -- What it learns beside a subject of its own.
    receives text[] NOT NULL CHECK (receives <@ ARRAY['level', 'union']),
    state text NOT NULL CHECK (state IN ('REGISTERED', 'ACTIVE', 'SUSPENDED', 'CLOSED')),
    -- Why it was suspended, resumed or closed.
    reason text,
    -- Every natural person who entered any of what was approved.
    written_by uuid[] NOT NULL CHECK (cardinality(written_by) > 0),
    approved_by uuid,
    version int NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    CONSTRAINT partner_is_somebodys CHECK (num_nonnulls(uscc, organisation) > 0),
    CONSTRAINT partner_approved CHECK (state NOT IN ('ACTIVE', 'SUSPENDED') OR approved_by IS NOT NULL),
    CONSTRAINT partner_another_person CHECK ((approved_by <> ALL (written_by)) IS NOT FALSE)
);
CREATE INDEX partner_scope ON partner (path, id);

-- Ed25519 public keys. A key's id is that of the session its tokens are of: a key that goes takes its tokens along.
CREATE TABLE partner_key (
    id uuid PRIMARY KEY,
    partner_id uuid NOT NULL REFERENCES partner (id),
    public_key bytea NOT NULL CHECK (octet_length(public_key) = 32),
    added_at timestamptz NOT NULL,
    removed_at timestamptz
);
-- One key is one partner's, and one that was removed never comes back.
CREATE UNIQUE INDEX partner_key_public ON partner_key (public_key);
CREATE INDEX partner_key_live ON partner_key (partner_id) WHERE removed_at IS NULL;

-- Assertions that were used, for as long as they could be used again.
CREATE TABLE partner_assertion (
    partner_id uuid NOT NULL REFERENCES partner (id),
    jti text NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (partner_id, jti)
);
CREATE INDEX partner_assertion_expires ON partner_assertion (expires_at);

-- Which member agreed to which partner, and what they were shown. Rows are kept; one stands at a time.
CREATE TABLE partner_consent (
    id uuid PRIMARY KEY,
    partner_id uuid NOT NULL REFERENCES partner (id),
    account_id uuid NOT NULL REFERENCES account (id),
    person_id uuid NOT NULL REFERENCES person (id),
    -- Under which name the partner knows the person.
    subject bytea NOT NULL CHECK (octet_length(subject) = 32),
    receives text[] NOT NULL,
    given_at timestamptz NOT NULL,
    withdrawn_at timestamptz,
    channel text NOT NULL
);
CREATE UNIQUE INDEX partner_consent_standing ON partner_consent (account_id, partner_id) WHERE withdrawn_at IS NULL;
CREATE INDEX partner_consent_account ON partner_consent (account_id, id);
CREATE INDEX partner_consent_subject ON partner_consent (partner_id, subject);

-- Tickets by which a member enters a partner: of each only the hash.
CREATE TABLE partner_ticket (
    hash bytea PRIMARY KEY,
    partner_id uuid NOT NULL REFERENCES partner (id),
    consent_id uuid NOT NULL REFERENCES partner_consent (id),
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX partner_ticket_consent ON partner_ticket (consent_id);
CREATE INDEX partner_ticket_expires ON partner_ticket (expires_at);
