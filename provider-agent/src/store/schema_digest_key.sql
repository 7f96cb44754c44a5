-- The key of digests that stand in the cluster, of what nobody else may guess.
CREATE TABLE digest_key (
    id INTEGER PRIMARY KEY CHECK (id = 0),
    key BLOB NOT NULL
);
