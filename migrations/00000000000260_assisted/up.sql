-- Sessions in which somebody acts for a member: a cadre at a counter, on the hotline or from a paper form, with the form that
-- the member signed. What is done in one is written down under both natural persons.
CREATE TABLE session_assist (
    session_id uuid PRIMARY KEY REFERENCES session (id) ON DELETE CASCADE,
    by_person uuid NOT NULL REFERENCES person (id),
    by_account uuid NOT NULL REFERENCES account (id),
    by_post uuid,
    by_org uuid,
    by_path text COLLATE "C",
    channel text NOT NULL CHECK (channel IN ('counter', 'hotline', 'paper', 'delegate')),
    -- Who was helped, where they stood then: that is where the form is seen from.
    person_id uuid NOT NULL REFERENCES person (id),
    path text COLLATE "C",
    form_file_id uuid,
    reason text NOT NULL,
    CONSTRAINT session_assist_is_signed CHECK (channel NOT IN ('counter', 'paper') OR form_file_id IS NOT NULL),
    CONSTRAINT session_assist_of_another CHECK (by_person <> person_id)
);
CREATE INDEX session_assist_path ON session_assist (path, session_id);

ALTER TABLE audit_event ADD COLUMN on_behalf_of uuid;
CREATE INDEX audit_event_on_behalf ON audit_event (on_behalf_of, id) WHERE on_behalf_of IS NOT NULL;
CREATE OR REPLACE VIEW audit_entry AS
    SELECT id, at, chain, actor_person, post_id, org_id, channel, action, object_type, object_id,
           subject_person, changes, reason, outcome, actor_account, on_behalf_of
    FROM audit_event;
