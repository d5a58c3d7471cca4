-- Groups of companies are entered at their root, and keys of names have a version.

-- What was entered as a chain or a circle becomes one group: of a chain its end, of a circle the smallest code.
WITH RECURSIVE reach (uscc, upto) AS (
    SELECT uscc, group_uscc FROM legal_group
    UNION
    SELECT r.uscc, g.group_uscc FROM reach r JOIN legal_group g ON g.uscc = r.upto
), root AS (
    SELECT r.uscc, min(r.upto) AS upto
    FROM reach r
    WHERE EXISTS (SELECT FROM reach own WHERE own.uscc = r.upto AND own.upto = r.upto)
    GROUP BY r.uscc
)
UPDATE legal_group g SET group_uscc = root.upto FROM root WHERE root.uscc = g.uscc AND g.group_uscc <> root.upto;

-- By which version of crates/legal/src/names the keys were made; the worker makes older ones anew.
ALTER TABLE legal_firm ADD COLUMN keys_version int NOT NULL DEFAULT 1;
ALTER TABLE legal_lawyer ADD COLUMN keys_version int NOT NULL DEFAULT 1;
ALTER TABLE legal_engagement ADD COLUMN keys_version int NOT NULL DEFAULT 1;
ALTER TABLE legal_party ADD COLUMN keys_version int NOT NULL DEFAULT 1;
CREATE INDEX legal_firm_rekey ON legal_firm (keys_version, id);
CREATE INDEX legal_lawyer_rekey ON legal_lawyer (keys_version, id);
CREATE INDEX legal_engagement_rekey ON legal_engagement (keys_version, id);
CREATE INDEX legal_party_rekey ON legal_party (keys_version, id);
