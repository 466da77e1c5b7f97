-- Whether the login that made a session came with its device's cookie: only such a
-- client is known to keep cookies [A6].

-- +goose Up

ALTER TABLE sessions ADD COLUMN known_device INTEGER NOT NULL DEFAULT 0;
