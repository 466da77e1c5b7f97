// Command bench measures the server side by side with its peers, on the machine
// it runs on: what one user costs in CPU time and memory, and whether the seats
// are exact.
//
// # What it owns
//
// A load generator of its own (client, crowd), the start and the end of every
// server measured (peer, process), the figures (one file a mode), and the
// report. The peers, in the directory of that name, are the events of docs/protocol.md on
// two other stacks as lean as an expert would configure them; they keep their
// state in memory and hash no passwords, which is in their favour. The floor is
// what a websocket over TLS costs with nothing behind it.
//
// # In which order things happen
//
// For each mode, for each repetition, for each peer: a fresh server is started,
// the figure is taken, the server is ended. So all of them meet the same moods
// of the machine. The report gives the median and the range.
//
// # What is trusted
//
// The CPU time of the server's process (its own clock, the sum behind utime and
// stime of /proc/PID/stat) and its resident bytes (/proc/PID/status). Times on
// the wall are given only where they are the question. All traffic stays on the
// loopback device, over TLS 1.3 with an ECDSA P-256 certificate, X25519 for
// everybody, no resumption, no compression.
//
// # What it must not know
//
// The packages of the server: it sees what a client sees, and the command line.
package main
