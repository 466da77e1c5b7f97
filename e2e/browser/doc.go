// Package browser has the tests of the pages in a real browser: Debian's
// Chromium, driven by playwright-core, against the whole server.
//
// Each journey is a function in a file of its own under journeys, named after
// what a person does; the Go test starts a server, runs the journey in Node and
// fails when it does. Journeys look at what people see: roles, names and texts,
// which they take from the same catalog as the pages.
package browser
