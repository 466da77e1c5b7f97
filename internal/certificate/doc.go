// Package certificate owns what the server shows in a TLS handshake, and when
// that changes.
//
// A Source holds one certificate. Local makes it: with an authority of this
// installation's own, whose certificate (CAFile) people may trust, and a
// certificate for the server's names that is renewed by itself. Files reads it
// from where the operator puts it, and reads it again when it changes. ACME has
// it from an authority on the network (RFC 8555).
//
// A handshake goes in this order: at most once a second the first handshake
// looks whether something is to be done, and does it; the others, and that
// one if it fails, go on with the certificate that is there. So there is no
// goroutine and no watcher, but with ACME, where the library asks for and renews
// the certificate from Start on; and a bad file never stops a running server
// [SEC-53].
//
// The package must not know listeners, requests or the configuration; it works
// on a directory of its own, or on two files of the operator's.
package certificate
