-- A union below the county may be the member's own employer's: there a member's questions, cases and applications are not opened.
ALTER TABLE session_assist ADD COLUMN below_county boolean NOT NULL DEFAULT false;
