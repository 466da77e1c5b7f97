// Package engine drives packages engineio and socketio with the protocol's own
// clients: socket.io-client of three versions in node and in Chromium,
// engine.io-client, and python-socketio of both kinds.
package engine
