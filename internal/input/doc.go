// Package input handles text that people typed or that clients sent, where a
// message or a terminal shows it: it quotes and shortens the text, removes what
// would move a cursor, and finds the word that was probably meant. It also checks
// the members of JSON objects that people write by hand.
//
// It must not know what the text is about.
package input
