-- What was applied to the cluster for each lease, so that a restart applies nothing that is there.
CREATE TABLE applied (
    order_id INTEGER PRIMARY KEY,
    version TEXT,
    running INTEGER NOT NULL,
    objects TEXT NOT NULL
);
