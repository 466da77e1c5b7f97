// Command turnike is the server and its command line in one binary.
//
// It owns the configuration (one table of fields, see config_fields.go), the
// wiring of all packages (serve.go), their start and drain (running.go) and one
// file for each command. The order of things in every command: the arguments are
// parsed, then the configuration is read (flag, environment, file, default), then
// the store in the data directory is opened, changed through the rules of package
// session, and, where a server runs on the directory, the command waits until that
// has applied the change.
//
// Commands write to the store themselves, with the server running or stopped;
// they never talk to it. Only serve, user add, user import, pool set and restore make
// a data directory where there is none.
//
// This package must not know rules of admission, SQL or protocols: those are
// below it.
package main
