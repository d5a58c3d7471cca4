-- Parts of the platform that a union opens or closes for its subtree from a day on. The deepest union that has said
-- something decides, unless one above said it firmly; where nobody has, a part is open.
CREATE TABLE org_module (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES org (id),
    module text NOT NULL,
    enabled boolean NOT NULL,
    firm boolean NOT NULL,
    from_date date NOT NULL,
    CONSTRAINT org_module_one_a_day UNIQUE (org_id, module, from_date)
);
