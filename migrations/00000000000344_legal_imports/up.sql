-- Files of lawyers with their firms, and of duty.
ALTER TABLE import DROP CONSTRAINT import_kind_check;
ALTER TABLE import ADD CONSTRAINT import_kind_check
    CHECK (kind IN ('unions', 'members', 'merchants', 'cards', 'lawyers', 'duty_roster'));
