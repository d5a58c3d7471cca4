DROP TABLE campaign_code;
ALTER TABLE campaign DROP CONSTRAINT campaign_coupon;
ALTER TABLE campaign ADD CONSTRAINT campaign_coupon CHECK ((kind = 'coupon') = (coupon_valid_days IS NOT NULL)
                                      AND (kind = 'coupon') = (claim_from IS NOT NULL)
                                      AND (kind = 'coupon') = (claim_until IS NOT NULL));
ALTER TABLE campaign DROP CONSTRAINT campaign_kind_check;
ALTER TABLE campaign ADD CONSTRAINT campaign_kind_check CHECK (kind IN ('standing', 'quota', 'coupon'));
