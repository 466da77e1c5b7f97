package realtime

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/turnike/turnike/engineio"
	"github.com/turnike/turnike/internal/auth"
	"github.com/turnike/turnike/internal/logging"
	"github.com/turnike/turnike/internal/origin"
	"github.com/turnike/turnike/internal/ratelimit"
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/webhttp"
)

// requests checks the HTTP requests of connections.
type requests struct{ *Server }

// allowCrossOrigin answers preflights and lets scripts of the operator's further
// origins read the answers (Fetch standard, CORS protocol). It reports whether
// the request goes on.
func (s requests) allowCrossOrigin(w http.ResponseWriter, r *http.Request) bool {
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

// check decides every HTTP request of a connection: its handshake (c is nil), polls,
// and the upgrade [SEC-32].
func (s requests) check(r *http.Request, c *engineio.Conn) error {
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
	s.identify(r.Context(), hs)
	if isUpgrade(r) && !s.mayUpgrade(r, hs, shown) {
		return crossOrigin()
	}
	hs.show(r, shown)
	return nil
}

// mayPoll counts a request of a polling connection [SEC-41].
func (s requests) mayPoll(hs *handshake) bool {
	n := s.cfg.Limits.PollsPerConnection
	if n <= 0 {
		return true
	}
	hs.mu.Lock()
	if hs.polls == nil {
		hs.polls = ratelimit.Rate{PerSecond: float64(n), Burst: n}.Bucket()
	}
	polls := hs.polls
	hs.mu.Unlock()
	return polls.Allow()
}

// identify tells the access log who a later request of a connection belongs to.
func (s requests) identify(ctx context.Context, hs *handshake) {
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

// shownOrigin returns the Origin of a request: "" if there is none, or if a program
// made it up. It is not ok if there are several, or one that is not allowed.
func (s requests) shownOrigin(r *http.Request) (shown string, ok bool) {
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

// madeUp reports whether a program made an Origin up from the address that it dials.
// Websocket libraries do, often with another scheme or a slash at the end. A page of
// another scheme can have such an origin in a browser, too. It gains nothing: the
// request has no cookie, and later cookies are ignored. Nothing else protects here,
// because Chromium sends no Sec-Fetch-Site with a websocket. A request that has one
// comes from a browser, so its Origin is true.
func madeUp(r *http.Request, shown string) bool {
	return isUpgrade(r) && origin.OfHost(r, shown) &&
		strings.Join(r.Header.Values("Cookie"), "") == "" && r.Header.Get("Sec-Fetch-Site") == ""
}

// mayOmitOrigin reports whether a request without Origin is accepted. Browsers send
// an Origin with every POST and websocket, so those without one come from programs:
// they are accepted and their cookie is ignored, unless a cookie has connected
// already. Browsers send a GET without Origin. With a live session's cookie, such a
// GET must be one that no other site can have caused; so must every request with
// Sec-Fetch-Site.
func (s requests) mayOmitOrigin(r *http.Request, hs *handshake) bool {
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

// mayUpgrade reports whether a polling connection may go on as this websocket: its
// origin must be the one shown before, and its cookie must name the same session.
func (s requests) mayUpgrade(r *http.Request, hs *handshake, origin string) bool {
	hs.mu.Lock()
	shown, byToken, client := hs.origin, hs.byToken, hs.client
	hs.mu.Unlock()
	if shown != "" && origin != shown {
		return false
	}
	if byToken || hs.cookie == nil || origin == "" { // mayOmitOrigin has refused it if a cookie has connected
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

// succeeds reports whether the session next is old itself, or its successor by
// rotations [A5].
func (s requests) succeeds(ctx context.Context, old, next string) bool {
	for range 8 { // more rotations between two requests are implausible
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

// open keeps what CONNECT needs of the request, and counts the connection.
func (s requests) open(c *engineio.Conn, r *http.Request) error {
	hs := &handshake{lang: webhttp.Language(r), ends: s.kicks.Ends(), checked: s.rechecks.Load()}
	shown, _ := s.shownOrigin(r)
	hs.show(r, shown)
	s.takeCredential(hs, r)
	c.SetValue(hs)
	return s.letIn(r, hs)
}

// takeCredential reads the credential of a request that opens a connection. The
// Authorization header overrides the cookie. CONNECT checks it, because auth.token
// may come there and override it.
func (s requests) takeCredential(hs *handshake, r *http.Request) {
	hs.bearer, _, _ = auth.Bearer(r) // check has refused everything else
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

// letIn counts a new connection, or refuses it for now [SEC-42].
func (s requests) letIn(r *http.Request, hs *handshake) error {
	var key string
	if hs.cookie != nil {
		key = hs.cookie.Session.ID
	} else {
		key = ratelimit.Network(s.cfg.ClientAddress(r))
	}
	limit := s.limiter.enter(key, hs.cookie != nil)
	if limit == "" {
		hs.countedAs = key
		return nil
	}
	s.limited(limit)
	return s.cfg.Refuse(r, http.StatusServiceUnavailable, codeRateLimited, limitRetry)
}
