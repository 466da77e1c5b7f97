package e2e

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"crypto/tls"

	"github.com/turnike/turnike/e2e/harness"
)

// TestContractRoutes: paths and methods that do not exist.
func TestContractRoutes(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	for _, path := range []string{"/nowhere", "/login-token/", "/socket/", "/logout/x", "/index.html/..", "/.git/config",
		"/assets/", "/assets/../go.mod", "/..%2f..%2fetc%2fpasswd", "/assets/..%2f..%2findex.html", "/%2e%2e/%2e%2e/etc/passwd", "/debug/pprof/", "/api/v1/users"} {
		a := s.Browser().Get(path)
		if a.Status == 301 || a.Status == 307 || a.Status == 308 { // cleaned by the router
			continue
		}
		a.Problem(404, "not_found")
	}
	for path, methods := range map[string][]string{
		"/":                      {"POST", "PUT", "DELETE", "PATCH", "TRACE"},
		"/login-token":           {"GET", "PUT", "DELETE", "TRACE"},
		"/logout":                {"GET", "PUT", "DELETE"},
		"/socket":                {"POST", "PUT", "DELETE"},
		"/.well-known/jwks.json": {"POST", "DELETE"},
		"/healthz":               {"POST"},
		"/readyz":                {"DELETE"},
		"/version":               {"PUT"},
	} {
		for _, method := range methods {
			a := s.Browser().Do(harness.Request{Method: method, Path: path})
			a.Problem(405, "method_not_allowed")
			if a.Header.Get("Allow") == "" {
				t.Errorf("%s %s: 405 without Allow", method, path)
			}
		}
	}
}

// TestContractOperatorRoutes: health, readiness, version.
func TestContractOperatorRoutes(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	for _, path := range []string{"/healthz", "/readyz", "/version"} {
		s.Browser().Get(path).Want(200)
		b := s.Browser()
		b.Header["User-Agent"] = "kube-probe/1.30"
		if b.Get("/socket").Status != 401 { // SEC-50
			t.Errorf("%s: the user agent opens a door", path)
		}
	}
	if v := s.Browser().Get("/version").Body; !strings.Contains(v, strings.Fields(s.Must("version"))[1]) && v == "" {
		t.Errorf("version %q", v)
	}
}

// TestContractSocketPage: the access rules of the console page.
func TestContractSocketPage(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	html := map[string]string{"Accept": "text/html,application/xhtml+xml"}
	a := s.Browser().Do(harness.Request{Path: "/socket", Header: html}).Want(302)
	if to := a.Header.Get("Location"); to != "/" && !strings.HasPrefix(to, "/?return_to=") {
		t.Errorf("location %q", to)
	}
	s.Browser().Get("/socket").Problem(401, "unauthorized")
	s.Browser().Do(harness.Request{Path: "/socket", Header: map[string]string{"Accept": "application/json"}}).Problem(401, "unauthorized")

	b := s.Browser()
	token := b.Login("ali").Token
	for _, who := range []*harness.Browser{b, s.Bearer(token)} {
		page := who.Do(harness.Request{Path: "/socket", Header: html}).Want(200)
		if ct := page.Header.Get("Content-Type"); !strings.HasPrefix(ct, "text/html") {
			t.Errorf("content type %q", ct)
		}
		if cc := page.Header.Get("Cache-Control"); !strings.Contains(cc, "no-store") {
			t.Errorf("SEC-34: cache control %q", cc)
		}
	}
	a = b.Do(harness.Request{Path: "/", Header: html})
	if a.Status != 302 && a.Status != 303 || a.Header.Get("Location") != "/socket" {
		t.Errorf("GET / with a session: %d to %q", a.Status, a.Header.Get("Location"))
	}
	if a = s.Browser().Do(harness.Request{Path: "/", Header: html}); a.Status != 200 || !strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") {
		t.Errorf("GET /: %d %v", a.Status, a.Header)
	}
}

