-- Devices that a user has logged in from [SEC-07]: known ones are not slowed
-- down by strangers who guess passwords.

-- +goose Up

CREATE TABLE devices (
  user_no INTEGER NOT NULL REFERENCES users (no),
  hash    BLOB    NOT NULL,                   -- SHA-256 of the device cookie
  seen_at INTEGER NOT NULL,                   -- the last login
  PRIMARY KEY (user_no, hash)
) WITHOUT ROWID;

CREATE INDEX device_pruned ON devices (seen_at);
