DROP INDEX import_target;
DROP TABLE import_reconciliation;
