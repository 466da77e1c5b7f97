package realtime

import (
	"time"

	"github.com/turnike/turnike/internal/kick"
	"github.com/turnike/turnike/internal/session"
)

// sockets are the sockets of sessions, as kicks see them.
type sockets struct{ server *Server }

var _ kick.Connections = sockets{}

// End implements kick.Connections. The sockets of a rotated session reconnect: its
// events were lost, so it is not known what they belong to now.
func (k sockets) End(sid string, over session.EndedError) {
	for _, c := range k.server.sessions.end(sid) {
		if over.Code == session.Rotated {
			c.sock.Conn().Close(closeTryAgain, string(over.Code))
			continue
		}
		c.sessionEnded.Store(true)
		c.end(eventSessionEnded, string(over.Code), over.Reason, over.At)
		k.server.counts.kicks.Took(k.server.now().Sub(over.At))
	}
}

// Rotate implements kick.Connections.
func (k sockets) Rotate(old, next string, expires time.Time) {
	k.server.sessions.rotate(old, next, expires)
}

// Drop implements kick.Connections.
func (k sockets) Drop(sid string, conns []string, at time.Time) {
	for _, c := range k.server.sessions.replaced(sid, conns) {
		c.end(eventConnectionEnded, codeConnectionReplaced, "", at)
	}
}

// Sessions implements kick.Connections.
func (k sockets) Sessions(pool session.PoolID) []string { return k.server.sessions.of(pool) }
