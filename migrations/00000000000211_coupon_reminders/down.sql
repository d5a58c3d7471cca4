DROP INDEX coupon_expiry;
CREATE INDEX coupon_expiry ON coupon (expires_on) WHERE state = 'CLAIMED' AND returned_at IS NULL;
