DROP VIEW audit_entry;
CREATE VIEW audit_entry AS
    SELECT id, at, chain, actor_person, post_id, org_id, channel, action, object_type, object_id,
           subject_person, changes, reason, outcome, actor_account
    FROM audit_event;
DROP INDEX audit_event_on_behalf;
ALTER TABLE audit_event DROP COLUMN on_behalf_of;
DROP TABLE session_assist;
