-- Some lines of one stream of an attempt: where they lie in the output, from which chunk on. stream: 1 stdout,
-- 2 stderr. offset and length count bytes of the stream.
CREATE TABLE passage (
    id INTEGER PRIMARY KEY,
    execution INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    stream INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    length INTEGER NOT NULL
) STRICT;
CREATE INDEX passage_of ON passage (execution, attempt);

-- The words of each passage, each once, already parted and in lower case. The text itself stays where it is.
CREATE VIRTUAL TABLE word USING fts5 (
    words, content = '', contentless_delete = 1, detail = none, tokenize = 'ascii', prefix = 3
);
