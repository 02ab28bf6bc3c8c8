-- Times are Unix milliseconds. Stamps are Lamport.
CREATE TABLE account (
    number      INTEGER PRIMARY KEY,
    id          TEXT    NOT NULL UNIQUE,
    handle      TEXT    NOT NULL UNIQUE,
    status      INTEGER NOT NULL DEFAULT 0,
    last_id     INTEGER NOT NULL DEFAULT 0,
    head        BLOB    NOT NULL,
    max_lamport INTEGER NOT NULL DEFAULT 0,
    -- Operations up to this id are in the replica.
    folded_id   INTEGER NOT NULL DEFAULT 0,
    created_at  INTEGER NOT NULL
);

CREATE TABLE device (
    number          INTEGER PRIMARY KEY,
    account         INTEGER NOT NULL REFERENCES account (number),
    id              TEXT    NOT NULL,
    name            TEXT,
    peer_id         TEXT,
    created_at      INTEGER NOT NULL,
    last_seen_at    INTEGER NOT NULL,
    revoked_at      INTEGER,
    highest_lamport INTEGER NOT NULL DEFAULT 0,
    operations      INTEGER NOT NULL DEFAULT 0,
    UNIQUE (account, id)
);

-- key = account number * 2^40 + id: one account's log is a range, and appending stays at the end of its range.
CREATE TABLE op (
    key          INTEGER PRIMARY KEY,
    account      INTEGER NOT NULL,
    operation_id BLOB    NOT NULL,
    device       INTEGER NOT NULL,
    lamport_ts   INTEGER NOT NULL,
    entity       TEXT    NOT NULL,
    entity_id    TEXT    NOT NULL,
    field        TEXT,
    kind         INTEGER NOT NULL,
    payload      TEXT    NOT NULL,
    lane         INTEGER NOT NULL,
    schema       INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    head         BLOB    NOT NULL
);

CREATE UNIQUE INDEX op_identity ON op (account, operation_id);

-- Where a row stood before its stamp was raised: its link of the head chain stays.
CREATE TABLE moved (
    key          INTEGER PRIMARY KEY,
    operation_id BLOB    NOT NULL,
    lamport_ts   INTEGER NOT NULL,
    head         BLOB    NOT NULL
);

-- Tombstones and live registers. The key is account, entity, entity_id, kind (D or R) and register in one text (ReplicaKey.cs):
-- its order is the digest's, and comparing it is one memcmp.
CREATE TABLE replica (
    key          TEXT    PRIMARY KEY,
    value        TEXT    NOT NULL,
    lamport_ts   INTEGER NOT NULL,
    device_id    TEXT    NOT NULL,
    operation_id BLOB    NOT NULL
) WITHOUT ROWID;

-- One credential of a device and all that was renewed from it. The id is random, so that one issued after a restore meets no older one.
CREATE TABLE family (
    id         INTEGER PRIMARY KEY,
    device     INTEGER NOT NULL REFERENCES device (number),
    created_at INTEGER NOT NULL,
    revoked_at INTEGER
);

CREATE INDEX family_device ON family (device);

CREATE TABLE refresh_token (
    hash        BLOB    PRIMARY KEY,
    family      INTEGER NOT NULL REFERENCES family (id),
    issued_at   INTEGER NOT NULL,
    replaced_at INTEGER
) WITHOUT ROWID;

CREATE INDEX refresh_token_family ON refresh_token (family);

CREATE TABLE pairing (
    code        BLOB    PRIMARY KEY,
    account     INTEGER NOT NULL REFERENCES account (number),
    expires_at  INTEGER NOT NULL,
    redeemed_at INTEGER,
    device      INTEGER REFERENCES device (number),
    nonce       TEXT,
    family      INTEGER
) WITHOUT ROWID;

-- Written by the readiness probe.
CREATE TABLE probe (
    number INTEGER PRIMARY KEY,
    at     INTEGER NOT NULL
);
