// Package logging decides what a log line may say, and where it goes.
//
// A line passes, attribute by attribute, through [Clean]: what is called a secret
// is not shown whatever it holds, tokens inside other text become the first
// digits of their hash, control characters are written out, and nothing is
// longer than it has to be [SEC-56] [SEC-57]. Whom a request belongs to travels
// in its context, from whoever found out to the access log.
//
// A [Queue] stands before each destination, so that no line waits for its reader
// [I5]. It is bounded, and counts what is lost.
//
// It must not know what is logged, nor HTTP.
package logging
