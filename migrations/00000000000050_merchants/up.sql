-- Merchants, branches, staff; campaigns, coupons, redemptions; what was verified at tills.
--
-- Whatever can change between a statement's snapshot and its row locks is held by a constraint here, and its
-- name is what the refusal is told by: campaign_counter_quota, campaign_counter_budget, redemption_once,
-- coupon_once, coupon_used_is_not_returned.

CREATE TABLE merchant (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES org (id),
    path text COLLATE "C" NOT NULL,
    name text NOT NULL,
    uscc text NOT NULL,
    category text NOT NULL,
    division_code text NOT NULL,
    -- LAPSED is derived: LIVE with a contract that has ended (Shanghai date).
    state text NOT NULL CHECK (state IN ('APPLIED', 'VERIFIED', 'LIVE', 'SUSPENDED', 'TERMINATED', 'REJECTED')),
    contract_from date NOT NULL,
    contract_to date NOT NULL,
    contact_name text NOT NULL,
    contact_mobile bytea NOT NULL,
    version int NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    CONSTRAINT merchant_contract CHECK (contract_to >= contract_from)
);
CREATE UNIQUE INDEX merchant_uscc ON merchant (uscc) WHERE state NOT IN ('TERMINATED', 'REJECTED');
CREATE INDEX merchant_scope ON merchant (path, id);

CREATE TABLE merchant_branch (
    id uuid PRIMARY KEY,
    merchant_id uuid NOT NULL REFERENCES merchant (id),
    -- Printed as a QR: random, so that nobody counts branches or guesses one.
    code text COLLATE "C" NOT NULL,
    name text NOT NULL,
    address text NOT NULL,
    division_code text NOT NULL,
    lat double precision,
    lng double precision,
    -- gcj02 is what Chinese maps give; coordinates without their datum are off by hundreds of metres.
    datum text CHECK (datum IN ('gcj02', 'wgs84', 'bd09')),
    state text NOT NULL CHECK (state IN ('OPEN', 'CLOSED')),
    version int NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    CONSTRAINT merchant_branch_place CHECK (num_nulls(lat, lng, datum) IN (0, 3))
);
CREATE UNIQUE INDEX merchant_branch_code ON merchant_branch (code);
CREATE INDEX merchant_branch_merchant ON merchant_branch (merchant_id, id);

CREATE TABLE merchant_staff (
    id uuid PRIMARY KEY,
    merchant_id uuid NOT NULL REFERENCES merchant (id),
    -- A manager without one covers all branches.
    branch_id uuid REFERENCES merchant_branch (id),
    account_id uuid NOT NULL REFERENCES account (id),
    name text NOT NULL,
    mobile_masked text NOT NULL,
    role text NOT NULL CHECK (role IN ('manager', 'staff')),
    valid_from timestamptz NOT NULL,
    valid_to timestamptz,
    revoked_at timestamptz,
    CONSTRAINT merchant_staff_stands_somewhere CHECK (role = 'manager' OR branch_id IS NOT NULL)
);
CREATE UNIQUE INDEX merchant_staff_held
    ON merchant_staff (account_id, merchant_id, coalesce(branch_id, '00000000-0000-0000-0000-000000000000'))
    WHERE revoked_at IS NULL;
CREATE INDEX merchant_staff_merchant ON merchant_staff (merchant_id, id) WHERE revoked_at IS NULL;

CREATE TABLE campaign (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES org (id),
    path text COLLATE "C" NOT NULL,
    title text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('standing', 'quota', 'coupon')),
    -- SCHEDULED, RUNNING, SOLD_OUT and ENDED are derived from counters and clock.
    state text NOT NULL CHECK (state IN ('DRAFT', 'REVIEW', 'APPROVED', 'PAUSED', 'CLOSED')),
    benefit_kind text NOT NULL CHECK (benefit_kind IN ('amount', 'percent')),
    benefit_fen bigint CHECK (benefit_fen > 0),
    benefit_bp int CHECK (benefit_bp BETWEEN 1 AND 10000),
    cap_fen bigint CHECK (cap_fen > 0),
    min_spend_fen bigint NOT NULL CHECK (min_spend_fen >= 0),
    member_limit int NOT NULL CHECK (member_limit BETWEEN 1 AND 100),
    period text NOT NULL CHECK (period IN ('day', 'campaign')),
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    claim_from timestamptz,
    claim_until timestamptz,
    coupon_valid_days int CHECK (coupon_valid_days BETWEEN 1 AND 366),
    retained_allowed boolean NOT NULL,
    entered_by uuid NOT NULL REFERENCES person (id),
    changed_by uuid NOT NULL REFERENCES person (id),
    approved_by uuid REFERENCES person (id),
    approved_at timestamptz,
    return_reason text,
    version int NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    CONSTRAINT campaign_lasts CHECK (ends_at > starts_at),
    CONSTRAINT campaign_benefit CHECK (CASE benefit_kind WHEN 'amount' THEN benefit_fen IS NOT NULL AND benefit_bp IS NULL
                                       ELSE benefit_bp IS NOT NULL AND benefit_fen IS NULL END),
    CONSTRAINT campaign_coupon CHECK ((kind = 'coupon') = (coupon_valid_days IS NOT NULL)
                                      AND (kind = 'coupon') = (claim_from IS NOT NULL)
                                      AND (kind = 'coupon') = (claim_until IS NOT NULL)),
    -- The same natural person never enters and approves, whichever way the row is written.
    CONSTRAINT campaign_approved_by_another CHECK (approved_by IS NULL OR (approved_by <> entered_by AND approved_by <> changed_by))
);
CREATE INDEX campaign_scope ON campaign (path, id);

