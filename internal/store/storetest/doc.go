// Package storetest checks what every store must do, with a test suite, a model
// test of the rules over any store, and a store in memory.
//
// A store's tests call [Run] with a [Backend]. The suite covers all ports of
// package store: sessions and seats, accounts, pools, the event log, and several
// processes that use one database. [Model] drives the core with random calls and
// compares what the store says with what its events say.
//
// What depends on one database stays with its store: files, locks, faults, query
// plans, migrations.
//
// This package must not know any database.
package storetest
