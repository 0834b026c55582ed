-- Rules, the alerts that they raised, and who is told of them.
INSERT INTO versions (name, version) VALUES ('rules', 0), ('alerts', 0);

CREATE TABLE rules (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    code TEXT NOT NULL CONSTRAINT rules_code_key UNIQUE CHECK (code <> ''),
    -- Raised by each change.
    version INTEGER NOT NULL,
    definition TEXT NOT NULL CHECK (json_valid(definition)),
    enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    origin TEXT NOT NULL CHECK (origin IN ('shipped', 'user', 'sigma')),
    -- A person has changed what was shipped: it is not renewed any more.
    modified INTEGER NOT NULL CHECK (modified IN (0, 1)),
    -- Of the text that was shipped.
    revision INTEGER,
    created_at INTEGER NOT NULL,
    created_by TEXT,
    updated_at INTEGER NOT NULL,
    updated_by TEXT,
    CHECK ((origin = 'shipped') = (revision IS NOT NULL))
) STRICT;

-- Machines that belong together.
CREATE TABLE clusters (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL CONSTRAINT clusters_name_key UNIQUE CHECK (name <> ''),
    -- Names, or patterns with `*`.
    hosts TEXT NOT NULL CHECK (json_valid(hosts)),
    attributes TEXT NOT NULL CHECK (json_valid(attributes)),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

-- Alerts that are likely to have one cause.
CREATE TABLE faults (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    title TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('open', 'resolved')),
    -- The highest of its alerts.
    severity TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    resolved_at INTEGER,
    -- Of its alerts, so that the next one is compared without reading them.
    hosts TEXT NOT NULL CHECK (json_valid(hosts)),
    clusters TEXT NOT NULL CHECK (json_valid(clusters)),
    CHECK ((status = 'resolved') = (resolved_at IS NOT NULL))
) STRICT;
CREATE INDEX faults_by_time ON faults (started_at, id);
CREATE INDEX faults_by_status ON faults (status, last_seen_at);

CREATE TABLE alerts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    -- The one that raised it; alert_episodes has those that joined it.
    episode TEXT NOT NULL CONSTRAINT alerts_episode_key UNIQUE,
    -- Of rule and group; null once it is resolved, so that the next one may be raised.
    open_key TEXT CONSTRAINT alerts_open_key_key UNIQUE,
    rule_code TEXT NOT NULL,
    rule_name TEXT NOT NULL,
    severity TEXT NOT NULL CHECK (severity IN ('info', 'low', 'medium', 'high', 'critical')),
    status TEXT NOT NULL CHECK (status IN ('new', 'processing', 'resolved')),
    -- Records that satisfy the rule still come.
    lasting INTEGER NOT NULL CHECK (lasting IN (0, 1)),
    triggered_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    log_count INTEGER NOT NULL CHECK (log_count >= 0),
    related_ip TEXT,
    related_user TEXT,
    hosts TEXT NOT NULL CHECK (json_valid(hosts)),
    cluster TEXT,
    -- A list of pairs: the order counts.
    group_fields TEXT NOT NULL CHECK (json_valid(group_fields)),
    description TEXT NOT NULL,
    sample_log_ids TEXT NOT NULL CHECK (json_valid(sample_log_ids)),
    tags TEXT NOT NULL CHECK (json_valid(tags)),
    -- The daemon that raised it.
    node INTEGER NOT NULL CHECK (node BETWEEN 0 AND 1023),
    fault_id INTEGER REFERENCES faults (id),
    -- The silence because of which nobody was told; it may be gone.
    silenced_by INTEGER,
    resolved_at INTEGER,
    -- The number of its last change, ascending over all alerts.
    version INTEGER NOT NULL,
    CHECK ((status = 'resolved') = (open_key IS NULL)),
    CHECK ((status = 'resolved') = (resolved_at IS NOT NULL))
) STRICT;
CREATE INDEX alerts_by_time ON alerts (triggered_at, id);
CREATE INDEX alerts_of_rule ON alerts (rule_code, triggered_at, id);
CREATE INDEX alerts_by_status ON alerts (status, triggered_at, id);
CREATE INDEX alerts_by_version ON alerts (version);
CREATE INDEX alerts_of_fault ON alerts (fault_id, status);

