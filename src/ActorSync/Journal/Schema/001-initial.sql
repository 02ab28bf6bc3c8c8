-- One row: everything that a group, an ack or a shift changes beside the operations, so that each costs one update.
CREATE TABLE clock (
  id              INTEGER PRIMARY KEY CHECK (id = 1),
  device_id       TEXT    NOT NULL,
  installation    TEXT    NOT NULL,
  lamport         INTEGER NOT NULL DEFAULT 0,  -- >= every stamp issued or observed
  next_seq        INTEGER NOT NULL DEFAULT 1,  -- never reused, also after the queue empties
  mark_priority   INTEGER NOT NULL DEFAULT 0,  -- a pending row of the lane at or below its mark is acked
  mark_bulk       INTEGER NOT NULL DEFAULT 0,
  pending_priority INTEGER NOT NULL DEFAULT 0,
  pending_bulk    INTEGER NOT NULL DEFAULT 0,
  parked          INTEGER NOT NULL DEFAULT 0,
  dead            INTEGER NOT NULL DEFAULT 0,
  unfolded        INTEGER NOT NULL DEFAULT 0,  -- acked rows that wait to be folded into the replica
  payload_bytes   INTEGER NOT NULL DEFAULT 0,  -- of pending, parked and dead rows
  acked_ever      INTEGER NOT NULL DEFAULT 0,
  shift_delta     INTEGER NOT NULL DEFAULT 0,  -- a re-stamping under way: rows below shift_below are still to be moved by it
  shift_below     INTEGER NOT NULL DEFAULT 0,
  hub_last_id     INTEGER NOT NULL DEFAULT 0,  -- the highest pair ever received
  hub_head        TEXT,
  receipt_lamport INTEGER NOT NULL DEFAULT 0,
  receipt_at      INTEGER                      -- Unix milliseconds
);

CREATE TABLE op_journal (
  seq             INTEGER PRIMARY KEY,
  operation_id    BLOB    NOT NULL UNIQUE,     -- 16 bytes, network order
  lamport_ts      INTEGER NOT NULL,            -- not unique: a stamp adopted from the hub may meet one given after a restore
  entity          TEXT    NOT NULL,
  entity_id       TEXT    NOT NULL,
  field           TEXT,
  op              INTEGER NOT NULL,
  payload         TEXT,                        -- canonical JSON
  lane            INTEGER NOT NULL,
  schema          INTEGER NOT NULL,
  created_at      INTEGER NOT NULL,            -- Unix milliseconds
  state           INTEGER NOT NULL DEFAULT 0,  -- 0 pending, 1 parked, 2 dead, 3 acked
  published       INTEGER NOT NULL DEFAULT 0,  -- the stamp is final
  attempts        INTEGER NOT NULL DEFAULT 0,
  last_attempt_at INTEGER,
  last_error      TEXT,
  blocked_by      BLOB,
  origin          TEXT                         -- the device that made it when that is not this one any more
);

CREATE INDEX op_lane ON op_journal (lane);     -- ends in seq: the order of a lane
-- One small index a state that is the exception: SQLite takes a partial index only for the very condition that it was made with.
CREATE INDEX op_parked ON op_journal (state) WHERE state = 1;
CREATE INDEX op_behind ON op_journal (blocked_by) WHERE state = 1;
CREATE INDEX op_dead ON op_journal (state) WHERE state = 2;
CREATE INDEX op_acked ON op_journal (state) WHERE state = 3;

CREATE TABLE discarded (
  operation_id    BLOB    PRIMARY KEY,
  lamport_ts      INTEGER NOT NULL,
  entity          TEXT    NOT NULL,
  entity_id       TEXT    NOT NULL,
  field           TEXT,
  op              INTEGER NOT NULL,
  payload         TEXT,
  error           TEXT,                        -- what the hub said
  reason          TEXT    NOT NULL,            -- what the person said
  discarded_at    INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE import_checkpoint (
  source          TEXT    PRIMARY KEY,
  position        INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE setting (
  key             TEXT    PRIMARY KEY,
  value           TEXT    NOT NULL
) WITHOUT ROWID;

CREATE TABLE device (
  id              INTEGER PRIMARY KEY,
  device_id       TEXT    NOT NULL UNIQUE
);

-- The merged replica. kind 0 is the tombstone (register ''), kind 1 a register; the primary key is the order of the digest.
CREATE TABLE replica (
  entity          TEXT    NOT NULL,
  entity_id       TEXT    NOT NULL,
  kind            INTEGER NOT NULL,
  register        TEXT    NOT NULL,
  value           TEXT,
  lamport_ts      INTEGER NOT NULL,
  device          INTEGER NOT NULL REFERENCES device (id),
  operation_id    BLOB    NOT NULL,
  PRIMARY KEY (entity, entity_id, kind, register)
) WITHOUT ROWID;
