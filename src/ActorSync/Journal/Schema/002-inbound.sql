-- Where pulling stands, one row: whose log it is a position of, and whether that has to be compared with the hub's replica first.
CREATE TABLE cursor (
  id              INTEGER PRIMARY KEY CHECK (id = 1),
  binding         TEXT,                        -- hub and account; of another one the position says nothing
  position        INTEGER NOT NULL DEFAULT 0,  -- every operation of the log up to it is in the replica, or is ours and acked
  head            TEXT,
  needs_snapshot  INTEGER NOT NULL DEFAULT 1
);

-- Overwritten values, the newest ones: what lost, and what it lost to.
CREATE TABLE conflict (
  id              INTEGER PRIMARY KEY,
  entity          TEXT    NOT NULL,
  entity_id       TEXT    NOT NULL,
  register        TEXT    NOT NULL,
  won_value       TEXT,                        -- null: the entity was deleted
  won_lamport     INTEGER NOT NULL,
  won_device      TEXT    NOT NULL,
  won_operation   BLOB    NOT NULL,
  lost_value      TEXT    NOT NULL,
  lost_lamport    INTEGER NOT NULL,
  lost_device     TEXT    NOT NULL,
  lost_operation  BLOB    NOT NULL,
  found_at        INTEGER NOT NULL             -- Unix milliseconds
);

-- What came in and cannot be merged, the newest ones.
CREATE TABLE quarantine (
  id              INTEGER PRIMARY KEY,
  hub_id          INTEGER NOT NULL,
  reason          TEXT    NOT NULL,
  raw             BLOB    NOT NULL,            -- as it came, cut where it is long
  came_at         INTEGER NOT NULL
);

-- Rows of the replica that the hub lacks. What goes up is what the replica holds when it goes.
CREATE TABLE relay (
  entity          TEXT    NOT NULL,
  entity_id       TEXT    NOT NULL,
  kind            INTEGER NOT NULL,
  register        TEXT    NOT NULL,
  refused         TEXT,                        -- why the hub did not take it; it is offered again by the next run
  PRIMARY KEY (entity, entity_id, kind, register)
) WITHOUT ROWID;
