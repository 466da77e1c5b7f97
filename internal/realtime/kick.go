package realtime

import (
	"errors"
	"time"

	"github.com/turnike/turnike/internal/session"
)

// recheck looks at every session of a pool whose events were lost: one that has
// ended meanwhile is put out now [I2]. It tries until the store has answered; the
// log gets the first failure.
func (s *Server) recheck(pool session.PoolID) {
	wait, logged := 10*time.Millisecond, false
	for left := s.sessions.of(pool); len(left) > 0 && s.ctx.Err() == nil; {
		sid := left[0]
		_, _, err := s.core.Session(s.ctx, sid)
		over, ended := errors.AsType[*session.EndedError](err)
		switch {
		case err == nil:
		case ended:
			s.putOut(sid, *over)
		case errors.Is(err, session.ErrUnknown):
			s.putOut(sid, session.EndedError{Code: session.Expired, At: s.now()})
		default:
			if !logged {
				logged = true
				s.log.Error("a session cannot be looked at; trying again until it can", "session", sid, "error", err)
			}
			select {
			case <-s.ctx.Done():
			case <-time.After(wait):
			}
			wait = min(2*wait, time.Second)
			continue
		}
		left = left[1:]
	}
}

// putOut ends the sockets of a session that is over, at a time that the machine's
// clock shows. Those of a rotated one come
// back: what they are called now is not known here.
func (s *Server) putOut(sid string, over session.EndedError) {
	for _, c := range s.sessions.end(sid) {
		if over.Code == session.Rotated {
			c.sock.Conn().Close(closeTryAgain, string(over.Code))
			continue
		}
		c.sessionEnded.Store(true)
		c.end(eventSessionEnded, string(over.Code), over.Reason, over.At)
		s.counts.kicks.Took(s.now().Sub(over.At))
	}
}
