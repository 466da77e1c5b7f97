// Package harness runs the built binary for the black-box tests: servers on
// data directories of their own, commands, browsers that only know HTTP, and a
// strict Socket.IO client that records every packet in its order.
//
// It knows the product only from outside: the wire, the command line and the documented
// files of the data directory. It must not import any package of the product. Nothing
// here sleeps to wait: tests wait for events with a generous timeout, [Patience].
package harness