// TestSEC18_TokenInURL: a token in the URL is refused on every route, with every
// credential.
func TestSEC18_TokenInURL(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	b := s.Browser()
	token := b.Login("ali").Token
	for _, query := range []string{"?token=" + token, "?access_token=" + token, "?x=1&token=", "?tok%65n=x"} {
		for _, path := range []string{"/", "/socket", "/healthz", "/readyz", "/version", "/.well-known/jwks.json", "/nowhere"} {
			b.Get(path+query).Problem(400, "bad_request")
		}
		for _, path := range []string{"/logout", "/login-token"} {
			b.Post(path+query).Problem(400, "bad_request")
		}
		and := "&" + query[1:]
		for _, transport := range []string{harness.Polling, harness.Websocket} {
			if a := s.Refused(harness.Dial{Transport: transport, Token: token, Query: and}); a.Status != 400 {
				t.Errorf("%s%s: %d", transport, and, a.Status)
			}
		}
	}
	b.Get("/socket").Want(200) // none of them logged out
	if strings.Contains(s.Stderr(), token) {
		t.Error("SEC-56: the token is in the log")
	}
}

// TestSEC34_Headers: security headers on every route and status.
func TestSEC34_Headers(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	b := s.Browser()
	token := b.Login("ali").Token
	evil := s.Browser()
	evil.Header["Origin"] = "https://evil.example"
	html := s.Browser()
	html.Header["Accept"] = "text/html"
	answers := map[string]*harness.Answer{
		"200 page":     s.Browser().Get("/"),
		"200 console":  b.Get("/socket"),
		"200 jwks":     b.Get("/.well-known/jwks.json"),
		"200 health":   b.Get("/healthz"),
		"200 version":  b.Get("/version"),
		"302 console":  html.Get("/socket"),
		"400":          b.Get("/?token=x"),
		"401":          s.Browser().Get("/socket"),
		"401 login":    s.Browser().TryLogin("ali", "wrong-wrong-wrong"),
		"403":          evil.Post("/logout"),
		"403 socket":   evil.Get("/socket.io/?EIO=4&transport=polling"),
		"400 socket":   b.Get("/socket.io/?EIO=3&transport=polling"),
		"400 socket 2": b.Get("/socket.io/?EIO=4&transport=polling&sid=nobody"),
		"200 polling":  b.Get("/socket.io/?EIO=4&transport=polling"),
		"404":          b.Get("/nowhere"),
		"405":          b.Post("/socket"),
		"413":          b.Do(harness.Request{Method: "POST", Path: "/login-token", Body: strings.Repeat(" ", 5000), Header: map[string]string{"Content-Type": "application/json"}}),
		"415":          b.Post("/login-token"),
		"200 login":    s.Browser().TryLogin("veli", harness.Password),
		"204":          s.Bearer(token).Post("/logout"),
	}
	want := map[string]string{
		"X-Content-Type-Options":       "nosniff",
		"Referrer-Policy":              "same-origin",
		"Cross-Origin-Opener-Policy":   "same-origin",
		"Cross-Origin-Resource-Policy": "same-origin",
		"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; " +
			"object-src 'none'; frame-ancestors 'none'; form-action 'self'; require-trusted-types-for 'script'; trusted-types svelte-trusted-html",
	}
	check := func(name string, status int, header http.Header) {
		if got := name[:3]; status != int(got[0]-'0')*100+int(got[1]-'0')*10+int(got[2]-'0') {
			t.Errorf("%s: status %d", name, status)
		}
		for header1, value := range want {
			if got := header.Values(header1); len(got) != 1 || got[0] != value {
				t.Errorf("%s: %s %q, want %q", name, header1, got, value)
			}
		}
		if header.Get("Permissions-Policy") == "" {
			t.Errorf("%s: no Permissions-Policy", name)
		}
		if header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: Access-Control-Allow-Origin", name)
		}
		if header.Get("Strict-Transport-Security") != "" {
			t.Errorf("%s: HSTS for a local CA would lock people out", name)
		}
		if header.Get("Server") != "" || header.Get("X-Powered-By") != "" {
			t.Errorf("%s: the answer says what made it", name)
		}
	}
	for name, a := range answers {
		check(name, a.Status, a.Header)
	}
	check("101 upgrade", 101, s.Switched())
}

