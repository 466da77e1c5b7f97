-- What is remembered of users whose sessions replace each other [A6]: recent
-- replacements, until when logins have to be confirmed, and tickets that are out.
-- It is small, almost always empty and always read with its user.

-- +goose Up

ALTER TABLE users ADD COLUMN contest TEXT NOT NULL DEFAULT ''; -- JSON; '' for nothing
