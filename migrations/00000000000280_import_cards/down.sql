ALTER TABLE import DROP CONSTRAINT import_kind_check;
ALTER TABLE import ADD CONSTRAINT import_kind_check CHECK (kind IN ('unions', 'members', 'merchants'));

CREATE OR REPLACE VIEW card_standing AS
    SELECT c.id AS card_id, c.person_id, c.n, c.kind, c.status, c.valid_from, c.valid_to, c.last_step,
           s.state AS member_state, s.reason AS member_reason, s.org_id, s.path, p.retained AS retained_policy
    FROM card c
    LEFT JOIN member_standing s ON s.person_id = c.person_id
    CROSS JOIN card_policy p;

ALTER TABLE card DROP CONSTRAINT card_virtual_has_no_bank;
ALTER TABLE card DROP COLUMN bank_code;
ALTER TABLE card DROP COLUMN last4;
ALTER TABLE card DROP COLUMN bank_reference;
