-- How the member's apps show themselves, on every device: large letters and few buttons for who wants them.
ALTER TABLE account ADD COLUMN ui_mode text NOT NULL DEFAULT 'standard' CHECK (ui_mode IN ('standard', 'elder'));
