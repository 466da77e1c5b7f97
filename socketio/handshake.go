package socketio

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Handshake holds the data that a client sent when it opened its connection and entered
// the namespace, including cookies and tokens.
type Handshake struct {
	// Time is the time at which the connection was opened.
	Time time.Time
	// Address is the RemoteAddr of the request that opened the connection. Behind a
	// proxy it is the proxy's address, unless middleware has changed it.
	Address string
	// Host, URL and Header are those of that request. They are shared by the
	// connection's sockets and must not be changed.
	Host   string
	URL    *url.URL
	Header http.Header
	// Query is the query of URL, including the client's "query" option.
	Query url.Values
	// Secure is true for TLS; TLS that ends at a proxy is not detected.
	Secure bool
	// Auth is the client's "auth" option: the object in CONNECT, or nil.
	Auth json.RawMessage
}

// newHandshake copies the data of a request, because the request itself must not be
// kept.
func newHandshake(r *http.Request) *Handshake {
	u := *r.URL
	return &Handshake{Time: time.Now(), Address: r.RemoteAddr, Host: r.Host, URL: &u, Header: r.Header.Clone(), Query: u.Query(), Secure: r.TLS != nil}
}

// Handshake returns the data of the client's handshake, also in a function of
// [Namespace.Use]. With [Config.NoHandshake] it contains only Auth, and that only until
// the client is connected.
func (s *Socket) Handshake() Handshake {
	var h Handshake
	if s.client.handshake != nil {
		h = *s.client.handshake
	}
	s.mu.Lock()
	h.Auth = s.auth
	s.mu.Unlock()
	return h
}

// MarshalJSON writes the handshake like the reference server. The result contains
// cookies and tokens: send it only to the client itself, or use it in tests.
func (h Handshake) MarshalJSON() ([]byte, error) {
	var address string
	if h.URL != nil {
		address = h.URL.RequestURI()
	}
	headers := flat(h.Header, strings.ToLower)
	if h.Host != "" {
		headers["host"] = h.Host
	}
	auth := h.Auth
	if auth == nil {
		auth = json.RawMessage("{}")
	}
	return json.Marshal(struct {
		Headers map[string]any  `json:"headers"`
		Time    string          `json:"time"`
		Address string          `json:"address"`
		XDomain bool            `json:"xdomain"`
		Secure  bool            `json:"secure"`
		Issued  int64           `json:"issued"`
		URL     string          `json:"url"`
		Query   map[string]any  `json:"query"`
		Auth    json.RawMessage `json:"auth"`
	}{
		headers, h.Time.Format(time.RFC1123), h.Address, h.Header.Get("Origin") != "", h.Secure, h.Time.UnixMilli(), address,
		flat(h.Query, func(name string) string { return name }), auth,
	})
}

// flat returns a string for a single value and a list for several.
func flat(values map[string][]string, rename func(string) string) map[string]any {
	all := make(map[string]any, len(values))
	for name, list := range values {
		if len(list) == 1 {
			all[rename(name)] = list[0]
		} else {
			all[rename(name)] = list
		}
	}
	return all
}
