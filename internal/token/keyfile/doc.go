// Package keyfile owns the file with the server's own signing keys in the data
// directory: Ed25519 private keys in PKCS#8 and PEM (RFC 8410), readable by its
// owner only.
//
// Open reads the file, and creates it with one key if it does not exist. If several
// processes start at once (the server and a command), one creates the key and all
// use it.
//
// A key passes three states, which two times in the head of its block define
// [SEC-23]. First it is published: it verifies, so that applications which cache
// the public keys have it before it is needed. It signs from From on. When the next
// key signs, it only verifies, until the last token it signed has expired (Until).
// Then it is removed. At returns the state of the keys at a given time. Only Rotate
// and Revoke change the file, one process at a time.
//
// This package must not know tokens, sessions or who reads the file.
package keyfile
