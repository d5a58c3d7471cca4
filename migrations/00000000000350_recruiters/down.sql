DROP TABLE recruiter_place;
DROP TABLE recruiter_application;
DROP TABLE recruiter;
ALTER TABLE account DROP CONSTRAINT account_has_a_person;
ALTER TABLE account ADD CONSTRAINT account_has_a_person
    CHECK (person_id IS NOT NULL OR realm IN ('member', 'merchant', 'partner'));
