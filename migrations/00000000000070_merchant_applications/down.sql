ALTER TABLE merchant DROP CONSTRAINT merchant_state_check;
ALTER TABLE merchant ADD CONSTRAINT merchant_state_check
    CHECK (state IN ('APPLIED', 'VERIFIED', 'LIVE', 'SUSPENDED', 'TERMINATED', 'REJECTED'));
DROP TABLE merchant_application;
