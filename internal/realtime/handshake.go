package realtime

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/turnike/turnike/engineio"
	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/auth"
	"github.com/turnike/turnike/internal/logging"
	"github.com/turnike/turnike/internal/origin"
	"github.com/turnike/turnike/internal/ratelimit"
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/text"
	"github.com/turnike/turnike/internal/webhttp"
	"github.com/turnike/turnike/socketio"
	"github.com/turnike/turnike/web"
)

// handshake is what is kept of the requests that opened a connection.
type handshake struct {
	lang    string
	bearer  string         // the token of the Authorization header; with it the cookie means nothing
	cookie  *auth.Identity // the session of the cookie, if live
	ends    uint64         // endings when it was looked up
	checked uint64         // rechecks likewise
	refused *auth.Error    // why the cookie opens nothing

	mu          sync.Mutex        // guards what follows
	counts      string            // what it counts against until CONNECT [SEC-42], see door.waiting; empty after it
	polls       *ratelimit.Bucket // made by the first poll [SEC-41]
	origin      string            // the last one shown
	blindPost   bool              // the latest POST came without an Origin, so what it says is not the cookie's
	blindSocket bool              // likewise a websocket, whose frames may come at any time
	client      *client           // once connected
	byToken     bool              // connected by a token, so the cookie means nothing
}

// blind tells whether the cookie counts for nothing: what speaks is no browser.
func (hs *handshake) blind() bool {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	return hs.blindPost || hs.blindSocket
}

// byCookie tells whether the cookie has connected.
func (hs *handshake) byCookie() bool {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	return hs.client != nil && !hs.byToken
}

// show notes the Origin of a request, "" without one.
func (hs *handshake) show(r *http.Request, shown string) {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	if shown != "" {
		hs.origin = shown
	}
	switch {
	case isUpgrade(r):
		hs.blindSocket = hs.blindSocket || shown == ""
	case r.Method == http.MethodPost:
		hs.blindPost = shown == ""
	}
}

// allowCrossOrigin answers preflights and lets scripts of the operator's further
// origins read the answers (Fetch standard, CORS protocol). It reports whether
// the request goes on.
func (s *Server) allowCrossOrigin(w http.ResponseWriter, r *http.Request) bool {
	o := r.Header.Get("Origin")
	foreign := o != "" && s.cfg.Origins.Allowed(r, o) && !s.cfg.Origins.IsOwn(r, o)
	w.Header().Add("Vary", "Origin")
	if foreign {
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", o)
		h.Set("Access-Control-Allow-Credentials", "true")
		h.Set("Cross-Origin-Resource-Policy", "cross-origin")
		if r.Method == http.MethodOptions {
			h.Set("Access-Control-Allow-Methods", "GET, POST")
			h.Set("Access-Control-Allow-Headers", "Content-Type, Authorization")
			h.Set("Access-Control-Max-Age", "600")
			w.WriteHeader(http.StatusNoContent)
			return false
		}
	}
	return true
}

// isUpgrade tells the handshakes of websockets; the engine refuses a request that
// says so and is none.
func isUpgrade(r *http.Request) bool { return r.URL.Query().Get("transport") == engineio.WebSocket }

// checkRequest sees every HTTP request of a connection: its handshake (c is
// nil), polls, and the upgrade [SEC-32].
func (s *Server) checkRequest(r *http.Request, c *engineio.Conn) error {
	if c == nil && s.draining.Load() {
		return s.cfg.Refuse(r, http.StatusServiceUnavailable, codeDraining, 2*time.Second)
	}
	crossOrigin := func() error { return s.cfg.Refuse(r, http.StatusForbidden, codeCrossOrigin, 0) }
	shown, ok := s.shownOrigin(r)
	if !ok {
		return crossOrigin()
	}
	hs := handshakeOf(c)
	if hs != nil && !isUpgrade(r) && !s.mayPoll(hs) {
		s.limited(limitPolls)
		return s.cfg.Refuse(r, http.StatusTooManyRequests, codeRateLimited, limitRetry)
	}
	if shown == "" && !s.mayOmitOrigin(r, hs) {
		return crossOrigin()
	}
	if _, _, err := auth.Bearer(r); err != nil {
		return s.cfg.Refuse(r, http.StatusUnauthorized, auth.CodeInvalidToken, 0)
	}
	if hs == nil {
		return nil
	}
	s.identifyRequest(r.Context(), hs)
	if isUpgrade(r) && !s.mayUpgrade(r, hs, shown) {
		return crossOrigin()
	}
	hs.show(r, shown)
	return nil
}

