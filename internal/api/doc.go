// Package api is the HTTP side of Turnike: log in, log out, the pages, keys and
// health.
//
// It owns the routes of the contract, the cookies, and the one table that turns
// errors of the core into problem documents (RFC 9457). A request passes the
// server's middleware first, then the guard where the route wants a session,
// then its handler; every refusal is written by [API.Refuse].
//
// This package must not know SQL, sockets or how a rule is decided.
package api
