-- Codes that another company made, each given to one member: claimed like coupons, and spent with that company.
ALTER TABLE campaign DROP CONSTRAINT campaign_kind_check;
ALTER TABLE campaign ADD CONSTRAINT campaign_kind_check CHECK (kind IN ('standing', 'quota', 'coupon', 'code_pool'));
ALTER TABLE campaign DROP CONSTRAINT campaign_coupon;
ALTER TABLE campaign ADD CONSTRAINT campaign_coupon CHECK (
    (kind IN ('coupon', 'code_pool')) = (coupon_valid_days IS NOT NULL)
    AND (kind IN ('coupon', 'code_pool')) = (claim_from IS NOT NULL)
    AND (kind IN ('coupon', 'code_pool')) = (claim_until IS NOT NULL)
);

CREATE TABLE campaign_code (
    id uuid PRIMARY KEY,
    campaign_id uuid NOT NULL REFERENCES campaign (id),
    code bytea NOT NULL,
    code_index bytea NOT NULL,
    given_to uuid REFERENCES coupon (id)
);
CREATE UNIQUE INDEX campaign_code_once ON campaign_code (campaign_id, code_index);
CREATE UNIQUE INDEX campaign_code_given ON campaign_code (given_to) WHERE given_to IS NOT NULL;
CREATE INDEX campaign_code_free ON campaign_code (campaign_id, id) WHERE given_to IS NULL;
