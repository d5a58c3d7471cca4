DROP TABLE legal_notice;
DROP TABLE legal_offer;