// TestSEC34_HSTS: sent if the server is public over TLS.
func TestSEC34_HSTS(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Set("tls.mode", "off"), harness.Set("server.public_url", "https://turnike.example.com"))
	for _, path := range []string{"/", "/nowhere", "/healthz"} {
		if got := s.Browser().Get(path).Header.Get("Strict-Transport-Security"); !strings.Contains(got, "max-age=31536000") {
			t.Errorf("%s: %q", path, got)
		}
	}
}

// TestSEC35_ReturnTo: after a login the browser is never sent to another site.
func TestSEC35_ReturnTo(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	b := s.Browser()
	b.Login("ali")
	b.Header["Accept"] = "text/html"
	target := func(to string) string {
		a := b.Get("/?return_to=" + to)
		if a.Status != 302 && a.Status != 303 {
			t.Errorf("return_to=%s: status %d", to, a.Status)
		}
		return a.Header.Get("Location")
	}
	for _, good := range []string{"/socket", "/socket%3Fa%3D1", "/app%2Fpage"} {
		want := strings.NewReplacer("%3F", "?", "%3D", "=", "%2F", "/").Replace(good)
		if got := target(good); got != want && got != s.URL+want {
			t.Errorf("return_to=%s goes to %q", good, got)
		}
	}
	for _, bad := range returnToCorpus(s.Addr()) {
		if got := target(bad); got != "/socket" {
			t.Errorf("return_to=%s goes to %q", bad, got)
		}
	}
}

// returnToCorpus lists addresses that browsers and parsers interpret differently.
func returnToCorpus(own string) []string {
	evil := []string{
		"https://evil.example", "http://evil.example/", "//evil.example", "///evil.example", "////evil.example", "/\\evil.example", "\\\\evil.example",
		"\\/evil.example", "/\t/evil.example", "/\n/evil.example", "\t//evil.example", " //evil.example", "/ /evil.example", "https:evil.example", "https:/evil.example",
		"https:///evil.example", "https:\\\\evil.example", "javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\nscript:alert(1)", "data:text/html,x", "vbscript:x",
		"https://" + own + "@evil.example", "https://" + own + ":x@evil.example", "https://" + own + ".evil.example", "https://evil.example#" + own, "https://evil.example?" + own,
		"https://user@" + own + "/socket", "https://user:pw@" + own + "/socket", "http://" + own + "/socket", "https://" + own + "0/socket", "ftp://" + own + "/",
		"//" + own + "@evil.example", "/\x00/evil.example", "/socket\r\nSet-Cookie: a=b", "/%0d%0aSet-Cookie:a=b\r\n", "https://evil.example\\@" + own, "https://" + own + "\\.evil.example",
		"evil.example", "socket", "./socket", "../socket", "?x", "#x", "https://[::1", "https://%65vil.example", "//evil.example%2f@" + own, "https://" + own + "\u3002evil.example",
		"\u2028//evil.example", "\ufeff//evil.example", "/\u202e/evil", "//\u65e5.example", "http:/\\evil.example", "/\\/evil.example", "/\\\\evil.example", "https://evil.example:443@" + own + "/",
		"blob:https://evil.example/x", "filesystem:https://evil.example/x", "about:blank", "file:///etc/passwd", "view-source:https://evil.example", "mailto:a@evil.example", "tel:1",
	}
	corpus := make([]string, 0, len(evil)*3)
	for _, e := range evil {
		corpus = append(corpus, percentAll(e))
	}
	for _, e := range evil[:40] { // trailing and leading noise
		corpus = append(corpus, percentAll("\x0b"+e), percentAll(e+"\x7f"))
	}
	return append(corpus, percentAll("/"+strings.Repeat("a", 10_000)))
}

// percentAll escapes every byte except letters and digits.
func percentAll(s string) string {
	var b strings.Builder
	const hex = "0123456789ABCDEF"
	for _, c := range []byte(s) {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
			b.WriteByte(c)
			continue
		}
		b.Write([]byte{'%', hex[c>>4], hex[c&15]})
	}
	return b.String()
}

