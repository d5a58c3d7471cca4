-- What is too large for a row, sealed in chunks of at most 256 KiB. A blob comes before the row that names it; until
-- that row says `kept`, it is what an upload that broke off has left.
CREATE TABLE blob (
    id uuid PRIMARY KEY,
    created_at timestamptz NOT NULL,
    kept boolean NOT NULL DEFAULT false
);
CREATE INDEX blob_unkept ON blob (created_at) WHERE NOT kept;

CREATE TABLE blob_chunk (
    blob_id uuid NOT NULL REFERENCES blob (id) ON DELETE CASCADE,
    n int NOT NULL CHECK (n >= 0),
    sealed bytea NOT NULL,
    PRIMARY KEY (blob_id, n)
);
-- Ciphertext does not compress.
ALTER TABLE blob_chunk ALTER COLUMN sealed SET STORAGE EXTERNAL;

-- Rosters are blobs too. One that was not validated yet has to be uploaded again.
DROP TABLE import_chunk;

-- An uploaded file: the row says what it is and whose; its bytes are the blob of the same id, and it goes with them.
CREATE TABLE file (
    id uuid PRIMARY KEY REFERENCES blob (id) ON DELETE CASCADE,
    purpose text NOT NULL,
    account_id uuid NOT NULL,
    media_type text NOT NULL,
    size int NOT NULL CHECK (size > 0),
    sha256 bytea NOT NULL CHECK (length(sha256) = 32),
    created_at timestamptz NOT NULL,
    -- What it was attached to; until then it goes by itself, and takes one of its owner's places.
    attached_to text,
    attached_id uuid,
    expires_at timestamptz,
    place smallint,
    CONSTRAINT file_waits_or_is_attached CHECK (
        (attached_to IS NULL) = (expires_at IS NOT NULL)
        AND (attached_to IS NULL) = (attached_id IS NULL)
        AND (attached_to IS NULL) = (place IS NOT NULL)
    )
);
CREATE UNIQUE INDEX file_place ON file (account_id, place) WHERE place IS NOT NULL;
CREATE INDEX file_expires ON file (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX file_attached ON file (attached_id) WHERE attached_id IS NOT NULL;

-- The business licence 营业执照 that a cadre saw, as a file.
ALTER TABLE merchant ADD COLUMN licence_file_id uuid;
