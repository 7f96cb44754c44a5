-- Own leases that the provider takes back with notice: until when they run at least, in block time and in
-- blocks. `done` is 1 if the lease ended by it.
CREATE TABLE reclaims (
    lease INTEGER PRIMARY KEY,
    why TEXT NOT NULL,
    deadline INTEGER NOT NULL,
    from_block INTEGER NOT NULL,
    done INTEGER NOT NULL DEFAULT 0
);