// identifyRequest tells the access log whose a later request of a connection is.
func (s *Server) identifyRequest(ctx context.Context, hs *handshake) {
	if !logging.Asked(ctx) {
		return
	}
	hs.mu.Lock()
	c := hs.client
	hs.mu.Unlock()
	if c != nil {
		rec := s.sessions.snapshot(c)
		logging.Identify(ctx, rec.name, rec.sid)
	}
}

// shownOrigin is the Origin of a request, "" for none and for one that a program
// made up; not ok when there are several, or one that is not allowed.
func (s *Server) shownOrigin(r *http.Request) (shown string, ok bool) {
	values := r.Header.Values("Origin")
	switch {
	case len(values) == 0:
		return "", true
	case len(values) > 1:
		return "", false
	case s.cfg.Origins.Allowed(r, values[0]):
		return values[0], true
	}
	return "", madeUp(r, values[0])
}

// madeUp tells an Origin that a program makes up of the address that it dials, as
// websocket libraries do: often with another scheme, or a slash at the end. A page
// in a browser can have such an origin, too: one of another scheme. But there is
// nothing to steal where there is no cookie, and no cookie is looked at later on.
// That is all that protects: Chromium sends no Sec-Fetch-Site with a websocket.
// Whoever sends one is a browser, and its Origin is true.
func madeUp(r *http.Request, shown string) bool {
	return isUpgrade(r) && origin.OfHost(r, shown) &&
		strings.Join(r.Header.Values("Cookie"), "") == "" && r.Header.Get("Sec-Fetch-Site") == ""
}

// mayOmitOrigin tells whether a request without Origin is all right. No browser
// sends a POST or a websocket without one, so these come from programs: they are
// accepted and their cookie counts for nothing; only where a cookie has connected
// they may not speak for it. A GET comes from browsers, too: with a live session's
// cookie it must be one that no other site can have caused. So must whatever says
// that a browser sends it.
func (s *Server) mayOmitOrigin(r *http.Request, hs *handshake) bool {
	if site := r.Header.Get("Sec-Fetch-Site"); site == "" || site == "same-origin" {
		program := isUpgrade(r) || r.Method != http.MethodGet
		return !program || hs == nil || !hs.byCookie()
	}
	if hs != nil {
		hs.mu.Lock()
		byToken := hs.byToken
		hs.mu.Unlock()
		if byToken {
			return true
		}
		if hs.cookie != nil {
			return false
		}
	}
	_, err := s.auth.Cookie(r)
	return err != nil
}

// mayUpgrade tells whether a polling connection may go on as this websocket: its
// origin is the one shown before, its cookie names the same session.
func (s *Server) mayUpgrade(r *http.Request, hs *handshake, origin string) bool {
	hs.mu.Lock()
	shown, byToken, client := hs.origin, hs.byToken, hs.client
	hs.mu.Unlock()
	if shown != "" && origin != shown {
		return false
	}
	if byToken || hs.cookie == nil || origin == "" { // by cookie it has been refused before, see mayOmitOrigin
		return true
	}
	id, err := s.auth.Cookie(r)
	if err != nil {
		return false
	}
	if client != nil {
		return s.sessions.sid(client) == id.Session.ID
	}
	return s.succeeds(r.Context(), hs.cookie.Session.ID, id.Session.ID)
}

