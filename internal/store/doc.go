// Package store holds the ports through which commands, login, administration
// and metrics use a store, and the records and errors that pass through them.
//
// It owns what is the same for every store: accounts to create, rows to list,
// figures, the name of the default pool, and the errors that callers compare
// with errors.Is and errors.As. The rules and their port, session.Store, belong
// to the core. Package store/sqlite implements all ports; package store/storetest
// checks any implementation.
//
// A consumer takes the smallest port that it needs, or declares its own.
// [Store] lists everything, for the place that opens a store and hands it out.
//
// This package must not know SQL, files, HTTP or the configuration.
package store
