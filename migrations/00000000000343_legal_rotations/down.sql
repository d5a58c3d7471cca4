ALTER TABLE legal_shift DROP COLUMN rotation_id;
DROP TABLE legal_rotation;
