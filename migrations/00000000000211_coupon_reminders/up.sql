-- Whoever is reminded of a coupon's last day is found batch by batch, in the order of ids within a day.
DROP INDEX coupon_expiry;
CREATE INDEX coupon_expiry ON coupon (expires_on, id) WHERE state = 'CLAIMED' AND returned_at IS NULL;
