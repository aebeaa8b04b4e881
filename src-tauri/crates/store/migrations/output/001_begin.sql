-- One row an attempt. stopped: why the rest of the output was not kept.
CREATE TABLE output (
    execution INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    stdout_bytes INTEGER NOT NULL,
    stderr_bytes INTEGER NOT NULL,
    kept_bytes INTEGER NOT NULL,
    ended INTEGER NOT NULL,
    stopped TEXT,
    PRIMARY KEY (execution, attempt)
) STRICT, WITHOUT ROWID;
CREATE INDEX output_open ON output (execution) WHERE ended = 0;

-- seq rises with every chunk of an attempt, also when its tail is written anew. offset counts the bytes of the
-- stream, those that were dropped included. stream: 1 stdout, 2 stderr.
CREATE TABLE chunk (
    id INTEGER PRIMARY KEY,
    execution INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    stream INTEGER NOT NULL,
    tail INTEGER NOT NULL,
    at INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    bytes BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX chunk_order ON chunk (execution, attempt, seq);
CREATE INDEX chunk_tail ON chunk (execution, attempt) WHERE tail = 1;
