-- Names and keys are compared byte by byte, as on SQLite.

-- One row for each thing whose changes must come one after the other. Raising its number is the lock.
CREATE TABLE versions (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL
);
INSERT INTO versions (name, version) VALUES ('users', 0), ('settings', 0), ('verification_codes', 0);

CREATE TABLE users (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    username TEXT COLLATE "C" NOT NULL CHECK (username <> ''),
    username_key TEXT COLLATE "C" NOT NULL CONSTRAINT users_username_key UNIQUE,
    email TEXT CHECK (email <> ''),
    email_key TEXT COLLATE "C" CONSTRAINT users_email_key UNIQUE,
    password_hash TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('user', 'auditor', 'admin')),
    status TEXT NOT NULL CHECK (status IN ('active', 'disabled')),
    created_at TIMESTAMPTZ NOT NULL,
    last_login_at TIMESTAMPTZ,
    CHECK ((email IS NULL) = (email_key IS NULL))
);

CREATE TABLE sessions (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    ip INET,
    user_agent TEXT,
    created_at TIMESTAMPTZ NOT NULL,
    last_seen_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    ended_at TIMESTAMPTZ,
    end_reason TEXT,
    CHECK ((ended_at IS NULL) = (end_reason IS NULL))
);
CREATE INDEX sessions_of_user ON sessions (user_id);

CREATE TABLE refresh_tokens (
    hash BYTEA NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    session_id BIGINT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    spent_at TIMESTAMPTZ
);
CREATE INDEX refresh_tokens_of_session ON refresh_tokens (session_id);
CREATE INDEX refresh_tokens_by_expiry ON refresh_tokens (expires_at);

CREATE TABLE api_tokens (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL CONSTRAINT api_tokens_name_key UNIQUE CHECK (name <> ''),
    secret_hash BYTEA NOT NULL CONSTRAINT api_tokens_secret_hash_key UNIQUE CHECK (length(secret_hash) = 32),
    prefix TEXT NOT NULL,
    scopes TEXT NOT NULL CHECK (scopes <> ''),
    source TEXT,
    rate_limit BIGINT CHECK (rate_limit > 0),
    created_at TIMESTAMPTZ NOT NULL,
    created_by TEXT,
    expires_at TIMESTAMPTZ,
    last_used_at TIMESTAMPTZ
);

CREATE TABLE settings (
    key TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    value TEXT NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    updated_by TEXT
);

-- Failures are of the name that was typed, whether a user has it or not.
CREATE TABLE login_failures (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    username_key TEXT COLLATE "C" NOT NULL,
    ip INET,
    failed_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX login_failures_of_user ON login_failures (username_key, failed_at);
CREATE INDEX login_failures_of_address ON login_failures (ip, failed_at);
CREATE INDEX login_failures_by_time ON login_failures (failed_at);

CREATE TABLE verification_codes (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email_key TEXT COLLATE "C" NOT NULL,
    purpose TEXT NOT NULL CHECK (purpose IN ('register', 'password_reset')),
    code_hash BYTEA NOT NULL CHECK (length(code_hash) = 32),
    attempts BIGINT NOT NULL DEFAULT 0 CHECK (attempts BETWEEN 0 AND 5),
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    used_at TIMESTAMPTZ
);
CREATE INDEX verification_codes_of_address ON verification_codes (email_key, created_at);
CREATE INDEX verification_codes_by_time ON verification_codes (created_at);
