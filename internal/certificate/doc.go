// Package certificate owns the certificate that the server shows in a TLS
// handshake, and its renewal.
//
// A Source has one certificate. Local creates it: with an authority of this
// installation alone, whose certificate (CAFile) people can trust, and a certificate
// for the server's names that renews itself. Files reads it from two files of the
// operator, and again when they change. ACME gets it from an authority on the
// network (RFC 8555).
//
// At most once a second, a handshake first checks whether the certificate has to
// change, and changes it. All other handshakes, and that one after a failure, use
// the present certificate. So there is no goroutine and no watcher, except with
// ACME, where the library requests and renews the certificate after Start. A broken
// file never stops a running server [SEC-53].
//
// This package must not know listeners, requests or the configuration. It works on
// a directory of its own, or on two files of the operator.
package certificate
