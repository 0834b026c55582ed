-- Rules, the alerts that they raised, and who is told of them.
INSERT INTO versions (name, version) VALUES ('rules', 0), ('alerts', 0);

CREATE TABLE rules (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code TEXT COLLATE "C" NOT NULL CONSTRAINT rules_code_key UNIQUE CHECK (code <> ''),
    -- Raised by each change.
    version BIGINT NOT NULL,
    definition JSONB NOT NULL,
    enabled BOOLEAN NOT NULL,
    origin TEXT COLLATE "C" NOT NULL CHECK (origin IN ('shipped', 'user', 'sigma')),
    -- A person has changed what was shipped: it is not renewed any more.
    modified BOOLEAN NOT NULL,
    -- Of the text that was shipped.
    revision BIGINT,
    created_at TIMESTAMPTZ NOT NULL,
    created_by TEXT,
    updated_at TIMESTAMPTZ NOT NULL,
    updated_by TEXT,
    CHECK ((origin = 'shipped') = (revision IS NOT NULL))
);

-- Machines that belong together.
CREATE TABLE clusters (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL CONSTRAINT clusters_name_key UNIQUE CHECK (name <> ''),
    -- Names, or patterns with `*`.
    hosts JSONB NOT NULL,
    attributes JSONB NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);

-- Alerts that are likely to have one cause.
CREATE TABLE faults (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    title TEXT NOT NULL,
    status TEXT COLLATE "C" NOT NULL CHECK (status IN ('open', 'resolved')),
    -- The highest of its alerts.
    severity TEXT COLLATE "C" NOT NULL,
    started_at TIMESTAMPTZ NOT NULL,
    last_seen_at TIMESTAMPTZ NOT NULL,
    resolved_at TIMESTAMPTZ,
    -- Of its alerts, so that the next one is compared without reading them.
    hosts JSONB NOT NULL,
    clusters JSONB NOT NULL,
    CHECK ((status = 'resolved') = (resolved_at IS NOT NULL))
);
CREATE INDEX faults_by_time ON faults (started_at, id);
CREATE INDEX faults_by_status ON faults (status, last_seen_at);

CREATE TABLE alerts (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- The one that raised it; alert_episodes has those that joined it.
    episode TEXT COLLATE "C" NOT NULL CONSTRAINT alerts_episode_key UNIQUE,
    -- Of rule and group; null once it is resolved, so that the next one may be raised.
    open_key TEXT COLLATE "C" CONSTRAINT alerts_open_key_key UNIQUE,
    rule_code TEXT COLLATE "C" NOT NULL,
    rule_name TEXT NOT NULL,
    severity TEXT COLLATE "C" NOT NULL CHECK (severity IN ('info', 'low', 'medium', 'high', 'critical')),
    status TEXT COLLATE "C" NOT NULL CHECK (status IN ('new', 'processing', 'resolved')),
    -- Records that satisfy the rule still come.
    lasting BOOLEAN NOT NULL,
    triggered_at TIMESTAMPTZ NOT NULL,
    last_seen_at TIMESTAMPTZ NOT NULL,
    log_count BIGINT NOT NULL CHECK (log_count >= 0),
    related_ip INET,
    related_user TEXT,
    hosts JSONB NOT NULL,
    cluster TEXT,
    -- A list of pairs: the order counts.
    group_fields JSONB NOT NULL,
    description TEXT NOT NULL,
    sample_log_ids JSONB NOT NULL,
    tags JSONB NOT NULL,
    -- The daemon that raised it.
    node BIGINT NOT NULL CHECK (node BETWEEN 0 AND 1023),
    fault_id BIGINT REFERENCES faults (id),
    -- The silence because of which nobody was told; it may be gone.
    silenced_by BIGINT,
    resolved_at TIMESTAMPTZ,
    -- The number of its last change, ascending over all alerts.
    version BIGINT NOT NULL,
    CHECK ((status = 'resolved') = (open_key IS NULL)),
    CHECK ((status = 'resolved') = (resolved_at IS NOT NULL))
);
CREATE INDEX alerts_by_time ON alerts (triggered_at, id);
CREATE INDEX alerts_of_rule ON alerts (rule_code, triggered_at, id);
CREATE INDEX alerts_by_status ON alerts (status, triggered_at, id);
CREATE INDEX alerts_by_version ON alerts (version);
CREATE INDEX alerts_of_fault ON alerts (fault_id, status);

