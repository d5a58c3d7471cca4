-- Merchants' staff and applicants are known by their account alone: without it nobody could tell who acted.
CREATE OR REPLACE VIEW audit_entry AS
    SELECT id, at, chain, actor_person, post_id, org_id, channel, action, object_type, object_id,
           subject_person, changes, reason, outcome, actor_account
    FROM audit_event;
