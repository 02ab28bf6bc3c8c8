-- What the app is told of the replica. Nothing is recorded, and nothing is written here, until an app asks for changes once: then there is a row.
CREATE TABLE change_log (
  id              INTEGER PRIMARY KEY CHECK (id = 1),
  complete        INTEGER NOT NULL DEFAULT 0   -- 1: every entity of the replica is in the table below
);

-- One row an entity: where in the order of changes its last one stands. Positions only grow; a later change moves the row.
CREATE TABLE changed (
  entity          TEXT    NOT NULL,
  entity_id       TEXT    NOT NULL,
  position        INTEGER NOT NULL,
  PRIMARY KEY (entity, entity_id)
) WITHOUT ROWID;

CREATE UNIQUE INDEX changed_position ON changed (position);

-- One row an opening of the file that recorded something: of a copy of the file, positions beyond the copy are of another epoch.
CREATE TABLE change_epoch (
  id              INTEGER PRIMARY KEY,
  token           BLOB    NOT NULL UNIQUE,     -- 16 bytes by chance
  first           INTEGER NOT NULL             -- the first position of it
);

-- Up to where a named subscription has moved on.
CREATE TABLE change_cursor (
  name            TEXT    NOT NULL,
  entity          TEXT    NOT NULL,            -- '': all of them
  token           BLOB    NOT NULL,
  position        INTEGER NOT NULL,
  PRIMARY KEY (name, entity)
) WITHOUT ROWID;
