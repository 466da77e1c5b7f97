package realtime

import (
	"github.com/turnike/turnike/engineio"
	"github.com/turnike/turnike/internal/logging"
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/socketio"
)

// verified notes that the connection's session is known: from now on it counts
// against that session, not against its address.
func (s *Server) verified(hs *handshake) { s.settle(hs, false) }

// closed is called once for every connection that ended.
func (s *Server) closed(c *engineio.Conn) {
	s.limiter.open.Add(-1)
	if hs := handshakeOf(c); hs != nil {
		s.settle(hs, true)
	}
}

// settle ends a connection's time before CONNECT, unless that has ended already.
func (s *Server) settle(hs *handshake, failed bool) {
	hs.mu.Lock()
	key := hs.countedAs
	hs.countedAs = ""
	hs.mu.Unlock()
	if key != "" {
		s.limiter.settle(key, hs.cookie != nil, failed)
	}
}

// disconnected is called once for each client that had connected.
func (s *Server) disconnected(sock *socketio.Socket, why socketio.Reason) {
	c := clientOf(sock)
	if c == nil {
		return
	}
	c.stopAwaiting()
	rec := s.sessions.snapshot(c)
	s.sessions.detach(c)
	s.hubs.Of(rec.pool).Leave(c)
	if !c.registerSent.Load() || c.sessionEnded.Load() {
		return
	}
	s.leaves.leave(session.Disconnect{User: rec.user, Conn: sock.ID(), Clean: why == socketio.ClientDisconnect})
}

// maxQueue is how many bytes may wait for a client that reads nothing [SEC-46].
const maxQueue = 256 << 10

// slowConsumer is called for each connection that is closed because it could not
// keep up.
func (s *Server) slowConsumer(conn *engineio.Conn) {
	s.counts.slow.Add(1)
	hs := handshakeOf(conn)
	if hs == nil {
		return
	}
	hs.mu.Lock()
	c := hs.client
	hs.mu.Unlock()
	if c == nil {
		return
	}
	s.sessions.fellBehind(c)
	s.log.Warn("slow consumer closed", "socket", c.sock.ID(), "conn", logging.Short(conn.ID()))
}
