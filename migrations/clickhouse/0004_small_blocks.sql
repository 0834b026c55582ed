-- A block of a narrow column holds few granules, so that a page of scattered records unpacks little beside them.
ALTER TABLE logs MODIFY SETTING min_compress_block_size = 4096
