// Package keyfile owns the file with the server's own signing key in the data
// directory: an Ed25519 private key in PKCS#8 and PEM (RFC 8410), readable by
// its owner only.
//
// Open reads it, and makes it when there is none. Of several processes that
// start at once (the server and a command) one makes the key and all use it.
package keyfile