-- Each time a rule was satisfied, on any daemon, and the alert that it raised or joined.
CREATE TABLE alert_episodes (
    episode TEXT NOT NULL PRIMARY KEY,
    alert_id INTEGER NOT NULL REFERENCES alerts (id) ON DELETE CASCADE,
    ended_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX alert_episodes_of_alert ON alert_episodes (alert_id);

-- What became of an alert, and who did it.
CREATE TABLE alert_events (
    alert_id INTEGER NOT NULL REFERENCES alerts (id) ON DELETE CASCADE,
    number INTEGER NOT NULL CHECK (number > 0),
    at INTEGER NOT NULL,
    -- Null where it came by itself.
    username TEXT,
    user_id INTEGER,
    -- Null where it was raised.
    from_status TEXT,
    to_status TEXT NOT NULL,
    comment TEXT,
    PRIMARY KEY (alert_id, number)
) STRICT, WITHOUT ROWID;

-- Up to which record each daemon's effects are applied.
CREATE TABLE alert_cursors (
    node INTEGER NOT NULL PRIMARY KEY CHECK (node BETWEEN 0 AND 1023),
    last_id INTEGER NOT NULL
) STRICT;

-- When nobody is told of which alerts.
CREATE TABLE silences (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    matchers TEXT NOT NULL CHECK (json_valid(matchers)),
    starts_at INTEGER NOT NULL,
    ends_at INTEGER NOT NULL,
    comment TEXT NOT NULL,
    created_by TEXT,
    created_at INTEGER NOT NULL,
    CHECK (starts_at < ends_at)
) STRICT;
CREATE INDEX silences_by_end ON silences (ends_at);

-- Who is told, and how.
CREATE TABLE channels (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL CONSTRAINT channels_name_key UNIQUE CHECK (name <> ''),
    kind TEXT NOT NULL,
    -- With its secrets.
    config TEXT NOT NULL CHECK (json_valid(config)),
    enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    severity_min TEXT NOT NULL,
    -- Empty: of all rules.
    rule_codes TEXT NOT NULL CHECK (json_valid(rule_codes)),
    tell_resolved INTEGER NOT NULL CHECK (tell_resolved IN (0, 1)),
    per_hour_max INTEGER NOT NULL CHECK (per_hour_max > 0),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

-- What is to be told to a channel, and whether it was.
CREATE TABLE deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id INTEGER NOT NULL REFERENCES channels (id) ON DELETE CASCADE,
    -- Null for what is not of one alert.
    alert_id INTEGER REFERENCES alerts (id) ON DELETE CASCADE,
    event TEXT NOT NULL CHECK (event IN ('raised', 'resolved', 'test', 'limited')),
    dedup_key TEXT NOT NULL CONSTRAINT deliveries_dedup_key_key UNIQUE,
    payload TEXT NOT NULL CHECK (json_valid(payload)),
    status TEXT NOT NULL CHECK (status IN ('queued', 'sent', 'failed', 'dropped')),
    attempts INTEGER NOT NULL DEFAULT 0,
    due_at INTEGER NOT NULL,
    -- A daemon is sending it until then.
    claimed_until INTEGER,
    last_error TEXT,
    created_at INTEGER NOT NULL,
    sent_at INTEGER
) STRICT;
CREATE INDEX deliveries_by_due ON deliveries (status, due_at);
CREATE INDEX deliveries_of_channel ON deliveries (channel_id, created_at, id);
CREATE INDEX deliveries_of_alert ON deliveries (alert_id);
CREATE INDEX deliveries_by_time ON deliveries (created_at);
