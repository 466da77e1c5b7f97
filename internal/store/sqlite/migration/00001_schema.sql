-- The first schema. Times are integer milliseconds since 1970, UTC; booleans
-- are 0 and 1; ids of users, sessions and instances are random text.

-- +goose Up

-- What belongs to the database as a whole.
CREATE TABLE meta (
  key   TEXT NOT NULL PRIMARY KEY, -- 'instance', 'epoch', and what the server notes down
  value TEXT NOT NULL
) WITHOUT ROWID;

-- Seat limits. The counters are the truth that admission looks at: they change
-- in the transaction that changes a seat, and nowhere else [A1].
CREATE TABLE pools (
  id           INTEGER NOT NULL PRIMARY KEY,  -- 0 is the system's own, 1 is 'default'
  name         TEXT    NOT NULL UNIQUE,       -- '' for the system's, which no one can be in
  seat_limit   INTEGER NOT NULL CHECK (seat_limit >= 0),
  limit_set    INTEGER NOT NULL DEFAULT 0,    -- by an operator: the configuration keeps off
  policy       TEXT    NOT NULL DEFAULT '',   -- A4; '' where the configuration decides
  max_sessions INTEGER NOT NULL DEFAULT 0,    -- live sessions of a user; 0 likewise
  login        TEXT    NOT NULL DEFAULT '',   -- S2; '' likewise
  presence     TEXT    NOT NULL DEFAULT '',   -- P5; '' likewise
  held         INTEGER NOT NULL DEFAULT 0 CHECK (held >= 0),    -- seats by state
  grace        INTEGER NOT NULL DEFAULT 0 CHECK (grace >= 0),
  offered      INTEGER NOT NULL DEFAULT 0 CHECK (offered >= 0),
  log_seq      INTEGER NOT NULL DEFAULT 0,    -- the newest event of the pool
  presence_seq INTEGER NOT NULL DEFAULT 0,    -- the newest that presence reports [P3]
  pruned_seq   INTEGER NOT NULL DEFAULT 0     -- up to here only audit events are left
);

INSERT INTO pools (id, name, seat_limit) VALUES (0, '', 0), (1, 'default', 3);

-- Accounts. The other tables refer to a user by the short number.
CREATE TABLE users (
  no            INTEGER NOT NULL PRIMARY KEY,
  id            TEXT    NOT NULL UNIQUE,      -- the sub claim
  name          TEXT    NOT NULL,             -- as it is shown
  canonical     TEXT    UNIQUE,               -- under which it is unique; NULL once deleted: free again
  role          TEXT    NOT NULL,             -- 'user' or 'admin'
  pool_id       INTEGER NOT NULL REFERENCES pools (id),
  disabled      INTEGER NOT NULL DEFAULT 0,
  deleted       INTEGER NOT NULL DEFAULT 0,   -- the row stays: the event log names it
  cred_version  INTEGER NOT NULL DEFAULT 1,   -- raised by what ends all sessions [A7]
  password_hash TEXT    NOT NULL DEFAULT '',  -- PHC string; '' fits no password
  seat_lost     INTEGER NOT NULL DEFAULT 0,   -- the seat was given away [S4], none held since
  created_at    INTEGER NOT NULL
);

-- Sessions, live and ended. An ended one stays until its token has expired, so
-- that whoever comes late can be told why it ended.
CREATE TABLE sessions (
  no          INTEGER NOT NULL PRIMARY KEY,   -- rises: orders a user's sessions
  id          TEXT    NOT NULL UNIQUE,        -- the sid claim
  user_no     INTEGER NOT NULL REFERENCES users (no),
  pool_id     INTEGER NOT NULL,               -- of the user when the session was made
  device      TEXT    NOT NULL DEFAULT '',    -- what a person recognises the device by
  device_hash BLOB,                           -- SHA-256 of the device cookie [A5]; NULL without one
  address     TEXT    NOT NULL DEFAULT '',
  issued      INTEGER NOT NULL DEFAULT 0,     -- by an operator, without a password
  created_at  INTEGER NOT NULL,
  last_active INTEGER NOT NULL,
  expires_at  INTEGER NOT NULL,               -- the exp claim
  ended_at    INTEGER,                        -- NULL while live
  code        TEXT    NOT NULL DEFAULT '',    -- why it ended
  reason      TEXT    NOT NULL DEFAULT '',    -- the operator's free text
  successor   TEXT    NOT NULL DEFAULT ''     -- the session it was rotated into or replaced by
);

CREATE INDEX session_live   ON sessions (user_no, no) WHERE ended_at IS NULL;
CREATE INDEX session_due    ON sessions (expires_at)  WHERE ended_at IS NULL;
CREATE INDEX session_pruned ON sessions (expires_at)  WHERE ended_at IS NOT NULL;

-- Registered live sockets. Restarting drops them all [S7].
CREATE TABLE connections (
  user_no       INTEGER NOT NULL REFERENCES users (no),
  seq           INTEGER NOT NULL,             -- the pool's log_seq at registration: the newest wins [S1]
  id            TEXT    NOT NULL,             -- the Socket.IO socket id
  session_id    TEXT    NOT NULL,
  registered_at INTEGER NOT NULL,
  PRIMARY KEY (user_no, seq, id)
) WITHOUT ROWID;

-- Seats that are not free: at most one per user [A2], in the user's pool. A
-- pool's seats lie together.
CREATE TABLE seats (
  pool_id    INTEGER NOT NULL,
  user_no    INTEGER NOT NULL REFERENCES users (no),
  session_id TEXT    NOT NULL,                -- that holds it, or may resume it
  state      TEXT    NOT NULL CHECK (state IN ('held', 'grace', 'offered')),
  kind       TEXT    NOT NULL DEFAULT '',     -- of grace: 'ordinary', 'boot', 'handover', 'login'
  since      INTEGER NOT NULL,                -- inside since
  changed    INTEGER NOT NULL,                -- in this state since
  deadline   INTEGER,                         -- when grace ends; NULL while held
  reclaim    INTEGER,                         -- from when somebody else may be given it [S4]; NULL while held
  PRIMARY KEY (pool_id, user_no)
) WITHOUT ROWID;

CREATE INDEX seat_next ON seats (pool_id, reclaim) WHERE state = 'grace';
CREATE INDEX seat_due  ON seats (deadline)         WHERE deadline IS NOT NULL;

-- The event log: numbered without gaps in commit order, pool by pool [I4].
CREATE TABLE events (
  pool_id    INTEGER NOT NULL,
  log_seq    INTEGER NOT NULL,
  at         INTEGER NOT NULL,
  type       TEXT    NOT NULL,
  class      TEXT    NOT NULL CHECK (class IN ('presence', 'audit')), -- how long it is kept
  user_id    TEXT    NOT NULL,                -- '' where it concerns nobody
  session_id TEXT    NOT NULL,                -- '' likewise
  data       TEXT    NOT NULL,                -- the whole event as JSON, without the columns above
  PRIMARY KEY (pool_id, log_seq)
) WITHOUT ROWID;

-- What each serving node has applied of other processes' changes, pool by pool.
CREATE TABLE nodes (
  id      TEXT    NOT NULL,
  pool_id INTEGER NOT NULL REFERENCES pools (id),
  log_seq INTEGER NOT NULL,                   -- everything up to here is applied
  PRIMARY KEY (id, pool_id)
) WITHOUT ROWID;
