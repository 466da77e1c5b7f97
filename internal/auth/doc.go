// Package auth answers who is asking: it turns a credential into a live
// session, for HTTP requests and sockets alike.
//
// It owns the one way in: first the token is checked (signature, times,
// audience), then the session it names must be live in the store, an allow-list
// [SEC-26]. A header decides before the cookie and never falls back to it.
//
// This package must not know what is asked for, how an answer is written, or
// how a session begins.
package auth
