-- Keys, idempotency, outbox, tasks, audit.

CREATE TABLE storage_key (
    id int PRIMARY KEY,
    purpose text NOT NULL,
    sealed bytea NOT NULL,
    created_at timestamptz NOT NULL,
    retired_at timestamptz
);

CREATE TABLE idempotency (
    account_id uuid NOT NULL,
    operation text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    body_hash bytea NOT NULL,
    status smallint,
    response bytea,
    location text,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, operation, key)
);
CREATE INDEX idempotency_created_at ON idempotency (created_at);

CREATE TABLE outbox (
    id uuid PRIMARY KEY,
    topic text NOT NULL,
    payload jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    dispatched_at timestamptz
);
CREATE INDEX outbox_undispatched ON outbox (id) WHERE dispatched_at IS NULL;

CREATE TABLE task (
    id uuid PRIMARY KEY,
    kind text NOT NULL,
    dedupe_key text UNIQUE,
    payload jsonb NOT NULL,
    state text NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed')),
    run_at timestamptz NOT NULL,
    lease_until timestamptz,
    attempts int NOT NULL,
    last_error text,
    created_at timestamptz NOT NULL,
    finished_at timestamptz
);
CREATE INDEX task_due ON task (run_at, id) WHERE state IN ('queued', 'running');

CREATE TABLE audit_event (
    id uuid PRIMARY KEY,
    at timestamptz NOT NULL,
    chain text COLLATE "C" NOT NULL,
    actor_person uuid,
    actor_account uuid,
    post_id uuid,
    org_id uuid,
    channel text NOT NULL,
    request_id uuid,
    action text NOT NULL,
    object_type text NOT NULL,
    object_id uuid,
    subject_person uuid,
    changes jsonb NOT NULL,
    reason text,
    outcome text NOT NULL CHECK (outcome IN ('done', 'intent', 'refused'))
);
CREATE INDEX audit_event_chain ON audit_event (chain, id);
CREATE INDEX audit_event_object ON audit_event (object_id, id);
CREATE INDEX audit_event_subject ON audit_event (subject_person, id) WHERE subject_person IS NOT NULL;

CREATE TABLE audit_unsealed (
    event_id uuid PRIMARY KEY REFERENCES audit_event (id)
);

-- What rooms may read of it.
CREATE VIEW audit_entry AS
    SELECT id, at, chain, actor_person, post_id, org_id, channel, action, object_type, object_id,
           subject_person, changes, reason, outcome
    FROM audit_event;
