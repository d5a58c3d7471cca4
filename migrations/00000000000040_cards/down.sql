DROP VIEW card_burn;
DROP VIEW card_standing;
DROP TABLE card_policy;
DROP TABLE card;
