SELECT h.status, h.member_state, h.retained_policy, h.valid_from, h.valid_to, h.last_step, p.name,
       o.campaign_id, o.coupon_id, o.kind, o.title, o.benefit_fen, o.benefit_bp, o.cap_fen, o.min_spend_fen,
       o.retained_allowed, o.remaining
FROM card_standing h
JOIN person_name p ON p.person_id = h.person_id
LEFT JOIN LATERAL (
    SELECT c.id AS campaign_id, k.id AS coupon_id, c.kind, c.title, c.benefit_fen, c.benefit_bp, c.cap_fen,
           c.min_spend_fen, c.retained_allowed,
           CASE
               WHEN c.kind = 'coupon' THEN count(k.id) OVER (PARTITION BY c.id)
               ELSE c.member_limit - (
                   SELECT count(*) FROM redemption r
                   WHERE r.campaign_id = c.id AND r.person_id = $1 AND r.state = 'DONE'
                     AND r.period_key = CASE
                         WHEN c.kind = 'standing' THEN $3::text || '/' || to_char($5::timestamp, 'YYYY-MM-DD')
                         WHEN c.period = 'day' THEN to_char($5::timestamp, 'YYYY-MM-DD')
                         ELSE '*' END)
           END AS remaining
    FROM merchant_branch b
    JOIN merchant m ON m.id = b.merchant_id
    JOIN campaign_branch cb ON cb.branch_id = b.id
    JOIN campaign c ON c.id = cb.campaign_id
    JOIN campaign_counter q ON q.campaign_id = c.id
    LEFT JOIN coupon k ON c.kind = 'coupon' AND k.campaign_id = c.id AND k.person_id = $1
        AND k.state = 'CLAIMED' AND k.expires_on >= $5 AND k.returned_at IS NULL
    WHERE b.id = $3 AND b.state = 'OPEN' AND m.state = 'LIVE' AND $5 BETWEEN m.contract_from AND m.contract_to
      AND c.state = 'APPROVED' AND c.starts_at <= $4 AND $4 < c.ends_at
      AND starts_with(h.path, c.path)
      AND CASE WHEN c.kind = 'coupon' THEN k.id IS NOT NULL
               ELSE (q.quota_cap IS NULL OR q.quota_used < q.quota_cap)
                AND (q.budget_cap_fen IS NULL OR q.budget_used_fen < q.budget_cap_fen) END
) o ON o.remaining > 0
WHERE h.person_id = $1 AND h.n = $2
ORDER BY o.kind, o.campaign_id, o.coupon_id
