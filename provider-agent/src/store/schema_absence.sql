-- For how long the provider of a lease may not be seen before it counts as absent, in seconds: the least that any
-- node said. NULL where the lease is older than that rule. And until when it is paid at most, where it was absent
-- when the lease ended; block time.
ALTER TABLE leases ADD COLUMN absence_limit INTEGER;
ALTER TABLE leases ADD COLUMN paid_until INTEGER;
-- When the chain last saw the provider, and at which height that was known; and the block at which the last
-- heartbeat was queued. Block time.
CREATE TABLE seen (
    id INTEGER PRIMARY KEY CHECK (id = 0),
    at INTEGER,
    height INTEGER,
    beat_at INTEGER,
    beat_height INTEGER
);
-- What is known of an open order does not say its limit: it is fetched again, as before.
INSERT OR IGNORE INTO pending (kind, id, height)
    SELECT 'order', id, (SELECT coalesce(max(height), 0) FROM cursor) FROM orders
    WHERE open = 1 AND detail IS NOT NULL;
UPDATE orders SET detail = NULL
    WHERE open = 1 AND id NOT IN (SELECT order_id FROM bids WHERE progress <> 'refused');
