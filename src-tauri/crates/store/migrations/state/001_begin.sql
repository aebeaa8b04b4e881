-- Refs, each written once: rows elsewhere carry the number.
CREATE TABLE name (
    id INTEGER PRIMARY KEY,
    text TEXT NOT NULL UNIQUE
) STRICT;

-- One row: which data folder this is.
CREATE TABLE instance (
    id TEXT NOT NULL
) STRICT;
INSERT INTO instance (id) VALUES (lower(hex(randomblob(16))));

-- The highest id that was ever deleted, so that ids are never given twice. Rows that are still there speak
-- for themselves.
CREATE TABLE sequence (
    kind TEXT PRIMARY KEY,
    last INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO sequence (kind, last) VALUES ('event', 0), ('enforcement', 0), ('execution', 0), ('rule', 0);

-- source: a name for a sensor, 0 for a person, -id for an execution.
CREATE TABLE event (
    id INTEGER PRIMARY KEY,
    created INTEGER NOT NULL,
    trigger INTEGER NOT NULL,
    source INTEGER NOT NULL,
    rule INTEGER,
    dedupe_key TEXT,
    body_hash BLOB,
    payload TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX event_dedupe ON event (source, dedupe_key) WHERE dedupe_key IS NOT NULL;
CREATE INDEX event_trigger ON event (trigger, id);
CREATE TRIGGER event_gone AFTER DELETE ON event BEGIN
    UPDATE sequence SET last = max(last, OLD.id) WHERE kind = 'event';
END;

-- outcome: 0 matched, 1 unmatched, 2 error, 3 throttled, 4 quarantined, 5 disabled.
CREATE TABLE decision (
    event INTEGER NOT NULL,
    rule INTEGER NOT NULL,
    rule_version INTEGER NOT NULL,
    outcome INTEGER NOT NULL,
    reason TEXT,
    PRIMARY KEY (event, rule)
) STRICT, WITHOUT ROWID;
-- Matched ones are found by their enforcement.
CREATE INDEX decision_silent ON decision (rule, event) WHERE outcome > 0;
CREATE INDEX decision_unmatched ON decision (rule, event) WHERE outcome = 1;

-- Every decision ever made, whether its row is still kept or not.
CREATE TABLE decision_count (
    rule INTEGER NOT NULL,
    outcome INTEGER NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (rule, outcome)
) STRICT, WITHOUT ROWID;

-- status: 0 created, 1 processed, 2 disabled.
CREATE TABLE enforcement (
    id INTEGER PRIMARY KEY,
    event INTEGER NOT NULL,
    rule INTEGER NOT NULL,
    status INTEGER NOT NULL,
    created INTEGER NOT NULL,
    execution INTEGER
) STRICT;
CREATE UNIQUE INDEX enforcement_rule ON enforcement (rule, event);
CREATE TRIGGER enforcement_gone AFTER DELETE ON enforcement BEGIN
    UPDATE sequence SET last = max(last, OLD.id) WHERE kind = 'enforcement';
END;

-- status: 0 requested, 1 scheduling, 2 scheduled, 3 running, 4 canceling, 5 completed, 6 failed, 7 timeout,
-- 8 cancelled, 9 abandoned.
CREATE TABLE execution (
    id INTEGER PRIMARY KEY,
    status INTEGER NOT NULL,
    rule INTEGER,
    event INTEGER,
    enforcement INTEGER,
    rerun_of INTEGER,
    action INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    requested_at INTEGER NOT NULL,
    started_at INTEGER,
    finished_at INTEGER,
    pid INTEGER,
    exit_code INTEGER,
    exit_signal INTEGER,
    timeout_ms INTEGER NOT NULL,
    error TEXT,
    result TEXT
) STRICT;
CREATE INDEX execution_rule ON execution (rule, id) WHERE rule IS NOT NULL;
CREATE INDEX execution_action ON execution (action, id);
CREATE INDEX execution_open ON execution (id) WHERE status < 5;
CREATE INDEX execution_trouble ON execution (id) WHERE status > 5;
CREATE INDEX execution_again ON execution (event, id) WHERE rerun_of IS NOT NULL;
CREATE TRIGGER execution_gone AFTER DELETE ON execution BEGIN
    UPDATE sequence SET last = max(last, OLD.id) WHERE kind = 'execution';
    DELETE FROM execution_parameters WHERE id = OLD.id;
END;

-- Apart, so that a change of status does not rewrite them.
CREATE TABLE execution_parameters (
    id INTEGER PRIMARY KEY,
    parameters TEXT NOT NULL
) STRICT;

-- state: 0 disabled, 1 enabled, 2 finished.
CREATE TABLE rule (
    id INTEGER PRIMARY KEY,
    ref TEXT NOT NULL,
    state INTEGER NOT NULL,
    version INTEGER NOT NULL,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    deleted_at INTEGER,
    body TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX rule_ref ON rule (ref) WHERE deleted_at IS NULL;
CREATE TRIGGER rule_gone AFTER DELETE ON rule BEGIN
    UPDATE sequence SET last = max(last, OLD.id) WHERE kind = 'rule';
END;

CREATE TABLE rule_version (
    rule INTEGER NOT NULL REFERENCES rule (id) ON DELETE CASCADE,
    version INTEGER NOT NULL,
    saved_at INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (rule, version)
) STRICT;

-- What a timer rule remembers; apart, so that a fire does not rewrite the rule.
CREATE TABLE rule_timer (
    rule INTEGER PRIMARY KEY REFERENCES rule (id) ON DELETE CASCADE,
    anchor INTEGER,
    last_scheduled_at INTEGER,
    execution_count INTEGER NOT NULL
) STRICT;

-- The newest run of each rule, and how its last ended ones went: a cancelled run says nothing about a rule.
-- streak: runs in a row that did not complete.
CREATE TABLE rule_last (
    rule INTEGER PRIMARY KEY,
    newest INTEGER NOT NULL,
    ended INTEGER,
    ended_status INTEGER,
    ended_at INTEGER,
    streak INTEGER NOT NULL
) STRICT;
CREATE INDEX rule_last_trouble ON rule_last (ended_at) WHERE ended_status > 5;

-- Sums by minute since 1970, so that no screen counts rows. They also lead from an instant to ids.
CREATE TABLE event_minute (
    minute INTEGER NOT NULL,
    trigger INTEGER NOT NULL,
    events INTEGER NOT NULL,
    fired INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    PRIMARY KEY (minute, trigger)
) STRICT, WITHOUT ROWID;

CREATE TABLE execution_minute (
    minute INTEGER PRIMARY KEY,
    requested INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL
) STRICT;

-- Runs by the minute in which they ended; rule 0 is the sum of all, also of those that have no rule.
CREATE TABLE activity (
    rule INTEGER NOT NULL,
    minute INTEGER NOT NULL,
    status INTEGER NOT NULL,
    count INTEGER NOT NULL,
    total_ms INTEGER NOT NULL,
    max_ms INTEGER NOT NULL,
    last INTEGER NOT NULL,
    PRIMARY KEY (rule, minute, status)
) STRICT, WITHOUT ROWID;

-- Runs that ended by hour and rule: which rules are busy.
CREATE TABLE busy (
    hour INTEGER NOT NULL,
    rule INTEGER NOT NULL,
    runs INTEGER NOT NULL,
    PRIMARY KEY (hour, rule)
) STRICT, WITHOUT ROWID;

-- The times in which the engine ran: `alive` is its last sign of life, `stopped` its end in order.
CREATE TABLE engine_span (
    started INTEGER PRIMARY KEY,
    alive INTEGER NOT NULL,
    stopped INTEGER
) STRICT;
