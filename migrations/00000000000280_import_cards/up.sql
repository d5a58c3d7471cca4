-- Cards that banks issue with the union: of the bank's number nothing but its last four digits.
ALTER TABLE card ADD COLUMN bank_code text;
ALTER TABLE card ADD COLUMN last4 text;
ALTER TABLE card ADD COLUMN bank_reference text;
ALTER TABLE card ADD CONSTRAINT card_last4 CHECK (last4 ~ '^[0-9]{4}$');
ALTER TABLE card ADD CONSTRAINT card_virtual_has_no_bank
    CHECK (kind <> 'VIRTUAL' OR num_nonnulls(bank_code, last4, bank_reference) = 0);

-- What a till takes: the virtual card alone.
CREATE OR REPLACE VIEW card_standing AS
    SELECT c.id AS card_id, c.person_id, c.n, c.kind, c.status, c.valid_from, c.valid_to, c.last_step,
           s.state AS member_state, s.reason AS member_reason, s.org_id, s.path, p.retained AS retained_policy
    FROM card c
    LEFT JOIN member_standing s ON s.person_id = c.person_id
    CROSS JOIN card_policy p
    WHERE c.kind = 'VIRTUAL';

ALTER TABLE import DROP CONSTRAINT import_kind_check;
ALTER TABLE import ADD CONSTRAINT import_kind_check CHECK (kind IN ('unions', 'members', 'merchants', 'cards'));