CREATE TABLE campaign_branch (
    campaign_id uuid NOT NULL REFERENCES campaign (id),
    branch_id uuid NOT NULL REFERENCES merchant_branch (id),
    PRIMARY KEY (campaign_id, branch_id)
);
CREATE INDEX campaign_branch_branch ON campaign_branch (branch_id);

-- What was taken. Claim-first campaigns take at the claim, the others at the redemption; a campaign without caps
-- is not counted here, so that its row is no queue for every till of the province.
CREATE TABLE campaign_counter (
    campaign_id uuid PRIMARY KEY REFERENCES campaign (id),
    quota_cap bigint,
    quota_used bigint NOT NULL DEFAULT 0,
    budget_cap_fen bigint,
    budget_used_fen bigint NOT NULL DEFAULT 0,
    CONSTRAINT campaign_counter_quota CHECK (quota_used <= quota_cap),
    CONSTRAINT campaign_counter_budget CHECK (budget_used_fen <= budget_cap_fen),
    CONSTRAINT campaign_counter_not_negative CHECK (quota_used >= 0 AND budget_used_fen >= 0)
);

CREATE TABLE coupon (
    id uuid PRIMARY KEY,
    campaign_id uuid NOT NULL REFERENCES campaign (id),
    person_id uuid NOT NULL REFERENCES person (id),
    period_key text COLLATE "C" NOT NULL,
    seq int NOT NULL,
    -- EXPIRED is derived: CLAIMED past its last day.
    state text NOT NULL CHECK (state IN ('CLAIMED', 'USED')),
    claimed_at timestamptz NOT NULL,
    expires_on date NOT NULL,
    reserved_fen bigint NOT NULL CHECK (reserved_fen >= 0),
    redemption_id uuid,
    returned_at timestamptz,
    CONSTRAINT coupon_used_is_not_returned CHECK (state = 'CLAIMED' OR returned_at IS NULL),
    CONSTRAINT coupon_used_says_where CHECK ((state = 'USED') = (redemption_id IS NOT NULL))
);
CREATE UNIQUE INDEX coupon_once ON coupon (campaign_id, person_id, period_key, seq);
CREATE INDEX coupon_person ON coupon (person_id, id);
CREATE INDEX coupon_expiry ON coupon (expires_on) WHERE state = 'CLAIMED' AND returned_at IS NULL;

CREATE TABLE redemption (
    id uuid PRIMARY KEY,
    receipt_no text COLLATE "C" NOT NULL,
    campaign_id uuid NOT NULL REFERENCES campaign (id),
    coupon_id uuid REFERENCES coupon (id),
    person_id uuid NOT NULL REFERENCES person (id),
    card_id uuid NOT NULL REFERENCES card (id),
    -- The step that was burned; none where the member scanned the branch's printed QR.
    step bigint,
    merchant_id uuid NOT NULL REFERENCES merchant (id),
    branch_id uuid NOT NULL REFERENCES merchant_branch (id),
    staff_id uuid REFERENCES merchant_staff (id),
    via text NOT NULL CHECK (via IN ('till', 'branch_qr')),
    kind text NOT NULL,
    original_fen bigint CHECK (original_fen >= 0),
    benefit_fen bigint NOT NULL CHECK (benefit_fen >= 0),
    payable_fen bigint CHECK (payable_fen >= 0),
    -- The member's path at that moment: statistics stay where the benefit was had.
    path text COLLATE "C" NOT NULL,
    day date NOT NULL,
    period_key text COLLATE "C" NOT NULL,
    seq int NOT NULL,
    check_code text,
    state text NOT NULL CHECK (state IN ('DONE', 'VOIDED')),
    at timestamptz NOT NULL,
    voided_at timestamptz,
    voided_by uuid REFERENCES account (id),
    void_reason text,
    CONSTRAINT redemption_adds_up CHECK (payable_fen = original_fen - benefit_fen),
    CONSTRAINT redemption_voided CHECK ((state = 'VOIDED') = (voided_at IS NOT NULL))
);
CREATE UNIQUE INDEX redemption_receipt ON redemption (receipt_no);
-- The limits per member, and "a coupon is used once": a voided one gives its place back.
CREATE UNIQUE INDEX redemption_once ON redemption (campaign_id, person_id, period_key, seq) WHERE state = 'DONE';
CREATE INDEX redemption_person ON redemption (person_id, id);
CREATE INDEX redemption_branch ON redemption (branch_id, day, id);
CREATE INDEX redemption_merchant ON redemption (merchant_id, day);
CREATE INDEX redemption_stats ON redemption (path, day);

-- Every verification, written in batches: a crash may lose the last second.
CREATE TABLE verification_log (
    id uuid PRIMARY KEY,
    at timestamptz NOT NULL,
    branch_id uuid NOT NULL,
    staff_id uuid NOT NULL,
    person_id uuid,
    result text NOT NULL
);
CREATE INDEX verification_log_branch ON verification_log (branch_id, at);
