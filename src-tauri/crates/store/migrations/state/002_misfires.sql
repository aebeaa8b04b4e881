-- Every planned instant up to here has come to its end: fired, or missed.
ALTER TABLE rule_timer ADD COLUMN handled_until INTEGER;
UPDATE rule_timer SET handled_until = last_scheduled_at;

-- Planned instants that did not become events of their own: a row holds a run of them without a gap.
-- reason: 0 asleep, 1 not running, 2 disabled, 3 clock changed, 4 limit.
CREATE TABLE misfire (
    id INTEGER PRIMARY KEY,
    rule INTEGER NOT NULL,
    rule_version INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    count INTEGER NOT NULL,
    reason INTEGER NOT NULL,
    recorded INTEGER NOT NULL
) STRICT;
CREATE INDEX misfire_list ON misfire (rule);
CREATE INDEX misfire_rule ON misfire (rule, last);
CREATE INDEX misfire_last ON misfire (last);
INSERT INTO sequence (kind, last) VALUES ('misfire', 0);
CREATE TRIGGER misfire_gone AFTER DELETE ON misfire BEGIN
    UPDATE sequence SET last = max(last, OLD.id) WHERE kind = 'misfire';
END;

-- The times in which the machine slept while the engine ran.
CREATE TABLE sleep_span (
    started INTEGER PRIMARY KEY,
    ended INTEGER NOT NULL
) STRICT;
