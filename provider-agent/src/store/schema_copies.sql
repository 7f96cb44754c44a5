-- Tells this file from its copies: whoever runs the agent holds the cluster's lock by it.
CREATE TABLE identity (
    id INTEGER PRIMARY KEY CHECK (id = 0),
    token TEXT NOT NULL
);
-- This file was put back from a copy: nothing is sent by it before the chain was read. The time is Unix
-- seconds.
CREATE TABLE restored (
    id INTEGER PRIMARY KEY CHECK (id = 0),
    at INTEGER NOT NULL
);