// TestSEC37_Floods: too many or too large headers, and clients that never finish a
// request, are refused without affecting others.
func TestSEC37_Floods(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	many := map[string]string{}
	for i := range 70 {
		many["X-"+strings.Repeat("a", i+1)] = "x"
	}
	for name, header := range map[string]map[string]string{
		"70 headers": many, "17 KiB": {"X-A": strings.Repeat("a", 17<<10)}, "one MiB": {"X-A": strings.Repeat("a", 1<<20)},
	} {
		a, err := s.Browser().Try(harness.Request{Path: "/healthz", Header: header})
		if err == nil && a.Status != 431 {
			t.Errorf("%s: status %d, want 431", name, a.Status)
		}
	}
	polling := s.Open(harness.Dial{Transport: harness.Polling}).Open.SID
	t.Run("slow", func(t *testing.T) {
		head := " HTTP/1.1\r\nHost: " + s.Addr() + "\r\n"
		body := "Content-Length: 100\r\n\r\n{"
		for name, start := range map[string]string{
			// No handler reads these bodies, but net/http would read them before
			// answering.
			"unread body":          "POST /logout" + head + body,
			"body of another type": "POST /login-token" + head + "Content-Type: text/plain\r\n" + body,
			"body of a refusal":    "POST /?token=x" + head + body,
			"body of nothing":      "POST /nowhere" + head + body,
			"body of a poll":       "POST /socket.io/?EIO=4&transport=polling&sid=" + polling + head + body,
			"body of a lost poll":  "POST /socket.io/?EIO=4&transport=polling&sid=lost" + head + body,
			"headers":              "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ",
			"body":                 "POST /login-token HTTP/1.1\r\nHost: " + s.Addr() + "\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
			"silence":              "",
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				c, err := tls.Dial("tcp", s.Addr(), s.TLS())
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = c.Close() }() // the server has closed it
				if _, err := c.Write([]byte(start)); err != nil {
					t.Fatal(err)
				}
				if name == "silence" {
					return // 60 s of idling are allowed
				}
				if err := c.SetReadDeadline(time.Now().Add(harness.Patience)); err != nil {
					t.Fatal(err)
				}
				answer, err := io.ReadAll(c)
				if err, ok := err.(net.Error); ok && err.Timeout() {
					t.Errorf("still open after %s", harness.Patience)
				}
				if strings.Contains(string(answer), " 200 ") {
					t.Errorf("answer %q", answer)
				}
			})
		}
	})
	s.Browser().Get("/healthz").Want(200)
}

// TestContractPlainHTTP: plain HTTP on the TLS port returns no page and no cookie.
func TestContractPlainHTTP(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	c, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }() // read to its end
	if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: "+s.Addr()+"\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if err := c.SetReadDeadline(time.Now().Add(harness.Patience)); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatalf("want a sentence in HTTP, got %v", err)
	}
	defer func() { _ = res.Body.Close() }() // the connection is closed
	redirected := res.StatusCode >= 300 && res.StatusCode < 400 && strings.HasPrefix(res.Header.Get("Location"), "https://")
	if res.StatusCode != 400 && !redirected || res.Header.Get("Set-Cookie") != "" {
		t.Errorf("status %d, %v", res.StatusCode, res.Header)
	}
}

// TestSEC53_TLS: TLS below 1.2 is refused, and only the owner can read the local CA's
// key.
func TestSEC53_TLS(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	old := s.TLS()
	old.MinVersion, old.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	if c, err := tls.Dial("tcp", s.Addr(), old); err == nil {
		_ = c.Close()
		t.Error("TLS 1.1 is accepted")
	}
	c, err := tls.Dial("tcp", s.Addr(), s.TLS())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }() // nothing was sent
	state := c.ConnectionState()
	if state.Version != tls.VersionTLS13 || state.CurveID != tls.X25519MLKEM768 {
		t.Errorf("version %x, key exchange %v", state.Version, state.CurveID)
	}
	for _, name := range []string{"localhost", "127.0.0.1", "::1"} {
		if err := state.PeerCertificates[0].VerifyHostname(name); err != nil {
			t.Error(err)
		}
	}
	onlyOwner(t, s.Data)
}
