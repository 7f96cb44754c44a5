-- When an own bid was placed, block time. Of bids that are open already the time since when the agent keeps it.
ALTER TABLE bids ADD COLUMN placed_at INTEGER;
UPDATE bids SET placed_at = (SELECT time FROM cursor) WHERE progress = 'open';
