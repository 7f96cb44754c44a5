-- What was applied to the cluster for each lease, so that a restart applies nothing that is there.
CREATE TABLE applied (
    order_id INTEGER PRIMARY KEY,
    version TEXT,
    running INTEGER NOT NULL,
    objects TEXT NOT NULL
);
-- The block whose state an answer must have, or a later one.
ALTER TABLE pending ADD COLUMN height INTEGER NOT NULL DEFAULT 0;
