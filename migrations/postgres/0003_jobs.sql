-- Files that were uploaded, and what became of them.
CREATE TABLE jobs (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    -- The daemon that took the file, and reads it.
    node BIGINT NOT NULL CHECK (node BETWEEN 0 AND 1023),
    -- Raised by each change.
    version BIGINT NOT NULL,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    status TEXT COLLATE "C" NOT NULL CHECK (status IN ('queued', 'processing', 'completed', 'failed', 'cancelled')),
    current_step TEXT NOT NULL,
    source TEXT NOT NULL CHECK (source <> ''),
    format TEXT NOT NULL,
    multiline TEXT NOT NULL,
    zone TEXT NOT NULL,
    file_name TEXT NOT NULL,
    file_size BIGINT NOT NULL CHECK (file_size >= 0),
    file_type TEXT NOT NULL,
    sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
    created_at TIMESTAMPTZ NOT NULL,
    created_by TEXT,
    created_by_id BIGINT,
    started_at TIMESTAMPTZ,
    completed_at TIMESTAMPTZ,
    error_message TEXT,
    bytes_read BIGINT NOT NULL DEFAULT 0,
    inserted BIGINT NOT NULL DEFAULT 0,
    failed BIGINT NOT NULL DEFAULT 0,
    -- The last record that is known to be durable: where the reading goes on.
    record_id BIGINT NOT NULL DEFAULT 0,
    record_file TEXT NOT NULL DEFAULT '',
    record_line BIGINT NOT NULL DEFAULT 0,
    record_part BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX jobs_by_time ON jobs (created_at, id);
CREATE INDEX jobs_of_node ON jobs (node, status);

-- What became of each file in an upload.
CREATE TABLE job_entries (
    job_id TEXT COLLATE "C" NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    number BIGINT NOT NULL CHECK (number >= 0),
    path TEXT NOT NULL,
    status TEXT COLLATE "C" NOT NULL CHECK (status IN ('processing', 'completed', 'failed', 'skipped')),
    format TEXT,
    bytes BIGINT NOT NULL,
    lines BIGINT NOT NULL,
    inserted BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    problem TEXT,
    errors JSONB NOT NULL,
    PRIMARY KEY (job_id, number)
);

-- Analysers that are told of a finished upload, and what they found.
CREATE TABLE job_analyses (
    job_id TEXT COLLATE "C" NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    analyser TEXT COLLATE "C" NOT NULL CHECK (analyser <> ''),
    status TEXT COLLATE "C" NOT NULL CHECK (status IN ('queued', 'processing', 'completed', 'failed')),
    attempts BIGINT NOT NULL DEFAULT 0,
    -- When it is told (again), or given up; null once it is settled.
    due_at TIMESTAMPTZ,
    error_message TEXT,
    result JSONB,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (job_id, analyser)
);
CREATE INDEX job_analyses_by_due ON job_analyses (due_at);
