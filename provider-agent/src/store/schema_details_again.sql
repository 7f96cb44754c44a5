-- What is known of an open order may be what an earlier version read of it, without what orders ask for since:
-- it is fetched again. Until then there is no bid on it. Where a bid is, its lease may begin any moment and
-- needs the details that are there.
INSERT OR IGNORE INTO pending (kind, id, height)
    SELECT 'order', id, (SELECT coalesce(max(height), 0) FROM cursor) FROM orders
    WHERE open = 1 AND detail IS NOT NULL;
UPDATE orders SET detail = NULL
    WHERE open = 1 AND id NOT IN (SELECT order_id FROM bids WHERE progress <> 'refused');
