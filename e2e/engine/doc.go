// Package engine drives packages engineio and socketio with the protocol's own
// clients: socket.io-client of three versions, and python-socketio.
package engine
