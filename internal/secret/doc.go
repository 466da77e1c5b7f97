// Package secret owns the type of a value that must never be shown: passwords,
// signing secrets, peppers, keys of other services.
//
// A Secret can be put into a configuration, an error, a log line or a JSON
// document without care, for every way of printing it gives "[redacted]"
// [SEC-55] [SEC-56]. Its content is had by calling Reveal, and in no other
// way, so that a search for Reveal finds each place where one leaves the type.
//
// The package must not know where a secret comes from; secretfile, below it,
// reads and writes the files.
package secret
