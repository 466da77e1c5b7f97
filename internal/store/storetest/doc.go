// Package storetest holds what every session.Store must do, as a test suite,
// a model test of the rules over any store, and a store in memory.
//
// A store's tests call [Run] with a [Backend]; [Model] drives the core with
// random calls and compares what the store says with what its events say.
//
// This package must not know any database.
package storetest
