package realtime

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/turnike/turnike/engineio"
	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/auth"
	"github.com/turnike/turnike/internal/presence"
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/text"
	"github.com/turnike/turnike/internal/wire"
	"github.com/turnike/turnike/socketio"
)

// register handles register_user.
func (s handlers) register(ctx context.Context, sock *socketio.Socket, args socketio.Args, ack *socketio.Ack) {
	c := clientOf(sock)
	rec := s.sessions.snapshot(c)
	if code := s.checkRegistration(ctx, c, rec, args); code != "" {
		f, fields := failure{Code: code}, text.Fields{}
		if code == codeStoreUnavailable {
			f.RetryAfter, fields.Wait = seconds(storePause), storePause
		}
		c.fail(ack, f, fields)
		if !c.registered.Load() {
			c.awaitRegister() // each refusal restarts the time
		}
		return
	}
	if !c.stopAwaiting() {
		return
	}
	if !c.registered.Load() && s.cfg.Limits.Replacements && !s.sessions.mayReplace(c, s.core.Rules().ConnsPerSession) {
		s.limited(limitReplace)
		c.fail(ack, failure{Code: codeRateLimited, RetryAfter: seconds(replaceWindow)}, text.Fields{Wait: replaceWindow})
		c.end(eventConnectionEnded, codeRateLimited, "", s.now())
		return
	}
	c.registerSent.Store(true)
	c.registering.Store(true)
	err := s.takeSeat(ctx, rec, sock.ID())
	for rotated(err) { // the session goes on under another id [A5]
		old := rec.sid
		if rec = s.sessions.snapshot(c); rec.sid == old {
			break
		}
		err = s.takeSeat(ctx, rec, sock.ID())
	}
	if err != nil {
		c.registering.Store(false)
		s.registerRefused(c, ack, err)
		return
	}
	c.registered.Store(true)
	c.watches.Store(false)
	s.counts.admissions.Add(1)
	s.hubs.Of(rec.pool).Join(presence.Join{Receiver: c, Welcome: func(pool string) (reply, response *engineio.Payload) {
		ok := s.welcome(c, pool)
		return answer(ack, ok), encode(eventResponse, ok)
	}})
}

// welcome returns what a client is told when it joins a pool. The session may have
// been rotated since it registered.
func (s handlers) welcome(c *client, pool string) registered {
	rec := s.sessions.snapshot(c)
	return registered{OK: true, Username: rec.name, SID: c.sock.ID(),
		User:      userInfo{Username: rec.name, Role: string(rec.role), Pool: pool},
		ExpiresAt: wire.Timestamp(s.core.Wall(rec.expires)), GraceMS: s.core.Rules().Grace.Milliseconds()}
}

const (
	storePause   = 5 * time.Second // told to clients while the store is unavailable
	busyPause    = 100 * time.Millisecond
	busyPatience = 10 * time.Second
)

// takeSeat registers a connection. While the store's queue is full after a restart,
// it retries for busyPatience, so that clients get their seats back [S7]. It sleeps
// outside the queue, so that ends and leavings are not delayed.
func (s handlers) takeSeat(ctx context.Context, rec record, conn string) error {
	for end := time.Now().Add(busyPatience); ; {
		err := s.core.Register(ctx, session.ByUser(rec.user), session.Registration{User: rec.user, Session: rec.sid, Conn: conn})
		if !errors.Is(err, session.ErrBusy) || time.Now().After(end) {
			return err
		}
		select {
		case <-time.After(busyPause/2 + rand.N(busyPause)):
		case <-ctx.Done():
			return err
		}
	}
}

func rotated(err error) bool {
	over, ok := errors.AsType[*session.EndedError](err)
	return ok && over.Code == session.Rotated
}

