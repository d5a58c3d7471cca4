ALTER TABLE merchant DROP COLUMN licence_file_id;
DROP TABLE file;
CREATE TABLE import_chunk (
    id uuid PRIMARY KEY,
    import_id uuid NOT NULL,
    n int NOT NULL,
    sealed bytea NOT NULL,
    UNIQUE (import_id, n)
);
DROP TABLE blob_chunk;
DROP TABLE blob;
