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
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/text"
	"github.com/turnike/turnike/socketio"
)

// admitEvent sees each event before its handler: one that comes too often is not
// begun [SEC-44], nor one of a session past its time [T2] [SEC-19]. Pings are no
// activity [S11].
func (s *Server) admitEvent(sock *socketio.Socket, name string, ack *socketio.Ack) bool {
	c := clientOf(sock)
	if !s.mayAct(c, ack) {
		return false
	}
	if now := s.now(); !c.until.IsZero() && !now.Before(c.until) {
		c.end(eventSessionEnded, string(session.Expired), "", c.until)
		return false
	}
	sid, expired := s.sessions.current(c, s.core.Now())
	if expired {
		if c.expiring.Swap(true) {
			return false // where that fails the sweep sees to it
		}
		user := s.sessions.snapshot(c).user
		s.tasks.Go(func() {
			if err := s.core.Expire(s.ctx, user); err != nil {
				s.log.Error("session not expired", "error", err)
			}
		})
		return false
	}
	if name != eventPing {
		s.core.Active(sid)
	}
	return true
}

// register is register_user.
func (s *Server) register(ctx context.Context, sock *socketio.Socket, args socketio.Args, ack *socketio.Ack) {
	c := clientOf(sock)
	rec := s.sessions.snapshot(c)
	if code := s.checkRegistration(ctx, c, rec, args); code != "" {
		f, fields := failure{Code: code}, text.Fields{}
		if code == codeStoreUnavailable {
			f.RetryAfter, fields.Wait = 5, 5*time.Second
		}
		c.fail(ack, f, fields)
		if !c.registered.Load() {
			c.awaitRegister() // anew after each refusal
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
	c.told.Store(true)
	c.entering.Store(true)
	err := s.takeSeat(ctx, rec, sock.ID())
	for rotated(err) { // its session goes on under another id [A5]
		old := rec.sid
		if rec = s.sessions.snapshot(c); rec.sid == old {
			break
		}
		err = s.takeSeat(ctx, rec, sock.ID())
	}
	if err != nil {
		c.entering.Store(false)
		s.registerRefused(c, ack, err)
		return
	}
	c.registered.Store(true)
	s.counts.admissions.Add(1)
	s.pool(rec.pool).push(joining{client: c, ack: ack})
}

// takeSeat registers a connection. Where everybody comes at once, after a restart,
// the store's queue is full for a while: nobody is sent away for that who has come
// to get a seat back [S7]. Who waits does so outside of the queue, where ends and
// leavings pass by.
func (s *Server) takeSeat(ctx context.Context, rec record, conn string) error {
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

const (
	storePause   = 5 * time.Second // told to clients while the store is unavailable
	busyPause    = 100 * time.Millisecond
	busyPatience = 10 * time.Second
)

func rotated(err error) bool {
	over, ok := errors.AsType[*session.EndedError](err)
	return ok && over.Code == session.Rotated
}

// registerRefused answers a registration that the core did not take.
func (s *Server) registerRefused(c *client, ack *socketio.Ack, err error) {
	var full *session.SeatError
	var over *session.EndedError
	switch {
	case rotated(err):
		c.sock.Conn().Close(closeTryAgain, string(over.Code)) // its successor's token opens the way
		return
	case errors.As(err, &over):
		c.end(eventSessionEnded, string(over.Code), over.Reason, over.At)
		return
	case c.sock.Ended():
		return
	case errors.Is(err, session.ErrDraining): // the next start lets it in [S7]
		c.sock.Conn().Close(closeDraining, codeDraining)
		return
	case errors.Is(err, session.ErrUnknown): // ended, and its time is over
		c.end(eventSessionEnded, string(session.Expired), "", s.now())
		return
	case errors.As(err, &full):
		s.refuseSeat(c, ack, full)
	default:
		s.log.Error("registration not stored", "socket", c.sock.ID(), "error", err)
		c.fail(ack, failure{Code: codeStoreUnavailable, RetryAfter: seconds(storePause)}, text.Fields{Wait: storePause})
		if c.watches.Load() {
			s.pool(s.sessions.snapshot(c).pool).push(watching{client: c}) // it may have missed something
		}
	}
	c.awaitRegister()
}

// checkRegistration checks that token and username, where given, are strings of
// the connection's session. It returns the code of the failure, or "".
func (s *Server) checkRegistration(ctx context.Context, c *client, rec record, args socketio.Args) string {
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
		if sha256.Sum256([]byte(given)) != c.token || c.sid != rec.sid { // else it was checked at CONNECT
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

// checkToken checks that a token is good, and of the connection's session. Where
// that is over, who looks ends it for all [T2].
func (s *Server) checkToken(ctx context.Context, rec record, raw string) string {
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
	case err != nil && !refusedAs(err, session.Rotated): // that is found out below
		return codeInvalidToken
	}
	return ""
}

func refusedAs(err error, code session.Code) bool {
	refused, ok := errors.AsType[*auth.Error](err)
	return ok && refused.Code == string(code)
}

// getOnlineUsers is get_online_users.
func (s *Server) getOnlineUsers(_ context.Context, sock *socketio.Socket, _ socketio.Args, ack *socketio.Ack) {
	c := clientOf(sock)
	if !c.registered.Load() {
		c.fail(ack, failure{Code: codeNotRegistered}, text.Fields{})
		return
	}
	if notYet(&c.lastList, s.core.Now(), s.cfg.Limits.OnlineUsers) {
		s.limited(limitOnlineUsers)
		c.tooOften(ack)
		return
	}
	s.pool(s.sessions.snapshot(c).pool).push(asking{client: c, ack: ack, event: eventOnlineUsers})
}

// syncInterval is how often a client may ask for the state [P3].
const syncInterval = time.Second

// presenceSync is presence_sync.
func (s *Server) presenceSync(_ context.Context, sock *socketio.Socket, _ socketio.Args, ack *socketio.Ack) {
	c := clientOf(sock)
	if !c.registered.Load() {
		c.fail(ack, failure{Code: codeNotRegistered}, text.Fields{})
		return
	}
	if notYet(&c.lastSync, s.core.Now(), syncInterval) {
		s.limited(limitSync)
		c.tooOften(ack)
		return
	}
	s.pool(s.sessions.snapshot(c).pool).push(asking{client: c, ack: ack, event: eventPresenceSync})
}

// eventPing is what clients send by themselves, our own page too.
const eventPing = "ping_manual"

// ping is ping_manual.
func (s *Server) ping(_ context.Context, sock *socketio.Socket, args socketio.Args, ack *socketio.Ack) {
	sock.Send(pongTo(ack, args, time.Now()))
}

// pongTo is the answer to ping_manual.
func pongTo(ack *socketio.Ack, args socketio.Args, now time.Time) *engineio.Payload {
	p := pongBody(args, now)
	return engineio.Concat(answer(ack, p), encode(eventPong, p))
}

// pongBody is the object that answers ping_manual. Its echo is what the client
// sent, a Buffer as a Buffer.
func pongBody(args socketio.Args, now time.Time) any {
	if len(args) == 0 {
		return pong(now, nil)
	}
	if args[0].HasBinary() {
		return binaryPong{timestamp(now), now.UnixMilli(), args[0]}
	}
	return pong(now, args[0].JSON())
}
