// Command turnike is the server and its command line in one binary.
//
// It owns the grammar of the command line (main.go), one file for each command, and
// what only commands share: the opened store (workspace.go), lists, colours, progress,
// questions, completion and exit codes. The server itself is package app; the
// configuration is package config.
//
// In every command things happen in this order. The arguments are parsed. The
// configuration is loaded. The store in the data directory is opened and changed
// through the rules of package session. If a server runs on the directory, the command
// waits until that server has applied the change.
//
// Commands write to the store themselves, whether the server runs or not; only
// healthcheck and status send it a request. Only serve, user add, user import, pool set
// and restore create a data directory that does not exist.
//
// This package must not know rules of admission, SQL or protocols.
package main
