-- What a rule keeps of its previous event, for conditions that ask whether something changed. JSON.
CREATE TABLE rule_memory (
    rule INTEGER PRIMARY KEY REFERENCES rule (id) ON DELETE CASCADE,
    remembered TEXT NOT NULL
) STRICT;