-- Each time a rule was satisfied, on any daemon, and the alert that it raised or joined.
CREATE TABLE alert_episodes (
    episode TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    alert_id BIGINT NOT NULL REFERENCES alerts (id) ON DELETE CASCADE,
    ended_at TIMESTAMPTZ
);
CREATE INDEX alert_episodes_of_alert ON alert_episodes (alert_id);

-- What became of an alert, and who did it.
CREATE TABLE alert_events (
    alert_id BIGINT NOT NULL REFERENCES alerts (id) ON DELETE CASCADE,
    number BIGINT NOT NULL CHECK (number > 0),
    at TIMESTAMPTZ NOT NULL,
    -- Null where it came by itself.
    username TEXT,
    user_id BIGINT,
    -- Null where it was raised.
    from_status TEXT COLLATE "C",
    to_status TEXT COLLATE "C" NOT NULL,
    comment TEXT,
    PRIMARY KEY (alert_id, number)
);

-- Up to which record each daemon's effects are applied.
CREATE TABLE alert_cursors (
    node BIGINT NOT NULL PRIMARY KEY CHECK (node BETWEEN 0 AND 1023),
    last_id BIGINT NOT NULL
);

-- When nobody is told of which alerts.
CREATE TABLE silences (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    matchers JSONB NOT NULL,
    starts_at TIMESTAMPTZ NOT NULL,
    ends_at TIMESTAMPTZ NOT NULL,
    comment TEXT NOT NULL,
    created_by TEXT,
    created_at TIMESTAMPTZ NOT NULL,
    CHECK (starts_at < ends_at)
);
CREATE INDEX silences_by_end ON silences (ends_at);

-- Who is told, and how.
CREATE TABLE channels (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL CONSTRAINT channels_name_key UNIQUE CHECK (name <> ''),
    kind TEXT COLLATE "C" NOT NULL,
    -- With its secrets.
    config JSONB NOT NULL,
    enabled BOOLEAN NOT NULL,
    severity_min TEXT COLLATE "C" NOT NULL,
    -- Empty: of all rules.
    rule_codes JSONB NOT NULL,
    tell_resolved BOOLEAN NOT NULL,
    per_hour_max BIGINT NOT NULL CHECK (per_hour_max > 0),
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);

-- What is to be told to a channel, and whether it was.
CREATE TABLE deliveries (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    channel_id BIGINT NOT NULL REFERENCES channels (id) ON DELETE CASCADE,
    -- Null for what is not of one alert.
    alert_id BIGINT REFERENCES alerts (id) ON DELETE CASCADE,
    event TEXT COLLATE "C" NOT NULL CHECK (event IN ('raised', 'resolved', 'test', 'limited')),
    dedup_key TEXT COLLATE "C" NOT NULL CONSTRAINT deliveries_dedup_key_key UNIQUE,
    payload JSONB NOT NULL,
    status TEXT COLLATE "C" NOT NULL CHECK (status IN ('queued', 'sent', 'failed', 'dropped')),
    attempts BIGINT NOT NULL DEFAULT 0,
    due_at TIMESTAMPTZ NOT NULL,
    -- A daemon is sending it until then.
    claimed_until TIMESTAMPTZ,
    last_error TEXT,
    created_at TIMESTAMPTZ NOT NULL,
    sent_at TIMESTAMPTZ
);
CREATE INDEX deliveries_by_due ON deliveries (status, due_at);
CREATE INDEX deliveries_of_channel ON deliveries (channel_id, created_at, id);
CREATE INDEX deliveries_of_alert ON deliveries (alert_id);
CREATE INDEX deliveries_by_time ON deliveries (created_at);
