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

// Trace leaves a warning in the log when a request is refused because of its origin
// or host: else an operator sees only that nobody can log in. One origin under one
// host is written once a minute, and five lines a minute at most; the others are
// only counted. Its methods may be called from several goroutines.
type Trace struct {
	Policy  Policy
	Log     *slog.Logger
	Address func(*http.Request) string // the client's

	mu    sync.Mutex // guards what follows
	since time.Time  // the minute's begin
	told  map[[2]string]bool
	more  int    // refused and not written since the last line
	count uint64 // refused in all
}

// Refused notes that a request was refused. socket says that it would have opened a
// socket, or used one.
func (t *Trace) Refused(r *http.Request, socket bool) {
	shown := strings.Join(r.Header.Values("Origin"), " ")
	more, ok := t.note([2]string{shown, r.Host})
	if !ok {
		return
	}
	key, mend := t.Policy.mend(r, shown, socket)
	t.Log.WarnContext(r.Context(), "request refused: its origin is not allowed here", "origin", shown, "own", t.Policy.ownText(r), "host", r.Host,
		"remote", t.Address(r), "path", r.URL.Path, "key", key, "mend", mend, "more", more)
}

// Count returns how many requests were refused.
func (t *Trace) Count() uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.count
}

// note reports whether a refusal is worth a line, and how many before it were not.
func (t *Trace) note(what [2]string) (more int, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.count++
	if now := time.Now(); t.told == nil || now.Sub(t.since) >= traceEvery {
		t.since, t.told = now, make(map[[2]string]bool)
	}
	if t.told[what] || len(t.told) >= traceMost {
		t.more++
		return 0, false
	}
	t.told[what] = true
	more, t.more = t.more, 0
	return more, true
}

// ownText is the origin that the request could have shown; the operator's address
// where its host is not this server's.
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

// mend returns the key to look at, and what to do.
func (p Policy) mend(r *http.Request, shown string, socket bool) (key, mend string) {
	const public, proxies, origins = "server.public_url", "server.trusted_proxies", "socketio.allowed_origins"
	scheme, host, known := p.Own(r)
	_, from, _ := strings.Cut(shown, "://")
	same := strings.EqualFold(stripDefaultPort("https", stripDefaultPort("http", from)), stripDefaultPort("https", stripDefaultPort("http", host)))
	users := p.PublicURL != nil && strings.EqualFold(from, p.PublicURL.Host)
	switch {
	case r.Host == "":
		return proxies, "the request has no Host: make the proxy in front pass it on, or send X-Forwarded-Host and name its network in server.trusted_proxies"
	case unbelieved(r) && (same || strings.EqualFold(from, r.Header.Get("X-Forwarded-Host"))):
		return proxies, "name the network of the proxy in front in server.trusted_proxies, and let it send X-Forwarded-Proto and X-Forwarded-Host"
	case users && !same:
		return proxies, "make the proxy in front pass the Host header on, or send X-Forwarded-Host and name its network in server.trusted_proxies"
	case !known && (same || shown == ""):
		return public, "set server.public_url to " + scheme + "://" + host + " if that is what users type"
	case same:
		return public, "set server.public_url to " + shown + " if that is what users type"
	case socket:
		return origins, "add the origin to socketio.allowed_origins if its pages may open sockets here"
	}
	return public, "only pages of this server can log in and out: open it under server.public_url"
}

// unbelieved reports whether a proxy has told something of the client that counts
// for nothing, as it is not trusted.
func unbelieved(r *http.Request) bool {
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
