-- The first event that could not be read: the store is rebuilt at the next start.
CREATE TABLE unread (
    id INTEGER PRIMARY KEY CHECK (id = 0),
    height INTEGER NOT NULL
);
