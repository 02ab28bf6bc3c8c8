-- Operations up to this id are compacted: only who, when and a hash of what is left of them.
ALTER TABLE account ADD COLUMN compacted_to INTEGER NOT NULL DEFAULT 0;

-- The id up to which a device says that it has everything, and when it last said so; 0 when it never did.
ALTER TABLE device ADD COLUMN acked_id INTEGER NOT NULL DEFAULT 0;
ALTER TABLE device ADD COLUMN acked_at INTEGER NOT NULL DEFAULT 0;

-- SHA-256 of a compacted operation's content, whose columns are empty then. NULL while the operation is whole.
ALTER TABLE op ADD COLUMN content BLOB;
