package harness

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// The cookies of the product.
const (
	SessionCookie = "__Host-turnike"
	DeviceCookie  = "__Host-turnike-device"
)

// Browser keeps cookies like a browser and returns each answer.
type Browser struct {
	Cookies map[string]string
	Header  map[string]string // sent with every request

	s *Server
}

// Browser returns a new browser without cookies.
func (s *Server) Browser() *Browser {
	return &Browser{Cookies: map[string]string{}, Header: map[string]string{}, s: s}
}

// Clone returns a second browser with the same cookies.
func (b *Browser) Clone() *Browser {
	return &Browser{Cookies: maps.Clone(b.Cookies), Header: maps.Clone(b.Header), s: b.s}
}

// CookieHeader returns the value of a Cookie header with all cookies.
func (b *Browser) CookieHeader() string {
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(b.Cookies)) {
		pairs = append(pairs, name+"="+b.Cookies[name])
	}
	return strings.Join(pairs, "; ")
}

// Request is an HTTP request of a browser or a program.
type Request struct {
	Method string // GET if empty
	Path   string
	Body   string
	JSON   any // instead of Body; sets the content type
	Header map[string]string
	Host   string
}

// Answer is the answer to a Request.
type Answer struct {
	Status int
	Header http.Header
	Body   string

	t    testing.TB
	what string
}

// Do sends a request with the browser's cookies and stores the cookies of the answer.
func (b *Browser) Do(r Request) *Answer {
	t := b.s.t
	t.Helper()
	a, err := b.Try(r)
	if err != nil {
		t.Fatalf("%s %s: %v", r.Method, r.Path, err)
	}
	return a
}

// Try is Do for requests that may fail below HTTP. It may be called from any goroutine,
// if only that goroutine uses the browser.
func (b *Browser) Try(r Request) (*Answer, error) {
	if r.Method == "" {
		r.Method = http.MethodGet
	}
	header := maps.Clone(b.Header)
	maps.Copy(header, r.Header)
	if r.JSON != nil {
		raw, err := json.Marshal(r.JSON)
		if err != nil {
			return nil, err
		}
		r.Body = string(raw)
		if _, ok := header["Content-Type"]; !ok {
			header["Content-Type"] = "application/json"
		}
	}
	req, err := http.NewRequest(r.Method, b.s.URL+r.Path, strings.NewReader(r.Body))
	if err != nil {
		return nil, err
	}
	for name, value := range header {
		req.Header.Set(name, value)
	}
	if len(b.Cookies) > 0 && req.Header.Get("Cookie") == "" {
		req.Header.Set("Cookie", b.CookieHeader())
	}
	if r.Host != "" {
		req.Host = r.Host
	}
	res, err := b.s.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }() // read to its end
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	for _, c := range res.Cookies() {
		if c.MaxAge < 0 {
			delete(b.Cookies, c.Name)
		} else {
			b.Cookies[c.Name] = c.Value
		}
	}
	return &Answer{res.StatusCode, res.Header, string(body), b.s.t, r.Method + " " + r.Path}, nil
}

// Get is Do for a path.
func (b *Browser) Get(path string) *Answer {
	b.s.t.Helper()
	return b.Do(Request{Path: path})
}

// Post is Do for a path without a body.
func (b *Browser) Post(path string) *Answer {
	b.s.t.Helper()
	return b.Do(Request{Method: http.MethodPost, Path: path})
}

// Credentials is the body of a login request.
type Credentials struct {
	Username string `json:"username"`
	Password string `json:"password"`
}

// TryLogin sends a username and a password.
func (b *Browser) TryLogin(username, password string) *Answer {
	b.s.t.Helper()
	return b.Do(Request{Method: http.MethodPost, Path: "/login-token", JSON: Credentials{username, password}})
}

// Login is the answer to a login.
type Login struct {
	Token     string `json:"token"`
	TokenType string `json:"token_type"`
	ExpiresAt string `json:"expires_at"`
	User      Who    `json:"user"`
}

// Who is a user as sent to clients.
type Who struct {
	Username string `json:"username"`
	Role     string `json:"role"`
	Pool     string `json:"pool"`
}

// Login logs a prepared user in.
func (b *Browser) Login(username string) Login {
	b.s.t.Helper()
	var l Login
	b.TryLogin(username, Password).Want(http.StatusOK).Decode(&l)
	return l
}

// Login logs a prepared user in from a new browser and returns the token.
func (s *Server) Login(username string) string {
	s.t.Helper()
	return s.Browser().Login(username).Token
}

// Bearer returns a browser without cookies that sends a bearer token.
func (s *Server) Bearer(token string) *Browser {
	b := s.Browser()
	b.Header["Authorization"] = "Bearer " + token
	return b
}

// Want fails the test if the status is different.
func (a *Answer) Want(status int) *Answer {
	a.t.Helper()
	if a.Status != status {
		a.t.Fatalf("%s: status %d, want %d\n%s", a.what, a.Status, status, a.Body)
	}
	return a
}

// Decode decodes the body into v; unknown members are an error.
func (a *Answer) Decode(v any) *Answer {
	a.t.Helper()
	d := json.NewDecoder(strings.NewReader(a.Body))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		a.t.Fatalf("%s: %v\n%s", a.what, err, a.Body)
	}
	return a
}

// Problem checks that the answer is an RFC 9457 problem document with the status and
// code, and returns its members.
func (a *Answer) Problem(status int, code string) map[string]any {
	a.t.Helper()
	a.Want(status)
	if ct := a.Header.Get("Content-Type"); ct != "application/problem+json" {
		a.t.Errorf("%s: content type %q, want application/problem+json", a.what, ct)
	}
	var doc map[string]any
	if err := json.Unmarshal([]byte(a.Body), &doc); err != nil {
		a.t.Fatalf("%s: %v\n%s", a.what, err, a.Body)
	}
	if doc["code"] != code {
		a.t.Errorf("%s: code %v, want %s\n%s", a.what, doc["code"], code, a.Body)
	}
	if s, ok := doc["status"]; ok && s != float64(status) {
		a.t.Errorf("%s: member status is %v, the status %d", a.what, s, status)
	}
	if title, _ := doc["title"].(string); title == "" {
		a.t.Errorf("%s: the problem has no title\n%s", a.what, a.Body)
	}
	www := a.Header.Get("WWW-Authenticate")
	if (status == http.StatusUnauthorized) != strings.HasPrefix(www, "Bearer") {
		a.t.Errorf("%s: status %d with WWW-Authenticate %q", a.what, status, www)
	}
	return doc
}

// Compact reports whether a JSON text has none of the spaces and escapes that the
// product promises not to send.
func Compact(text []byte) bool {
	var b bytes.Buffer
	if json.Compact(&b, text) != nil || !bytes.Equal(b.Bytes(), text) {
		return false
	}
	for _, escape := range []string{`\u003c`, `\u003e`, `\u0026`, `\u2028`, `\u2029`} {
		if bytes.Contains(text, []byte(escape)) {
			return false
		}
	}
	return true
}
