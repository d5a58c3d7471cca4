ALTER TABLE session_assist
    DROP CONSTRAINT session_assist_by_delegate,
    DROP COLUMN delegate_id,
    DROP COLUMN scopes;
DROP TABLE account_delegate;
