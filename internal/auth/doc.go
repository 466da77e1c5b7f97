// Package auth finds the live session of a credential, for HTTP requests and for
// sockets.
//
// It owns the only way from a token to a session. First the token is checked
// (signature, times, audience); then the session that it names must be live in the
// store [SEC-26]. When a request has an Authorization header, the cookie is not looked
// at. It also owns what a session's token says, so that it can recognise its own.
//
// This package must not know what a request asks for, how an answer is written, or
// how a session begins.
package auth
