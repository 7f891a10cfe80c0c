-- `number` stands for the session in the other tables: their keys are short so.
CREATE TABLE session (
    number INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    log BLOB NOT NULL CHECK (length(log) = 16)
) STRICT;
-- `hash` is SHA-256 of the hash before it and `text`; before the first one, SHA-256 of `log`.
CREATE TABLE event (
    session INTEGER NOT NULL REFERENCES session (number),
    seq INTEGER NOT NULL CHECK (seq > 0),
    text TEXT NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (session, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE done (
    session INTEGER NOT NULL REFERENCES session (number),
    by BLOB NOT NULL CHECK (length(by) = 16),
    id BLOB NOT NULL CHECK (length(id) = 16),
    body BLOB NOT NULL CHECK (length(body) = 32),
    seq INTEGER NOT NULL CHECK (seq >= 0),
    PRIMARY KEY (session, by, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE snapshot (
    session INTEGER PRIMARY KEY REFERENCES session (number),
    seq INTEGER NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    text TEXT NOT NULL
) STRICT;
