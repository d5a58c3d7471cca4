-- Lawyers in an order, from which shifts are planned.
CREATE TABLE legal_rotation (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL,
    path text COLLATE "C" NOT NULL,
    name text NOT NULL,
    lawyers uuid[] NOT NULL,
    -- Of each shift of a day: minutes after midnight in Shanghai, and hours.
    starts int[] NOT NULL,
    hours int[] NOT NULL,
    backup_offset int,
    first_day date NOT NULL,
    version int NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    CONSTRAINT legal_rotation_slots CHECK (cardinality(starts) = cardinality(hours) AND cardinality(starts) BETWEEN 1 AND 8),
    CONSTRAINT legal_rotation_backup CHECK (backup_offset BETWEEN 1 AND cardinality(lawyers) - 1)
);
CREATE INDEX legal_rotation_scope ON legal_rotation (path, id);

-- Which rotation planned it; none where somebody did by hand.
ALTER TABLE legal_shift ADD COLUMN rotation_id uuid REFERENCES legal_rotation (id);
CREATE INDEX legal_shift_rotation ON legal_shift (rotation_id, starts_at) WHERE rotation_id IS NOT NULL;
