// Package config reads the configuration: one table of keys (table.go) from which
// the file, the environment, the flags, the credentials of the systemd unit and
// `turnike check` are all made.
//
// Load goes through the table once. Each key takes its value from the first source
// that has one: a flag, then the description that a running server left, then the
// environment, then the file, then a credential, then the default. Afterwards Load
// checks the values together: what is unsafe or useless is an error that names the
// key and says what to do; what is allowed but not advised is a warning.
//
// This package must not know the store, the network or the commands. It hands out
// values; package app gives them to the packages that use them.
package config
