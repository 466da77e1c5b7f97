package origin

import (
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Bounds on what a Trace writes.
const (
	traceEvery = time.Minute
	traceMost  = 5 // lines in that time
)

// Trace logs a warning when a request is refused because of its origin or host, so that
// an operator can see why users cannot log in. It logs each pair of origin and host once
// a minute, and at most five lines a minute; it only counts the rest. Its methods may be
// called from several goroutines.
type Trace struct {
	Policy  Policy
	Log     *slog.Logger
	Address func(*http.Request) string // returns the client's address

	mu     sync.Mutex // guards the fields below
	since  time.Time  // start of the current minute
	logged map[[2]string]bool
	more   int    // refusals without a line since the last line
	count  uint64 // all refusals
}

// Refused records a refused request. socket says that the request was one of a socket.
func (t *Trace) Refused(r *http.Request, socket bool) {
	shown := strings.Join(r.Header.Values("Origin"), " ")
	more, ok := t.note([2]string{shown, r.Host})
	if !ok {
		return
	}
	key, mend := t.Policy.fix(r, shown, socket)
	t.Log.WarnContext(r.Context(), "request refused: its origin is not allowed here", "origin", shown, "own", t.Policy.ownText(r), "host", r.Host,
		"remote", t.Address(r), "path", r.URL.Path, "key", key, "mend", mend, "more", more)
}

// Count returns how many requests were refused.
func (t *Trace) Count() uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.count
}

// note counts a refusal. It reports whether to log it, and how many refusals since the
// last line were not logged.
func (t *Trace) note(what [2]string) (more int, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.count++
	if now := time.Now(); t.logged == nil || now.Sub(t.since) >= traceEvery {
		t.since, t.logged = now, make(map[[2]string]bool)
	}
	if t.logged[what] || len(t.logged) >= traceMost {
		t.more++
		return 0, false
	}
	t.logged[what] = true
	more, t.more = t.more, 0
	return more, true
}

// ownText returns the origin that would have been accepted: the request's own, or the
// configured one when the host is not one of this server's.
func (p Policy) ownText(r *http.Request) string {
	scheme, host, ok := p.Own(r)
	switch {
	case ok:
		return scheme + "://" + stripDefaultPort(scheme, host)
	case p.PublicURL != nil:
		return p.PublicURL.Scheme + "://" + p.PublicURL.Host
	}
	return ""
}

// fix returns the configuration key to look at, and what to do.
func (p Policy) fix(r *http.Request, shown string, socket bool) (key, mend string) {
	const public, proxies, origins = "server.public_url", "server.trusted_proxies", "socketio.allowed_origins"
	scheme, host, known := p.Own(r)
	_, from, _ := strings.Cut(shown, "://")
	same := strings.EqualFold(stripDefaultPort("https", stripDefaultPort("http", from)), stripDefaultPort("https", stripDefaultPort("http", host)))
	users := p.PublicURL != nil && strings.EqualFold(from, p.PublicURL.Host)
	switch {
	case r.Host == "":
		return proxies, "the request has no Host: make the proxy in front pass it on, or send X-Forwarded-Host and name its network in server.trusted_proxies"
	case ignoredForwarding(r) && (same || strings.EqualFold(from, r.Header.Get("X-Forwarded-Host"))):
		return proxies, "name the network of the proxy in front in server.trusted_proxies, and let it send X-Forwarded-Proto and X-Forwarded-Host"
	case users && !same:
		return proxies, "make the proxy in front pass the Host header on, or send X-Forwarded-Host and name its network in server.trusted_proxies"
	case !known && (same || shown == ""):
		return public, "set server.public_url to " + scheme + "://" + host + " if that is what users type"
	case same && socket && scheme == "https" && !strings.HasPrefix(strings.ToLower(shown), "https://"):
		return origins, "a program has made this origin up: let it connect without cookies, by auth.token alone; or add the origin to socketio.allowed_origins"
	case same:
		return public, "set server.public_url to " + shown + " if that is what users type"
	case socket:
		return origins, "add the origin to socketio.allowed_origins if its pages may open sockets here"
	}
	return public, "only pages of this server can log in and out: open it under server.public_url"
}

// ignoredForwarding reports whether the request has forwarding headers that were ignored
// because they did not come from a trusted proxy.
func ignoredForwarding(r *http.Request) bool {
	if _, ok := r.Context().Value(schemeKey{}).(string); ok {
		return false
	}
	for _, name := range []string{"X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "Forwarded"} {
		if r.Header.Get(name) != "" {
			return true
		}
	}
	return false
}
