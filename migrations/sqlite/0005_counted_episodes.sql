-- So many records of the episode count on its alert: what is told again is not counted again.
ALTER TABLE alert_episodes ADD COLUMN counted INTEGER NOT NULL DEFAULT 0 CHECK (counted >= 0);
