DROP VIEW audit_entry;
CREATE VIEW audit_entry AS
    SELECT id, at, chain, actor_person, post_id, org_id, channel, action, object_type, object_id,
           subject_person, changes, reason, outcome
    FROM audit_event;
