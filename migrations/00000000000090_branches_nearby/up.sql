-- Branches on a map, by datum.
CREATE INDEX merchant_branch_place ON merchant_branch (datum, lat, lng) WHERE datum IS NOT NULL;
