-- Whether search.db knows all of it.
ALTER TABLE output ADD COLUMN searched INTEGER NOT NULL DEFAULT 0;
CREATE INDEX output_not_searched ON output (execution, attempt) WHERE searched = 0;
