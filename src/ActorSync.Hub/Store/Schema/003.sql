-- The last complete capture of a device's side collection; items is JSON as it was sent.
CREATE TABLE hangar (
    device      INTEGER PRIMARY KEY REFERENCES device (number),
    captured_at INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    items       TEXT    NOT NULL
);
