-- What people and tokens did. It has no foreign key: an entry outlives the user that it names.
CREATE TABLE operation_logs (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    node BIGINT NOT NULL CHECK (node BETWEEN 0 AND 1023),
    user_id BIGINT,
    username TEXT,
    token_id BIGINT,
    action TEXT COLLATE "C" NOT NULL CHECK (action <> ''),
    target TEXT,
    ip INET,
    user_agent TEXT,
    created_at TIMESTAMPTZ NOT NULL,
    detail JSONB NOT NULL
);
CREATE INDEX operation_logs_by_time ON operation_logs (created_at, id);
CREATE INDEX operation_logs_of_user ON operation_logs (user_id, created_at, id);
CREATE INDEX operation_logs_of_action ON operation_logs (action, created_at, id);
CREATE INDEX operation_logs_of_user_action ON operation_logs (user_id, action, created_at, id);

CREATE FUNCTION operation_logs_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'operation_logs is append-only';
END;
$$;
CREATE TRIGGER operation_logs_refuse_change BEFORE UPDATE OR DELETE ON operation_logs
    FOR EACH ROW EXECUTE FUNCTION operation_logs_refuse();
CREATE TRIGGER operation_logs_refuse_truncate BEFORE TRUNCATE ON operation_logs
    FOR EACH STATEMENT EXECUTE FUNCTION operation_logs_refuse();

-- How many entries there are of each user (-1: of all together, 0: of nobody), action and day (days since 1970), so that a total is not
-- counted anew.
CREATE TABLE operation_log_counts (
    user_id BIGINT NOT NULL,
    action TEXT COLLATE "C" NOT NULL,
    day BIGINT NOT NULL,
    entries BIGINT NOT NULL,
    PRIMARY KEY (user_id, action, day)
);

-- Entries that their daemon has not published as log records yet.
CREATE TABLE operation_log_outbox (
    operation_id BIGINT NOT NULL PRIMARY KEY REFERENCES operation_logs (id),
    node BIGINT NOT NULL
);
CREATE INDEX operation_log_outbox_of_node ON operation_log_outbox (node, operation_id);