// succeeds tells whether the session next is the session old, or was rotated
// out of it [A5].
func (s *Server) succeeds(ctx context.Context, old, next string) bool {
	for range 8 { // more rotations between two requests are not believed
		if old == next {
			return true
		}
		was, _, err := s.core.Session(ctx, old)
		if err == nil || was.Code != session.Rotated {
			return false
		}
		old = was.Successor
	}
	return false
}

// open keeps what CONNECT will need of the request, and counts the connection in.
func (s *Server) open(c *engineio.Conn, r *http.Request) error {
	hs := &handshake{lang: webhttp.Language(r), ends: s.ends.Load(), checked: s.rechecks.Load()}
	shown, _ := s.shownOrigin(r)
	hs.show(r, shown)
	s.takeCredential(hs, r)
	c.SetValue(hs)
	return s.letIn(r, hs)
}

// takeCredential reads the credential of a request that opens a connection: the
// Authorization header decides before the cookie. It is checked at CONNECT, as
// auth.token is, for that may come and decide instead.
func (s *Server) takeCredential(hs *handshake, r *http.Request) {
	hs.bearer, _, _ = auth.Bearer(r) // what is no bearer token was refused before
	if hs.bearer != "" || hs.blind() {
		return
	}
	id, err := s.auth.Cookie(r)
	var refused *auth.Error
	switch {
	case err == nil:
		hs.cookie = &id
	case errors.As(err, &refused):
		hs.refused = refused
	}
}

func handshakeOf(c *engineio.Conn) *handshake {
	if c == nil {
		return nil
	}
	hs, _ := c.Value().(*handshake)
	return hs
}

// connect decides a CONNECT: a non-empty auth.token alone, else the Authorization
// header of the handshake, else the cookie.
func (s *Server) connect(ctx context.Context, sock *socketio.Socket, raw json.RawMessage) error {
	if s.draining.Load() {
		return &socketio.CloseError{Code: closeDraining, Reason: codeDraining}
	}
	hs := handshakeOf(sock.Conn())
	var in struct {
		Token any    `json:"token"`
		Lang  string `json:"lang"`
	}
	_ = json.Unmarshal(raw, &in) // what is not an object says nothing
	lang := hs.lang
	if in.Lang != "" {
		lang = web.Language(in.Lang, hs.lang)
	}
	ends := s.ends.Load()
	id, raws, err := s.identify(ctx, hs, in.Token)
	if err != nil {
		refused := s.connectError(err, lang)
		if _, ours := errors.AsType[*socketio.CloseError](refused); ours {
			s.settle(hs, false) // its address is not to blame that nobody could be asked
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
	// Bound first, then looked at again: an end in between met the binding, or
	// is met here [I2]. Where none was committed in between there is none to meet,
	// but the end of its time [T2].
	if s.ends.Load() != ends || !id.Session.Live(s.core.Now()) {
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

// identify finds the session of a CONNECT, and the raw token where that decided.
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
	if hs.cookie == nil { // the store could not be asked
		return auth.Identity{}, "", session.ErrUnavailable
	}
	if s.rechecks.Load() != hs.checked {
		return auth.Identity{}, "", errKeysChanged
	}
	return *hs.cookie, "", nil
}

// notAttached refuses a CONNECT to a live session: for now, or for good when the
// client keeps coming back although it was told not to [S1].
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

// errKeysChanged is for a cookie that was looked at before [Server.Recheck].
var errKeysChanged = errors.New("realtime: the cookie has to be shown once more")

// connectError refuses a CONNECT: for good, or so that the client comes back.
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
		data.Reason, data.At = &reason, timestamp(at)
	}
	return &socketio.ConnectError{Message: text.Of(lang, code, !at.IsZero(), text.Fields{At: at}), Data: data}
}
