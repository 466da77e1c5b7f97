// Package browser has the tests of the pages in a real browser: Debian's
// Chromium, driven by playwright-core, against the whole server.
//
// Each journey is a function in its own file under journeys, named after what a user
// does. The Go test starts a server, runs the journey in Node and fails if the journey
// fails. Journeys check what users see: roles, names and texts, taken from the same
// catalog as the pages.
package browser
