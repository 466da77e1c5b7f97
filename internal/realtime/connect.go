package realtime

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"log/slog"
	"time"

	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/auth"
	"github.com/turnike/turnike/internal/logging"
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/text"
	"github.com/turnike/turnike/internal/wire"
	"github.com/turnike/turnike/socketio"
	"github.com/turnike/turnike/web"
)

// connect decides a CONNECT. A non-empty auth.token overrides the Authorization
// header of the handshake, and that overrides the cookie.
func (s *Server) connect(ctx context.Context, sock *socketio.Socket, raw json.RawMessage) error {
	if s.draining.Load() {
		return &socketio.CloseError{Code: closeDraining, Reason: codeDraining}
	}
	hs := handshakeOf(sock.Conn())
	var in struct {
		Token any    `json:"token"`
		Lang  string `json:"lang"`
	}
	_ = json.Unmarshal(raw, &in) // a payload that is not an object is ignored
	lang := hs.lang
	if in.Lang != "" {
		lang = web.Language(in.Lang, hs.lang)
	}
	ends := s.kicks.Ends()
	id, raws, err := s.identify(ctx, hs, in.Token)
	if err != nil {
		refused := s.connectError(err, lang)
		if _, ours := errors.AsType[*socketio.CloseError](refused); ours {
			s.settle(hs, false) // the store's failure must not count against the client's address
		}
		return refused
	}
	s.verified(hs)
	c := &client{server: s, sock: sock, lang: lang, user: id.User.ID, sid: id.Session.ID, until: id.Until, admin: id.User.Role == account.RoleAdmin}
	if raws == "" {
		ends = hs.ends
	} else {
		c.token = sha256.Sum256([]byte(raws))
	}
	if err := s.sessions.attach(id, c, s.cfg.Limits.ConnectionsPerSession); err != nil {
		return s.notAttached(err, lang)
	}
	// The client is bound first and its session looked up again after that, so an
	// end either finds the client or is found here [I2]. If no end was committed in
	// between, only the session's time can be over [T2].
	if s.kicks.Ends() != ends || !id.Session.Live(s.core.Now()) {
		if _, _, err := s.core.Session(ctx, id.Session.ID); err != nil {
			s.sessions.detach(c)
			return s.connectError(err, lang)
		}
	}
	sock.SetValue(c)
	hs.mu.Lock()
	hs.client, hs.byToken = c, raws != ""
	hs.mu.Unlock()
	if s.log.Enabled(ctx, slog.LevelDebug) {
		s.log.Debug("socket connected", "socket", sock.ID(), "conn", logging.Short(sock.Conn().ID()), "session", id.Session.ID,
			"user", id.User.Name, "transport", sock.Conn().Transport())
	}
	return nil
}

// identify returns the session of a CONNECT, and the raw token if a token decided.
func (s *Server) identify(ctx context.Context, hs *handshake, given any) (auth.Identity, string, error) {
	raw := hs.bearer
	switch t := given.(type) {
	case string:
		if t != "" {
			raw = auth.Bare(t)
			id, err := s.auth.Token(ctx, raw)
			return id, raw, err
		}
	case nil:
	default:
		return auth.Identity{}, "", &auth.Error{Code: auth.CodeInvalidToken}
	}
	if raw != "" {
		id, err := s.auth.Token(ctx, raw)
		return id, raw, err
	}
	if hs.blind() {
		return auth.Identity{}, "", &auth.Error{Code: auth.CodeUnauthorized}
	}
	if hs.refused != nil {
		return auth.Identity{}, "", hs.refused
	}
	if hs.cookie == nil { // the look-up has failed
		return auth.Identity{}, "", session.ErrUnavailable
	}
	if s.rechecks.Load() != hs.checked {
		return auth.Identity{}, "", errKeysChanged
	}
	return *hs.cookie, "", nil
}

// notAttached refuses a CONNECT to a live session: temporarily, or for good if its
// connections keep replacing each other [S1].
func (s *Server) notAttached(err error, lang string) error {
	switch err {
	case errFights:
		s.limited(limitReplace)
		s.counts.connects.Add(codeRateLimited)
		return &socketio.ConnectError{Message: text.Of(lang, codeRateLimited, true, text.Fields{}),
			Data: refusal{Code: codeRateLimited, RetryAfter: seconds(replaceWindow)}}
	case errTooMany:
		s.limited(limitSession)
		s.counts.connects.Add(codeRateLimited)
	default:
		s.counts.connects.Add(codeSlowConsumer)
	}
	return err
}

// errKeysChanged refuses a cookie that was looked up before [Server.Recheck].
var errKeysChanged = errors.New("realtime: the cookie must be shown again")

// connectError returns the refusal of a CONNECT: for good, or so that the client
// reconnects.
func (s *Server) connectError(err error, lang string) error {
	var refused *auth.Error
	var over *session.EndedError
	code, reason, at := auth.CodeInvalidToken, "", time.Time{}
	switch {
	case errors.As(err, &refused):
		code, reason, at = refused.Code, refused.Reason, refused.At
		if code == auth.CodeUnauthorized {
			code = auth.CodeInvalidToken
		}
	case errors.As(err, &over):
		code, reason, at = string(over.Code), over.Reason, over.At
	case errors.Is(err, session.ErrUnknown):
	case errors.Is(err, errKeysChanged):
		return &socketio.CloseError{Code: closeTryAgain, Reason: codeKeysChanged}
	default:
		s.counts.connects.Add(codeStoreUnavailable)
		return &socketio.CloseError{Code: closeTryAgain, Reason: codeStoreUnavailable}
	}
	s.counts.connects.Add(code)
	data := refusal{Code: code}
	if !at.IsZero() {
		data.Reason, data.At = &reason, wire.Timestamp(at)
	}
	return &socketio.ConnectError{Message: text.Of(lang, code, !at.IsZero(), text.Fields{At: at}), Data: data}
}
