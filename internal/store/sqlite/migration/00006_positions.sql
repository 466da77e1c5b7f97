-- Positions: every commit with events gets the next number, which its events
-- share. The counter is 'pos' in meta; events from before have position 0.

-- +goose Up

INSERT INTO meta (key, value) VALUES ('pos', '0') ON CONFLICT (key) DO NOTHING;

ALTER TABLE events ADD COLUMN pos INTEGER NOT NULL DEFAULT 0;

-- What each serving node has applied of other processes' changes.
DROP TABLE nodes;

CREATE TABLE nodes (
  id      TEXT    NOT NULL PRIMARY KEY,
  applied INTEGER NOT NULL              -- every commit up to this position is applied
) WITHOUT ROWID;
