-- What people and tokens did. It has no foreign key: an entry outlives the user that it names.
CREATE TABLE operation_logs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    node INTEGER NOT NULL CHECK (node BETWEEN 0 AND 1023),
    user_id INTEGER,
    username TEXT,
    token_id INTEGER,
    action TEXT NOT NULL CHECK (action <> ''),
    target TEXT,
    ip TEXT,
    user_agent TEXT,
    created_at INTEGER NOT NULL,
    detail TEXT NOT NULL CHECK (json_valid(detail))
) STRICT;
CREATE INDEX operation_logs_by_time ON operation_logs (created_at, id);
CREATE INDEX operation_logs_of_user ON operation_logs (user_id, created_at, id);
CREATE INDEX operation_logs_of_action ON operation_logs (action, created_at, id);
CREATE INDEX operation_logs_of_user_action ON operation_logs (user_id, action, created_at, id);

CREATE TRIGGER operation_logs_refuse_update BEFORE UPDATE ON operation_logs
BEGIN
    SELECT RAISE(ABORT, 'operation_logs is append-only');
END;
CREATE TRIGGER operation_logs_refuse_delete BEFORE DELETE ON operation_logs
BEGIN
    SELECT RAISE(ABORT, 'operation_logs is append-only');
END;
-- INSERT OR REPLACE deletes without the trigger above.
CREATE TRIGGER operation_logs_refuse_replace BEFORE INSERT ON operation_logs
WHEN EXISTS (SELECT 1 FROM operation_logs WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'operation_logs is append-only');
END;

-- How many entries there are of each user (-1: of all together, 0: of nobody), action and day (days since 1970), so that a total is not
-- counted anew.
CREATE TABLE operation_log_counts (
    user_id INTEGER NOT NULL,
    action TEXT NOT NULL,
    day INTEGER NOT NULL,
    entries INTEGER NOT NULL,
    PRIMARY KEY (user_id, action, day)
) STRICT, WITHOUT ROWID;

-- Entries that their daemon has not published as log records yet.
CREATE TABLE operation_log_outbox (
    operation_id INTEGER NOT NULL PRIMARY KEY REFERENCES operation_logs (id),
    node INTEGER NOT NULL
) STRICT;
CREATE INDEX operation_log_outbox_of_node ON operation_log_outbox (node, operation_id);
