-- The market that all of this is of: chains and orderbooks number their orders alike.
CREATE TABLE market (
    id INTEGER PRIMARY KEY CHECK (id = 0),
    chain_id TEXT NOT NULL,
    orderbook TEXT NOT NULL
);
