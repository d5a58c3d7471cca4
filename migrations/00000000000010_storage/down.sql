DROP VIEW audit_entry;
DROP TABLE audit_unsealed;
DROP TABLE audit_event;
DROP TABLE task;
DROP TABLE outbox;
DROP TABLE idempotency;
DROP TABLE storage_key;
