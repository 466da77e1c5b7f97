// Package server carries the HTTP side: the listener (with the PROXY protocol when
// that is on), the middleware that every request passes, and an orderly start and
// stop.
//
// With TLS, Accept waits for the first TLS record, or for any bytes that are not TLS.
// Plain HTTP on that port is refused unread.
//
// A request passes these steps, in this order: what trusted proxies say about it is
// applied, it gets an id, its line is written to the access log once it is answered,
// and a panic in its handler ends only this request. Then it goes to whatever answers
// it. The rules for our own pages are package webhttp's, because requests to other
// people's applications must pass this package untouched.
//
// This package must not know what any route does, nor sessions or seats.
package server
