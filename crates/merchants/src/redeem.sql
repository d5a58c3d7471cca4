WITH prior AS MATERIALIZED (
    SELECT body_hash, status, response, location
    FROM idempotency
    WHERE account_id = $1 AND operation = $2 AND key = $3
), patience AS MATERIALIZED (
    -- No row is waited for longer than two seconds: the burn, where duplicates wait for the first, nor the counter,
    -- the coupon and the key. Local to this statement.
    SELECT set_config('lock_timeout', '2s', true) AS is_set
), holder AS MATERIALIZED (
    SELECT card_id, n, path, last_step,
           (status = 'ACTIVE' AND $6 BETWEEN valid_from AND valid_to
            AND (member_state IN ('ACTIVE', 'LEAVING')
                 OR (member_state = 'RETAINED' AND retained_policy <> 'suspended'))) IS TRUE AS valid,
           (member_state = 'RETAINED' AND retained_policy = 'limited') IS TRUE AS limited
    FROM card_standing
    WHERE person_id = $7 AND ($8 IS NULL OR n = $8)
    ORDER BY valid DESC, n
    LIMIT 1
), offer AS MATERIALIZED (
    SELECT c.id AS campaign_id, c.kind, c.title, c.path, c.retained_allowed, c.min_spend_fen, c.benefit_kind,
           c.benefit_fen, c.benefit_bp, c.cap_fen, c.member_limit,
           c.state = 'APPROVED' AND c.starts_at <= $5 AND $5 < c.ends_at AS running,
           b.merchant_id, b.name AS branch_name, m.name AS merchant_name,
           b.state = 'OPEN' AND m.state = 'LIVE' AND $6 BETWEEN m.contract_from AND m.contract_to AS open,
           q.quota_cap, q.quota_used, q.budget_cap_fen, q.budget_used_fen,
           k.id AS coupon_id, k.state = 'CLAIMED' AND k.expires_on >= $6 AND k.returned_at IS NULL AS usable,
           CASE c.kind
               WHEN 'standing' THEN $10::text || '/' || to_char($6::timestamp, 'YYYY-MM-DD')
               WHEN 'coupon' THEN k.id::text
               ELSE CASE c.period WHEN 'day' THEN to_char($6::timestamp, 'YYYY-MM-DD') ELSE '*' END
           END AS period_key
    FROM merchant_branch b
    JOIN merchant m ON m.id = b.merchant_id
    JOIN campaign_branch cb ON cb.branch_id = b.id
    JOIN campaign c ON c.id = cb.campaign_id
    JOIN campaign_counter q ON q.campaign_id = c.id
    LEFT JOIN LATERAL (
        SELECT k.id, k.state, k.expires_on, k.returned_at
        FROM coupon k
        WHERE k.person_id = $7 AND k.campaign_id = c.id AND ($13 IS NULL OR k.id = $13)
        ORDER BY k.state = 'CLAIMED' AND k.expires_on >= $6 AND k.returned_at IS NULL DESC, k.expires_on, k.id
        LIMIT 1
    ) k ON c.kind = 'coupon'
    WHERE b.id = $10
      AND c.id = CASE WHEN $13 IS NULL THEN $12 ELSE (SELECT campaign_id FROM coupon WHERE id = $13 AND person_id = $7) END
), facts AS MATERIALIZED (
    SELECT h.card_id, h.n, h.path AS holder_path, h.last_step, h.valid, h.limited, o.*,
           CASE
               WHEN o.benefit_kind = 'amount' THEN least(o.benefit_fen, $14)
               ELSE least(div($14::numeric * o.benefit_bp, 10000)::bigint, o.cap_fen)
           END AS off_fen,
           CASE
               WHEN o.kind = 'coupon' THEN 1
               ELSE (SELECT min(s) FROM generate_series(1, o.member_limit) s WHERE NOT EXISTS (
                         SELECT FROM redemption r
                         WHERE r.campaign_id = o.campaign_id AND r.person_id = $7 AND r.period_key = o.period_key
                           AND r.seq = s AND r.state = 'DONE'))
           END AS seq,
           CASE
               WHEN o.kind = 'coupon' THEN
                   (SELECT count(*) - 1 FROM coupon k
                    WHERE k.person_id = $7 AND k.campaign_id = o.campaign_id AND k.state = 'CLAIMED'
                      AND k.expires_on >= $6 AND k.returned_at IS NULL)
               ELSE o.member_limit - 1 -
                   (SELECT count(*) FROM redemption r
                    WHERE r.campaign_id = o.campaign_id AND r.person_id = $7 AND r.period_key = o.period_key
                      AND r.state = 'DONE')
           END AS remaining
    FROM (SELECT 1) one LEFT JOIN holder h ON true LEFT JOIN offer o ON true
), judged AS MATERIALIZED (
    SELECT f.*,
           CASE
               WHEN EXISTS (SELECT FROM prior) THEN 'replay'
               WHEN card_id IS NULL THEN 'card'
               WHEN last_step >= $9 THEN 'qr_used'
               WHEN NOT valid THEN 'card'
               WHEN campaign_id IS NULL THEN 'absent'
               WHEN NOT open THEN 'contract'
               WHEN NOT running THEN 'not_open'
               WHEN NOT starts_with(holder_path, path) THEN 'union'
               WHEN limited AND NOT retained_allowed THEN 'card_limited'
               WHEN kind = 'coupon' AND coupon_id IS NULL THEN 'coupon_needed'
               WHEN kind = 'coupon' AND NOT usable THEN 'coupon_used'
               WHEN $14 IS NULL AND (benefit_kind = 'percent' OR min_spend_fen > 0) THEN 'amount'
               WHEN $14 < min_spend_fen THEN 'min_spend'
               WHEN seq IS NULL THEN 'limit'
               WHEN kind <> 'coupon' AND (quota_used >= quota_cap OR budget_used_fen + off_fen > budget_cap_fen) THEN 'sold_out'
           END AS refusal
    FROM facts f
), burned AS (
    -- The gate. When another burned this step (or a later one) since the snapshot, no row comes out of here and
    -- nothing below happens; when anything below fails, its constraint takes this back too.
    UPDATE card_burn b
    SET last_step = coalesce($9, b.last_step)
    FROM judged j, patience p
    WHERE p.is_set IS NOT NULL AND j.refusal IS NULL
      AND b.person_id = $7 AND b.n = j.n AND ($9 IS NULL OR b.last_step < $9)
    RETURNING b.id
), counted AS (
    UPDATE campaign_counter q
    SET quota_used = q.quota_used + 1, budget_used_fen = q.budget_used_fen + j.off_fen
    FROM judged j, burned
    WHERE q.campaign_id = j.campaign_id AND j.kind <> 'coupon'
      AND (j.quota_cap IS NOT NULL OR j.budget_cap_fen IS NOT NULL)
), used AS (
    UPDATE coupon k
    SET state = 'USED', redemption_id = $15
    FROM judged j, burned
    WHERE k.person_id = $7 AND k.id = j.coupon_id
), done AS (
    INSERT INTO redemption (id, receipt_no, campaign_id, coupon_id, person_id, card_id, step, merchant_id, branch_id,
                            staff_id, via, kind, original_fen, benefit_fen, payable_fen, path, day, period_key, seq,
                            check_code, state, at)
    SELECT $15, $16, j.campaign_id, j.coupon_id, $7, j.card_id, $9, j.merchant_id, $10,
           $11, $18, j.kind, $14, j.off_fen, $14 - j.off_fen, j.holder_path, $6, j.period_key, j.seq,
           $19, 'DONE', $5
    FROM judged j, burned
), news AS (
    INSERT INTO outbox (id, topic, payload, created_at)
    SELECT $17, 'redemption.done',
           jsonb_build_object('redemption_id', $15, 'campaign_id', j.campaign_id, 'branch_id', $10), $5
    FROM judged j, burned
), reply AS MATERIALIZED (
    SELECT convert_to(
               '{"id":"' || $15::text || '","receipt_no":"' || $16 ||
               '","original_fen":' || coalesce($14::text, 'null') ||
               ',"benefit_fen":' || j.off_fen::text ||
               ',"payable_fen":' || coalesce(($14 - j.off_fen)::text, 'null') ||
               ',"remaining_for_member":' || j.remaining::text ||
               CASE $18 WHEN 'till' THEN '' ELSE
                   ',"merchant_name":' || to_json(j.merchant_name)::text || ',"branch_name":' || to_json(j.branch_name)::text ||
                   ',"title":' || to_json(j.title)::text || ',"at":"' || $20 || '","check_code":"' || $19 || '"'
               END || '}', 'UTF8') AS body
    FROM judged j, burned
), kept AS (
    INSERT INTO idempotency (account_id, operation, key, body_hash, status, response, location, created_at)
    SELECT $1, $2, $3, $4, 201, r.body, $21 || $15::text, $5
    FROM reply r
)
SELECT j.refusal, j.min_spend_fen, r.body, p.body_hash, p.status, p.response, p.location
FROM judged j LEFT JOIN reply r ON true LEFT JOIN prior p ON true
