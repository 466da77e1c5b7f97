// Package web holds the pages people see, login and console, and every text
// of the product in every language.
//
// The pages are built by Vite into dist before the binary is compiled; the
// binary carries what it finds there. A checkout without a build compiles as
// well and says so through [Pages], so that the server can answer with a plain
// page instead of failing.
//
// The texts in copy are the one truth: the pages load the same files that
// [Text] reads, therefore a message sent by the server and the notice drawn by
// the page cannot say different things. Order of things: the caller picks a
// language with [Language], a key with [MessageKey] or by name, and fills the
// blanks with [Fill].
//
// This package must not know HTTP, sessions or seats; it hands out files and
// words.
package web