// registerRefused answers a registration that the core refused.
func (s handlers) registerRefused(c *client, ack *socketio.Ack, err error) {
	var full *session.SeatError
	var over *session.EndedError
	switch {
	case rotated(err):
		c.sock.Conn().Close(closeTryAgain, string(session.Rotated)) // its successor's token is accepted
		return
	case errors.As(err, &over):
		c.end(eventSessionEnded, string(over.Code), over.Reason, over.At)
		return
	case c.sock.Ended():
		return
	case errors.Is(err, session.ErrDraining): // after the restart it is let in [S7]
		c.sock.Conn().Close(closeDraining, codeDraining)
		return
	case errors.Is(err, session.ErrUnknown): // ended, and its record has expired
		c.end(eventSessionEnded, string(session.Expired), "", s.now())
		return
	case errors.As(err, &full):
		s.refuseSeat(c, ack, full)
	default:
		s.log.Error("registration not stored", "socket", c.sock.ID(), "error", err)
		c.fail(ack, failure{Code: codeStoreUnavailable, RetryAfter: seconds(storePause)}, text.Fields{Wait: storePause})
		s.watchOn(c, presence.Watch{Receiver: c})
	}
	c.awaitRegister()
}

// watchOn lets a client that watches go on, and tells it what it did not hear
// while it registered.
func (s handlers) watchOn(c *client, w presence.Watch) {
	if c.watches.Load() && !c.registered.Load() {
		s.hubs.Of(s.sessions.snapshot(c).pool).Watch(w)
	}
}

// refuseSeat answers a registration that found no seat [S9].
func (s handlers) refuseSeat(c *client, ack *socketio.Ack, full *session.SeatError) {
	f := failure{Code: codeSeatLimit, Pool: full.Pool, Max: &full.Max, Used: &full.Used, RetryAfter: seconds(full.RetryAfter)}
	if full.Lost {
		f.Code = codeSeatLost
	}
	c.fail(ack, f, text.Fields{Max: full.Max, Used: full.Used, Wait: full.RetryAfter})
	s.watchOn(c, presence.Watch{Receiver: c, Limit: full.Max, Used: full.Used})
}

// checkRegistration checks that token and username, if given, are strings of the
// connection's session. It returns the code of the failure, or "".
func (s handlers) checkRegistration(ctx context.Context, c *client, rec record, args socketio.Args) string {
	var in map[string]json.RawMessage
	if len(args) > 0 && (args[0].Decode(&in) != nil || in == nil) {
		return codeBadRequest
	}
	if raw, ok := in["token"]; ok {
		var t *string
		if json.Unmarshal(raw, &t) != nil || t == nil {
			return codeBadRequest
		}
		given := auth.Bare(*t)
		if sha256.Sum256([]byte(given)) != c.token || c.sid != rec.sid { // else CONNECT has checked it
			if code := s.checkToken(ctx, rec, given); code != "" {
				return code
			}
		}
	}
	if raw, ok := in["username"]; ok {
		var name *string
		if json.Unmarshal(raw, &name) != nil || name == nil {
			return codeBadRequest
		}
		if account.Canonical(*name) != account.Canonical(rec.name) {
			return codeUsernameMismatch
		}
	}
	return ""
}

// checkToken checks that a token is valid and belongs to the connection's session.
// If the session has expired, the look-up ends it for all its connections [T2].
func (s handlers) checkToken(ctx context.Context, rec record, raw string) string {
	claims, err := s.auth.Claims(raw)
	switch {
	case err != nil:
		return codeInvalidToken
	case claims.Session != rec.sid:
		return codeTokenMismatch
	}
	_, err = s.auth.Token(ctx, raw)
	switch {
	case errors.Is(err, session.ErrUnavailable):
		return codeStoreUnavailable
	case err != nil && !refusedAs(err, session.Rotated): // takeSeat notices a rotation
		return codeInvalidToken
	}
	return ""
}

func refusedAs(err error, code session.Code) bool {
	refused, ok := errors.AsType[*auth.Error](err)
	return ok && refused.Code == string(code)
}
