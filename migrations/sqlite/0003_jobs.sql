-- Files that were uploaded, and what became of them.
CREATE TABLE jobs (
    id TEXT NOT NULL PRIMARY KEY,
    -- The daemon that took the file, and reads it.
    node INTEGER NOT NULL CHECK (node BETWEEN 0 AND 1023),
    -- Raised by each change.
    version INTEGER NOT NULL,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('queued', 'processing', 'completed', 'failed', 'cancelled')),
    current_step TEXT NOT NULL,
    source TEXT NOT NULL CHECK (source <> ''),
    format TEXT NOT NULL,
    multiline TEXT NOT NULL,
    zone TEXT NOT NULL,
    file_name TEXT NOT NULL,
    file_size INTEGER NOT NULL CHECK (file_size >= 0),
    file_type TEXT NOT NULL,
    sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
    created_at INTEGER NOT NULL,
    created_by TEXT,
    created_by_id INTEGER,
    started_at INTEGER,
    completed_at INTEGER,
    error_message TEXT,
    bytes_read INTEGER NOT NULL DEFAULT 0,
    inserted INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0,
    -- The last record that is known to be durable: where the reading goes on.
    record_id INTEGER NOT NULL DEFAULT 0,
    record_file TEXT NOT NULL DEFAULT '',
    record_line INTEGER NOT NULL DEFAULT 0,
    record_part INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX jobs_by_time ON jobs (created_at, id);
CREATE INDEX jobs_of_node ON jobs (node, status);

-- What became of each file in an upload.
CREATE TABLE job_entries (
    job_id TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    number INTEGER NOT NULL CHECK (number >= 0),
    path TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('processing', 'completed', 'failed', 'skipped')),
    format TEXT,
    bytes INTEGER NOT NULL,
    lines INTEGER NOT NULL,
    inserted INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    problem TEXT,
    errors TEXT NOT NULL CHECK (json_valid(errors)),
    PRIMARY KEY (job_id, number)
) STRICT, WITHOUT ROWID;

-- Analysers that are told of a finished upload, and what they found.
CREATE TABLE job_analyses (
    job_id TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    analyser TEXT NOT NULL CHECK (analyser <> ''),
    status TEXT NOT NULL CHECK (status IN ('queued', 'processing', 'completed', 'failed')),
    attempts INTEGER NOT NULL DEFAULT 0,
    -- When it is told (again), or given up; null once it is settled.
    due_at INTEGER,
    error_message TEXT,
    result TEXT CHECK (json_valid(result)),
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (job_id, analyser)
) STRICT, WITHOUT ROWID;
CREATE INDEX job_analyses_by_due ON job_analyses (due_at);
