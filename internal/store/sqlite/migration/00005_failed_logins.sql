-- Failed logins are kept for a shorter time than the rest of the audit trail. The
-- index holds them alone, so that other events cost nothing.

-- +goose Up

CREATE INDEX events_failed_logins ON events (at) WHERE type = 'login_failed';
