// Package certificate gives the TLS listener its certificate: one of a local CA
// made in the data directory, or the operator's files.
//
// It owns the files under DATA/tls, when a leaf is made anew, and the reload of
// files that change. A listener asks [Source.Get] at each handshake.
//
// This package must not know HTTP, routes or the configuration.
package certificate
