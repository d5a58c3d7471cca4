-- One row that whoever gives a case to a lawyer shares, and whoever moved the wall holds alone while taking cases back: so neither
-- passes the other unseen.
CREATE TABLE legal_wall (
    id int PRIMARY KEY CHECK (id = 1)
);
INSERT INTO legal_wall (id) VALUES (1);
