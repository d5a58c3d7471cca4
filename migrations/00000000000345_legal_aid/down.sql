DROP VIEW legal_conflict;
DROP TABLE legal_attachment;
DROP TABLE legal_aid;
DELETE FROM legal_party WHERE case_id NOT IN (SELECT id FROM legal_consultation);
DELETE FROM legal_tried WHERE case_id NOT IN (SELECT id FROM legal_consultation);
UPDATE legal_consultation SET state = 'WITHDRAWN' WHERE state = 'TO_AID';
ALTER TABLE legal_consultation DROP CONSTRAINT legal_consultation_state_check;
ALTER TABLE legal_consultation ADD CONSTRAINT legal_consultation_state_check
    CHECK (state IN ('QUEUED', 'ASSIGNED', 'ANSWERED', 'ESCALATED', 'CLOSED', 'CALLBACK', 'RATED', 'UNRATED', 'WITHDRAWN'));
ALTER TABLE legal_party RENAME COLUMN case_id TO consultation_id;
ALTER TABLE legal_party ADD CONSTRAINT legal_party_consultation_id_fkey FOREIGN KEY (consultation_id) REFERENCES legal_consultation (id);
ALTER TABLE legal_tried RENAME COLUMN case_id TO consultation_id;
ALTER TABLE legal_notice RENAME COLUMN case_id TO consultation_id;
ALTER TABLE legal_tried ADD CONSTRAINT legal_tried_consultation_id_fkey FOREIGN KEY (consultation_id) REFERENCES legal_consultation (id);
CREATE VIEW legal_conflict AS
WITH known AS NOT MATERIALIZED (
    SELECT e.firm_id, e.lawyer_id, e.uscc, e.name_keys FROM legal_engagement e
    UNION ALL
    SELECT f.id, NULL, f.uscc, f.name_keys FROM legal_firm f
), hit AS NOT MATERIALIZED (
    SELECT p.consultation_id, k.firm_id, k.lawyer_id
    FROM legal_party p JOIN known k ON k.uscc = p.uscc
    UNION
    SELECT p.consultation_id, k.firm_id, k.lawyer_id
    FROM legal_party p
    JOIN legal_group mine ON mine.uscc = p.uscc
    JOIN legal_group theirs ON theirs.group_uscc = mine.group_uscc
    JOIN known k ON k.uscc = theirs.uscc
    UNION
    SELECT p.consultation_id, k.firm_id, k.lawyer_id
    FROM legal_party p JOIN known k ON k.name_keys && p.name_keys
)
SELECT h.consultation_id, a.lawyer_id
FROM hit h JOIN legal_affiliation a ON a.firm_id = h.firm_id
UNION
SELECT h.consultation_id, h.lawyer_id FROM hit h WHERE h.lawyer_id IS NOT NULL
UNION
SELECT p.consultation_id, l.id FROM legal_party p JOIN legal_lawyer l ON l.name_keys && p.name_keys
UNION
SELECT c.id, l.id FROM legal_consultation c JOIN legal_lawyer l ON l.person_id = c.person_id;
