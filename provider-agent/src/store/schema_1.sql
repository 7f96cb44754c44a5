-- Numbers of the chain are INTEGER (all stay below 2^63), amounts are TEXT (up to 2^124),
-- structures are JSON. Times are block time in seconds.

CREATE TABLE cursor (
    id INTEGER PRIMARY KEY CHECK (id = 0),
    height INTEGER NOT NULL,
    time INTEGER NOT NULL
);

-- What the book says of orders that are open, and of those that became own leases.
CREATE TABLE orders (
    id INTEGER PRIMARY KEY,
    deployment INTEGER NOT NULL,
    grp INTEGER NOT NULL,
    owner TEXT NOT NULL,
    ceiling TEXT NOT NULL,
    denom TEXT NOT NULL,
    auction TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    closes_at INTEGER,
    open INTEGER NOT NULL,
    opened_height INTEGER NOT NULL,
    book_height INTEGER NOT NULL,
    detail TEXT
);
CREATE INDEX orders_open ON orders (open, id);
CREATE INDEX orders_deployment ON orders (deployment);

-- Own bids. A row stays until its slot on the chain is released.
CREATE TABLE bids (
    order_id INTEGER PRIMARY KEY,
    owner TEXT NOT NULL,
    price TEXT NOT NULL,
    progress TEXT NOT NULL,
    decided_height INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    why TEXT
);
CREATE INDEX bids_progress ON bids (progress);

CREATE TABLE leases (
    order_id INTEGER PRIMARY KEY,
    deployment INTEGER NOT NULL,
    grp INTEGER NOT NULL,
    owner TEXT NOT NULL,
    price TEXT NOT NULL,
    denom TEXT NOT NULL,
    account INTEGER NOT NULL,
    state TEXT NOT NULL,
    reason TEXT,
    created_at INTEGER NOT NULL,
    closed_at INTEGER,
    withdrawn_at INTEGER NOT NULL
);
CREATE INDEX leases_state ON leases (state);
CREATE INDEX leases_account ON leases (account);

-- Escrow accounts that pay own leases.
CREATE TABLE accounts (
    id INTEGER PRIMARY KEY,
    remaining TEXT NOT NULL,
    rate TEXT NOT NULL,
    anchor INTEGER NOT NULL,
    depletion INTEGER,
    dry INTEGER NOT NULL,
    closed INTEGER NOT NULL,
    height INTEGER NOT NULL
);

CREATE TABLE deployments (
    id INTEGER PRIMARY KEY,
    owner TEXT NOT NULL,
    commitment TEXT NOT NULL,
    height INTEGER NOT NULL
);

CREATE TABLE manifests (
    order_id INTEGER PRIMARY KEY,
    manifest TEXT NOT NULL,
    salt BLOB,
    commitment TEXT NOT NULL,
    accepted_at INTEGER NOT NULL
);

CREATE TABLE decisions (
    order_id INTEGER PRIMARY KEY,
    height INTEGER NOT NULL,
    verdict TEXT NOT NULL,
    reason TEXT NOT NULL,
    coarse TEXT NOT NULL,
    price TEXT
);

CREATE TABLE reservations (
    order_id INTEGER PRIMARY KEY,
    placements TEXT NOT NULL,
    ips INTEGER NOT NULL
);

CREATE TABLE hostnames (
    host TEXT PRIMARY KEY,
    order_id INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX hostnames_order ON hostnames (order_id);

-- Dry deployments of own leases that were marked for reaping.
CREATE TABLE marks (
    deployment INTEGER PRIMARY KEY,
    dry_since INTEGER NOT NULL,
    reapable_at INTEGER NOT NULL,
    height INTEGER NOT NULL
);

-- Details that an event does not carry, still to be fetched from the chain.
CREATE TABLE pending (
    kind TEXT NOT NULL,
    id INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    last_error TEXT,
    PRIMARY KEY (kind, id)
) WITHOUT ROWID;
