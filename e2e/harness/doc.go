// Package harness runs the built binary for the black-box tests: servers on
// data directories of their own, commands, browsers that only know HTTP, and a
// strict Socket.IO client that records every packet in its order.
//
// It knows the product only from outside: what is on the wire, on the
// command line and in the data directory's documented files. It must not import
// any package of the product. Nothing here waits by sleeping: what is awaited
// is an event with a generous deadline, [Patience].
package harness
