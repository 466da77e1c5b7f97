// Package app is the server as a whole: it puts the packages together, starts them,
// reloads what may change while they run, and stops them.
//
// Serve opens the logs, locks the data directory, opens the store and creates the
// first accounts (serve.go). Then assemble puts together what answers requests, from
// the keys up to the listeners, and boots the core in between, once everything that
// follows its events listens. Then run starts the loops, writes the running file
// and the greeting, and waits for a signal; drain takes everything down in the
// opposite order (running.go).
//
// It also owns what commands need to know about a running server: the file it
// leaves in the data directory and how to ask it for its health.
//
// This package must not know rules of admission, SQL or protocols, nor the command
// line: it is given a configuration and its outputs.
package app
