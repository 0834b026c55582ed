-- How many records there are of each minute (since 1900), source and level, kept with each part, so that counts over everything read no records.
-- A part whose records are deleted in place counts anew.
ALTER TABLE logs
    ADD PROJECTION IF NOT EXISTS by_minute
    (
        SELECT intDiv(toUnixTimestamp64Micro(timestamp) + 2208988800000000, 60000000), source, level, count()
        GROUP BY intDiv(toUnixTimestamp64Micro(timestamp) + 2208988800000000, 60000000), source, level
    ),
    MODIFY SETTING lightweight_mutation_projection_mode = 'rebuild'
