-- Counts for what was there before they were kept, in the background.
ALTER TABLE logs MATERIALIZE PROJECTION by_minute
