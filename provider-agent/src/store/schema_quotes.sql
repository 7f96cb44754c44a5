-- Capacity that signed quotes reserve under a nonce, until the last second of all of them by block time. `order_id`
-- is the lease that one of them became; the row stays a while, so that what it reserves is always counted.
CREATE TABLE quote_reservations (
    nonce INTEGER PRIMARY KEY,
    units TEXT NOT NULL,
    placements TEXT NOT NULL,
    ips INTEGER NOT NULL,
    valid_until INTEGER NOT NULL,
    order_id INTEGER
);
-- The quotes of a nonce, as limits count them.
CREATE TABLE quotes (
    id INTEGER PRIMARY KEY,
    nonce INTEGER NOT NULL REFERENCES quote_reservations (nonce) ON DELETE CASCADE,
    asker TEXT NOT NULL,
    network TEXT,
    owner TEXT NOT NULL
);
CREATE INDEX quotes_by_nonce ON quotes (nonce);
-- The last nonce: none is given twice.
CREATE TABLE quote_nonce (
    id INTEGER PRIMARY KEY CHECK (id = 0),
    last INTEGER NOT NULL
);
-- Quotes of which this store does not know may be out: signed by the key that the registry had when it was filled
-- from the chain, and good until this block time at the latest.
CREATE TABLE quotes_out (
    id INTEGER PRIMARY KEY CHECK (id = 0),
    quote_key TEXT NOT NULL,
    until INTEGER NOT NULL
);
