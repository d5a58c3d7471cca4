DROP TABLE legal_wall;
