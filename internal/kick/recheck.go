package kick

import (
	"errors"
	"time"

	"github.com/turnike/turnike/internal/session"
)

// recheck looks up every session of a pool whose events were lost, and ends the
// connections of those that have ended meanwhile [I2]. It retries until the store
// has answered, and logs the first failure.
func (d *Dispatcher) recheck(pool session.PoolID) {
	var left []string
	d.each(func(c Connections) { left = append(left, c.Sessions(pool)...) })
	wait, logged := 10*time.Millisecond, false
	for len(left) > 0 && d.ctx.Err() == nil {
		sid := left[0]
		_, _, err := d.cfg.Sessions.Session(d.ctx, sid)
		over, ended := errors.AsType[*session.EndedError](err)
		switch {
		case err == nil:
		case ended:
			d.end(sid, *over)
		case errors.Is(err, session.ErrUnknown):
			d.end(sid, session.EndedError{Code: session.Expired, At: d.cfg.Sessions.Wall(d.cfg.Sessions.Now())})
		default:
			if !logged {
				logged = true
				d.cfg.Log.Error("a session cannot be looked at; trying again until it can", "session", sid, "error", err)
			}
			select {
			case <-d.ctx.Done():
			case <-time.After(wait):
			}
			wait = min(2*wait, time.Second)
			continue
		}
		left = left[1:]
	}
}
