// Package e2e tests the whole binary from outside, by the contract and by the
// numbers of the rules: HTTP, sockets, the command line, restarts and crashes,
// load, and the official Socket.IO clients. It imports nothing of the product.
package e2e
