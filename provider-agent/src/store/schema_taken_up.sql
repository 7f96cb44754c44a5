-- This store was filled from the chain at this block time, when it was new or put back from a copy: leases
-- from before it may have manifests that it does not have.
CREATE TABLE taken_up (
    id INTEGER PRIMARY KEY CHECK (id = 0),
    at INTEGER NOT NULL
);
