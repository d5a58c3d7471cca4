ALTER TABLE account DROP COLUMN ui_mode;
