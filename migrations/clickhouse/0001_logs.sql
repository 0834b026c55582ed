CREATE TABLE IF NOT EXISTS logs
(
    id          UInt64 COMMENT 'consecutive for each node, in order of acknowledgement' CODEC(Delta, LZ4),
    timestamp   DateTime64(6, 'UTC') COMMENT 'the event''s own time; that of arrival where it states none' CODEC(Delta, LZ4),
    received_at DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    level       LowCardinality(String),
    severity    UInt8 COMMENT 'of syslog; 255: none' CODEC(ZSTD(1)),
    facility    UInt8 COMMENT 'of syslog; 255: none' CODEC(ZSTD(1)),
    source      LowCardinality(String),
    host        LowCardinality(String),
    app         LowCardinality(String),
    proc_id     String CODEC(ZSTD(1)),
    msg_id      LowCardinality(String),
    ip          IPv6 COMMENT '::ffff:a.b.c.d for IPv4; ::: none' CODEC(LZ4),
    user_name   LowCardinality(String),
    message     String CODEC(ZSTD(1)),
    raw_head    String COMMENT 'original bytes before the message; all of them where raw_whole = 1' CODEC(ZSTD(1)),
    raw_tail    String COMMENT 'original bytes after the message' CODEC(ZSTD(1)),
    raw_whole   UInt8 COMMENT '1: the message does not stand in the original bytes as it is' CODEC(ZSTD(1)),
    attributes  Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    format      LowCardinality(String),
    parse_error LowCardinality(String),
    origin      LowCardinality(String) COMMENT 'the listener, token or upload',
    segment     LowCardinality(String) COMMENT 'the spool segment, and so the insert, that the record came in',
    raw         String ALIAS if(raw_whole = 1, raw_head, concat(raw_head, message, raw_tail)),
    INDEX id_range id TYPE minmax GRANULARITY 1,
    INDEX timestamp_range timestamp TYPE minmax GRANULARITY 1,
    INDEX ip_values ip TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX user_name_values user_name TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX message_words lower(message) TYPE text(tokenizer = 'splitByNonAlpha')
)
ENGINE = MergeTree
PARTITION BY toYYYYMMDD(received_at)
ORDER BY (source, timestamp)
SETTINGS
    non_replicated_deduplication_window = 10000,
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    min_rows_to_fsync_after_merge = 1,
    min_compressed_bytes_to_fsync_after_merge = 1,
    index_granularity = 2048,
    min_compress_block_size = 32768,
    max_compress_block_size = 131072,
    old_parts_lifetime = 480,
    auto_statistics_types = ''
