-- What a browser was sent back with: only its hash, and what whoever exchanges it has to know.
CREATE TABLE authorization_code (
    hash         BLOB    PRIMARY KEY,
    account      INTEGER NOT NULL REFERENCES account (number),
    challenge    TEXT    NOT NULL,
    redirect_uri TEXT    NOT NULL,
    expires_at   INTEGER NOT NULL,
    used_at      INTEGER,
    family       INTEGER
) WITHOUT ROWID;
