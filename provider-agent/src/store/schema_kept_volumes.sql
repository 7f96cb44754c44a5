-- Volumes of leases that ended, which are kept for a time. Times are Unix seconds by the agent's clock, not
-- block time.
CREATE TABLE kept_volumes (
    order_id INTEGER PRIMARY KEY,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL,
    ran INTEGER NOT NULL,
    volumes TEXT NOT NULL
);
