DROP TABLE partner_ticket;
DROP TABLE partner_consent;
DROP TABLE partner_assertion;
DROP TABLE partner_key;
DROP TABLE partner;
