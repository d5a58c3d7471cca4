-- Merchants that come by themselves (E5 up to LIVE): what they state, and what their county made of it. Nothing is
-- reserved by applying: the credit code is taken by the merchant that the signed contract makes.
CREATE TABLE merchant_application (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES account (id),
    org_id uuid NOT NULL REFERENCES org (id),
    path text COLLATE "C" NOT NULL,
    name text NOT NULL,
    uscc text NOT NULL,
    category text NOT NULL,
    division_code text NOT NULL,
    contact_name text NOT NULL,
    contact_mobile bytea NOT NULL,
    mobile_index bytea NOT NULL,
    branches jsonb NOT NULL,
    licence_file_id uuid NOT NULL,
    state text NOT NULL CHECK (state IN ('APPLIED', 'VERIFIED', 'SIGNED', 'REJECTED', 'WITHDRAWN')),
    due_on date NOT NULL,
    contract_from date,
    contract_to date,
    reason text,
    decided_by uuid,
    merchant_id uuid REFERENCES merchant (id),
    version int NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    CONSTRAINT merchant_application_contract CHECK (
        num_nulls(contract_from, contract_to) IN (0, 2) AND (contract_to >= contract_from) IS NOT FALSE
        AND (state NOT IN ('VERIFIED', 'SIGNED') OR contract_to IS NOT NULL)
    ),
    CONSTRAINT merchant_application_signed CHECK ((state = 'SIGNED') = (merchant_id IS NOT NULL))
);
CREATE UNIQUE INDEX merchant_application_open
    ON merchant_application (account_id) WHERE state IN ('APPLIED', 'VERIFIED');
CREATE INDEX merchant_application_scope ON merchant_application (path, id);
CREATE INDEX merchant_application_waiting ON merchant_application (path, due_on) WHERE state = 'APPLIED';

-- What is not LIVE yet is an application.
ALTER TABLE merchant DROP CONSTRAINT merchant_state_check;
ALTER TABLE merchant ADD CONSTRAINT merchant_state_check CHECK (state IN ('LIVE', 'SUSPENDED', 'TERMINATED'));
