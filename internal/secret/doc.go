// Package secret owns the type of a value that must never be shown: passwords,
// signing secrets, peppers, keys of other services.
//
// A Secret can safely be part of a configuration, an error, a log line or a JSON
// document: every way to print it results in "[redacted]" [SEC-55] [SEC-56]. Only
// Reveal returns the content, so a search for Reveal finds every use.
//
// This package must not know where a secret comes from. Package secretfile reads
// and writes the files.
package secret
