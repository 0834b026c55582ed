-- Times are whole microseconds since 1970 in UTC, so that they sort; addresses are text; details are JSON text.

-- One row for each thing whose changes must come one after the other. Raising its number is the lock.
CREATE TABLE versions (
    name TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL
) STRICT;
INSERT INTO versions (name, version) VALUES ('users', 0), ('settings', 0), ('verification_codes', 0);

CREATE TABLE users (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    username TEXT NOT NULL CHECK (username <> ''),
    username_key TEXT NOT NULL CONSTRAINT users_username_key UNIQUE,
    email TEXT CHECK (email <> ''),
    email_key TEXT CONSTRAINT users_email_key UNIQUE,
    password_hash TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('user', 'auditor', 'admin')),
    status TEXT NOT NULL CHECK (status IN ('active', 'disabled')),
    created_at INTEGER NOT NULL,
    last_login_at INTEGER,
    CHECK ((email IS NULL) = (email_key IS NULL))
) STRICT;

CREATE TABLE sessions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    ip TEXT,
    user_agent TEXT,
    created_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    ended_at INTEGER,
    end_reason TEXT,
    CHECK ((ended_at IS NULL) = (end_reason IS NULL))
) STRICT;
CREATE INDEX sessions_of_user ON sessions (user_id);

CREATE TABLE refresh_tokens (
    hash BLOB NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    session_id INTEGER NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    spent_at INTEGER
) STRICT;
CREATE INDEX refresh_tokens_of_session ON refresh_tokens (session_id);
CREATE INDEX refresh_tokens_by_expiry ON refresh_tokens (expires_at);

CREATE TABLE api_tokens (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL CONSTRAINT api_tokens_name_key UNIQUE CHECK (name <> ''),
    secret_hash BLOB NOT NULL CONSTRAINT api_tokens_secret_hash_key UNIQUE CHECK (length(secret_hash) = 32),
    prefix TEXT NOT NULL,
    scopes TEXT NOT NULL CHECK (scopes <> ''),
    source TEXT,
    rate_limit INTEGER CHECK (rate_limit > 0),
    created_at INTEGER NOT NULL,
    created_by TEXT,
    expires_at INTEGER,
    last_used_at INTEGER
) STRICT;

CREATE TABLE settings (
    key TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    updated_by TEXT
) STRICT;

-- Failures are of the name that was typed, whether a user has it or not.
CREATE TABLE login_failures (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    username_key TEXT NOT NULL,
    ip TEXT,
    failed_at INTEGER NOT NULL
) STRICT;
CREATE INDEX login_failures_of_user ON login_failures (username_key, failed_at);
CREATE INDEX login_failures_of_address ON login_failures (ip, failed_at);
CREATE INDEX login_failures_by_time ON login_failures (failed_at);

CREATE TABLE verification_codes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    email_key TEXT NOT NULL,
    purpose TEXT NOT NULL CHECK (purpose IN ('register', 'password_reset')),
    code_hash BLOB NOT NULL CHECK (length(code_hash) = 32),
    attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts BETWEEN 0 AND 5),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER
) STRICT;
CREATE INDEX verification_codes_of_address ON verification_codes (email_key, created_at);
CREATE INDEX verification_codes_by_time ON verification_codes (created_at);
