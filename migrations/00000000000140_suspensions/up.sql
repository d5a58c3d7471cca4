-- Suspensions of merchants, each with the appeal that may follow (E5): it ends with the merchant LIVE again or TERMINATED.
CREATE TABLE merchant_suspension (
    id uuid PRIMARY KEY,
    merchant_id uuid NOT NULL REFERENCES merchant (id),
    path text COLLATE "C" NOT NULL,
    state text NOT NULL CHECK (state IN ('SUSPENDED', 'APPEALED', 'RESUMED', 'TERMINATED')),
    reason text NOT NULL,
    -- Null where it was suspended before this table was there.
    suspended_by uuid,
    suspended_at timestamptz NOT NULL,
    appeal_until date NOT NULL,
    statement text,
    appealed_by uuid REFERENCES account (id),
    appealed_at timestamptz,
    due_on date,
    decided_by uuid,
    decided_at timestamptz,
    decision_reason text,
    CONSTRAINT merchant_suspension_appeal CHECK (num_nulls(statement, appealed_by, appealed_at, due_on) IN (0, 4)),
    CONSTRAINT merchant_suspension_appealed CHECK (state <> 'APPEALED' OR statement IS NOT NULL),
    CONSTRAINT merchant_suspension_ended CHECK (
        (state IN ('RESUMED', 'TERMINATED')) = (decided_at IS NOT NULL)
        AND num_nulls(decided_by, decided_at) IN (0, 2)
        AND (state <> 'TERMINATED' OR decision_reason IS NOT NULL)
    )
);
CREATE UNIQUE INDEX merchant_suspension_open
    ON merchant_suspension (merchant_id) WHERE state IN ('SUSPENDED', 'APPEALED');
CREATE INDEX merchant_suspension_merchant ON merchant_suspension (merchant_id, id);
CREATE INDEX merchant_suspension_scope ON merchant_suspension (path, id);
CREATE INDEX merchant_suspension_waiting ON merchant_suspension (path, due_on) WHERE state = 'APPEALED';

-- Whoever is suspended already may appeal from today on.
INSERT INTO merchant_suspension (id, merchant_id, path, state, reason, suspended_by, suspended_at, appeal_until)
SELECT gen_random_uuid(), m.id, m.path, 'SUSPENDED', coalesce(e.reason, '—'), e.actor_person, coalesce(e.at, now()),
       (now() AT TIME ZONE 'Asia/Shanghai')::date + 7
FROM merchant m
LEFT JOIN LATERAL (
    SELECT reason, actor_person, at FROM audit_event
    WHERE object_id = m.id AND action = 'merchant.suspend' ORDER BY id DESC LIMIT 1
) e ON true
WHERE m.state = 'SUSPENDED';
