// Package keyfile owns the file with the server's own signing keys in the data
// directory: Ed25519 private keys in PKCS#8 and PEM (RFC 8410), readable by its
// owner only.
//
// Open reads it, and makes it with one key when there is none. Of several
// processes that start at once (the server and a command) one makes the key and
// all use it.
//
// A key goes through three states, told by two times in the head of its block
// [SEC-23]. It is published: in the file, to verify with, so that whoever caches
// the public keys has it before it is needed. From From on it signs. When the
// next one signs it verifies only, Until the last token it signed has expired,
// and after that it is nobody's. At tells which key is what at a given time; the
// file changes in Rotate and Revoke only, one process at a time.
//
// The package must not know tokens, sessions or who reads the file.
package keyfile
