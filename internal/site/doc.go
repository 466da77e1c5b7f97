// Package site answers Turnike's own pages and routes: the login page and the
// console with their assets, login and logout, keys, health, version and metrics.
//
// It owns which routes exist (routes.go) and what each of them does. A request
// passes the protection of package webhttp, then the guard when the route needs a
// session, then its handler. A handler that refuses returns an error, which
// package webhttp writes.
//
// This package must not know SQL, sockets, how a rule is decided, or which
// passwords are right: package login decides that.
package site
