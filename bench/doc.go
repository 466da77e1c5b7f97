// Command bench measures the server side by side with its peers, on the machine
// it runs on: what one user costs in CPU time and memory, and whether the seats
// are exact.
//
// # What it owns
//
// A load generator of its own (client, crowd), the start and the end of every server
// measured (peer, process), the figures (one file a mode), and the report. The peers, in
// the directory peers, implement the events of docs/protocol.md on two other stacks,
// configured as lean as possible. They keep their state in memory and hash no passwords,
// which is in their favour. The floor is the cost of a websocket over TLS without an
// application.
//
// # In which order things happen
//
// For each mode, repetition and peer a new server is started, the figure is taken, and
// the server is ended. So fluctuations of the machine affect all peers alike. The report
// contains the median and the range.
//
// # What is trusted
//
// The CPU time of the server's process (its own clock, the sum behind utime and stime of
// /proc/PID/stat) and its resident bytes (/proc/PID/status). Wall-clock times are used
// only where they are the question. All traffic stays on the loopback device, over TLS
// 1.3 with an ECDSA P-256 certificate, X25519 for everybody, no resumption, no
// compression.
//
// # What it must not know
//
// The packages of the server: it sees what a client sees, and the command line.
package main
