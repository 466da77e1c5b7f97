// Package server carries the HTTP side: the listener (with the PROXY protocol
// where that is on), the middleware every request passes, and an orderly start
// and stop.
//
// With TLS a connection is accepted when its first record has come, or what is none;
// plain HTTP is refused there, unread.
//
// A request passes, in this order: what trusted proxies say of it, an id, the
// security headers, its line in the access log once it is answered, recovery from
// panics, a bound on its headers, the refusal of tokens in URLs, deadlines for
// its answer and its body, the check for requests from other sites; then its route.
//
// This package must not know what any route does, nor sessions or seats.
package server
