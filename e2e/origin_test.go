package e2e

import (
	"encoding/json"
	"net/url"
	"testing"

	"github.com/turnike/turnike/e2e/harness"
)

// foreignOrigins lists origins that are similar to the server's own.
func foreignOrigins(s *harness.Server) map[string]string {
	u, _ := url.Parse(s.URL)
	return map[string]string{
		"evil":            "https://evil.example",
		"null":            "null",
		"empty host":      "https://",
		"suffix":          s.URL + ".evil.example",
		"prefix":          "https://evil" + u.Host,
		"other port":      "https://127.0.0.1:1",
		"no port":         "https://127.0.0.1",
		"other loopback":  "https://localhost:" + u.Port(),
		"path":            s.URL + "/x",
		"userinfo":        "https://evil.example@" + u.Host,
		"websocket":       "wss://evil.example",
		"space":           s.URL + " https://evil.example",
		"backslash":       s.URL + "\\.evil.example",
		"file":            "file://",
		"leading":         "xhttps://" + u.Host,
		"trailing digits": s.URL + "0",
	}
}

// TestSEC32_ForeignOrigin: on polling and websocket handshakes, on every
// polling request, and on the upgrade; with a cookie and without.
func TestSEC32_ForeignOrigin(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	b := s.Browser()
	token := b.Login("ali").Token
	poll := s.Dial(harness.Dial{Transport: harness.Polling, Token: token, Origin: s.URL})
	path := "/socket.io/?EIO=4&transport=polling&sid=" + poll.Open.SID
	for name, origin := range foreignOrigins(s) {
		t.Run(name, func(t *testing.T) {
			for _, transport := range []string{harness.Polling, harness.Websocket} {
				for _, cookie := range []string{"", b.CookieHeader()} {
					a := s.Refused(harness.Dial{Transport: transport, Token: token, Origin: origin, Cookie: cookie})
					a.Problem(403, "cross_origin")
				}
			}
			for _, method := range []string{"GET", "POST"} {
				s.Browser().Do(harness.Request{Method: method, Path: path, Body: "3",
					Header: map[string]string{"Origin": origin, "Content-Type": "text/plain"}}).Problem(403, "cross_origin")
			}
			if a := poll.TryUpgrade(map[string]string{"Origin": origin}); a == nil {
				t.Error("the upgrade was accepted")
			} else {
				a.Problem(403, "cross_origin")
			}
			poll.Barrier() // the polling session continues
		})
	}
}

// TestSEC32_MadeUpOrigin: programs derive an Origin from the host that they dial. On a
// websocket without cookies it counts as missing: auth.token decides. Everywhere else,
// and from a browser, it is checked.
func TestSEC32_MadeUpOrigin(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	b := s.Browser()
	token := b.Login("ali").Token
	for _, made := range []string{"http://" + s.Addr(), "ws://" + s.Addr(), "wss://" + s.Addr(), s.URL + "/", "wss://" + s.Addr() + "/"} {
		t.Run(made, func(t *testing.T) {
			s.Dial(harness.Dial{Token: token, Origin: made}).Leave()
			refusedWith(t, s.Open(harness.Dial{Origin: made}).Connect(), "invalid_token")
			s.Refused(harness.Dial{Transport: harness.Polling, Token: token, Origin: made}).Problem(403, "cross_origin")
			for _, transport := range []string{harness.Polling, harness.Websocket} {
				for _, cookie := range []string{b.CookieHeader(), "lang=tr"} {
					s.Refused(harness.Dial{Transport: transport, Token: token, Origin: made, Cookie: cookie}).Problem(403, "cross_origin")
				}
				for _, site := range []string{"cross-site", "same-site", "same-origin", "none"} {
					s.Refused(harness.Dial{Transport: transport, Token: token, Origin: made, Header: map[string]string{"Sec-Fetch-Site": site}}).Problem(403, "cross_origin")
				}
			}
			s.Browser().Do(harness.Request{Method: "POST", Path: "/login-token", JSON: harness.Credentials{Username: "ali", Password: harness.Password},
				Header: map[string]string{"Origin": made}}).Problem(403, "cross_origin")
		})
	}
	s.Dial(harness.Dial{Token: token, Origin: s.URL, Cookie: b.CookieHeader()}).Register() // the server's own origin is accepted
}

// TestSEC32_NativeOrigins: web views of native apps have their own schemes, which can be
// allowed.
func TestSEC32_NativeOrigins(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Set("socketio.allowed_origins", "capacitor://localhost,ionic://localhost"))
	token := s.Login("ali")
	for _, transport := range []string{harness.Polling, harness.Websocket} {
		s.Open(harness.Dial{Transport: transport, Token: token, Origin: "capacitor://localhost"})
		s.Open(harness.Dial{Transport: transport, Token: token, Origin: "ionic://localhost"})
		for _, near := range []string{"capacitor://evil", "capacitor://localhost.evil", "tauri://localhost", "capacitor://", "http://localhost", "file://"} {
			s.Refused(harness.Dial{Transport: transport, Token: token, Origin: near}).Problem(403, "cross_origin")
		}
	}
	a := s.Browser().Do(harness.Request{Path: "/socket.io/?EIO=4&transport=polling", Header: map[string]string{"Origin": "capacitor://localhost"}}).Want(200)
	if got := a.Header.Get("Access-Control-Allow-Origin"); got != "capacitor://localhost" {
		t.Errorf("Access-Control-Allow-Origin %q", got)
	}
}

// TestSEC32_AbsentOrigin: the rights of a request without Origin, depending on its
// credential.
func TestSEC32_AbsentOrigin(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	b := s.Browser()
	token := b.Login("ali").Token
	cookie := b.CookieHeader()
	site := func(value string) map[string]string { return map[string]string{"Sec-Fetch-Site": value} }

	// By cookie: a polling GET is fine from the same site or from no browser at all.
	s.Open(harness.Dial{Transport: harness.Polling, Cookie: cookie})
	s.Open(harness.Dial{Transport: harness.Polling, Cookie: cookie, Header: site("same-origin")})
	for _, value := range []string{"cross-site", "same-site", "none", "x"} {
		for _, transport := range []string{harness.Polling, harness.Websocket} {
			s.Refused(harness.Dial{Transport: transport, Cookie: cookie, Header: site(value)}).Problem(403, "cross_origin")
		}
	}
	// A websocket without Origin is not from a browser: its cookie is ignored.
	refusedWith(t, s.Open(harness.Dial{Cookie: cookie}).Connect(), "invalid_token")
	s.Dial(harness.Dial{Cookie: cookie, Token: token}).Register()
	// The same applies to a POST. A later request with an Origin is accepted.
	k := s.Open(harness.Dial{Transport: harness.Polling, Cookie: cookie})
	post := poster(s, k, cookie)
	post("40", site("cross-site")).Problem(403, "cross_origin")
	post("40", nil).Want(200)
	refusedWith(t, k.Next(), "invalid_token")
	post("40", map[string]string{"Origin": s.URL}).Want(200)
	k.NextKind(harness.Connected)
	// A connection opened by cookie accepts no POST without an Origin.
	post(`42["ping_manual"]`, nil).Problem(403, "cross_origin")
	post(`42["ping_manual"]`, map[string]string{"Origin": s.URL}).Want(200)
	k.NextEvent("pong_manual", &json.RawMessage{})

	// With auth.token no Origin is required, whatever cookies are sent.
	for _, transport := range transports {
		for _, jar := range []string{"", cookie, "lang=tr"} {
			s.Dial(harness.Dial{Transport: transport, Token: token, Cookie: jar}).Leave()
		}
	}
	// The cookie of an upgrade without an Origin is ignored too.
	k = s.Open(harness.Dial{Transport: harness.Polling, Cookie: cookie})
	if a := k.TryUpgrade(map[string]string{"Cookie": cookie}); a != nil {
		t.Fatalf("an upgrade before CONNECT: %d %s", a.Status, a.Body)
	}
	refusedWith(t, k.Connect(), "invalid_token")
}

// poster sends POSTs of a polling connection with additional headers.
func poster(s *harness.Server, k *harness.Socket, cookie string) func(body string, header map[string]string) *harness.Answer {
	path := "/socket.io/?EIO=4&transport=polling&sid=" + k.Open.SID
	return func(body string, header map[string]string) *harness.Answer {
		c := s.Browser()
		c.Header = map[string]string{"Content-Type": "text/plain", "Cookie": cookie}
		return c.Do(harness.Request{Method: "POST", Path: path, Body: body, Header: header})
	}
}

// TestSEC32_Upgrade: an upgrade must have the same origin and session cookie as its
// polling connection; otherwise it is refused and polling continues.
func TestSEC32_Upgrade(t *testing.T) {
	t.Parallel()
	const friend = "https://app.example.com"
	s := harness.Start(t, harness.Set("socketio.allowed_origins", friend))
	b := s.Browser()
	b.Login("ali")
	other := s.Browser()
	other.Login("veli")

	// Another allowed origin than that of polling is refused.
	k := s.Dial(harness.Dial{Transport: harness.Polling, Cookie: b.CookieHeader(), Origin: s.URL})
	k.TryUpgrade(map[string]string{"Origin": friend, "Cookie": b.CookieHeader()}).Problem(403, "cross_origin")
	k.TryUpgrade(map[string]string{"Cookie": b.CookieHeader()}).Problem(403, "cross_origin") // none at all
	// Another session's cookie, an invalid one, or none.
	k.TryUpgrade(map[string]string{"Origin": s.URL, "Cookie": other.CookieHeader()}).Problem(403, "cross_origin")
	if a := k.TryUpgrade(map[string]string{"Origin": s.URL}); a == nil || a.Status != 403 {
		t.Errorf("an upgrade without the cookie: %+v", a)
	}
	k.Barrier()
	// The cookie of the session's successor [A5] is accepted.
	b.Login("ali")
	if a := k.TryUpgrade(map[string]string{"Origin": s.URL, "Cookie": b.CookieHeader()}); a != nil {
		t.Errorf("the successor's cookie: %d %s", a.Status, a.Body)
	}
	k.Register()

	// A session of auth.token is not bound to a cookie.
	k = s.Dial(harness.Dial{Transport: harness.Polling, Token: s.Login("ayse"), Origin: friend})
	if a := k.TryUpgrade(map[string]string{"Origin": friend, "Cookie": other.CookieHeader()}); a != nil {
		t.Errorf("by token: %d %s", a.Status, a.Body)
	}
	k.Register()
}

// TestSEC32_AllowedOrigins: exact ones, and no wildcard for credentials.
func TestSEC32_AllowedOrigins(t *testing.T) {
	t.Parallel()
	const friend = "https://app.example.com"
	s := harness.Start(t, harness.Set("socketio.allowed_origins", friend))
	token := s.Login("ali")
	for _, transport := range []string{harness.Websocket, harness.Polling} {
		s.Open(harness.Dial{Transport: transport, Token: token, Origin: friend})
		for _, near := range []string{friend + ":8443", "http://app.example.com", friend + ".evil.example", "https://evil.app.example.com"} {
			s.Refused(harness.Dial{Transport: transport, Token: token, Origin: near}).Problem(403, "cross_origin")
		}
	}
	a := s.Browser().Do(harness.Request{Path: "/socket.io/?EIO=4&transport=polling", Header: map[string]string{"Origin": friend}}).Want(200)
	if got := a.Header.Get("Access-Control-Allow-Origin"); got != friend {
		t.Errorf("Access-Control-Allow-Origin %q", got)
	}
	// It may open sockets, but not log users in or out.
	s.Browser().Do(harness.Request{Method: "POST", Path: "/login-token", JSON: harness.Credentials{Username: "ali", Password: harness.Password},
		Header: map[string]string{"Origin": friend}}).Problem(403, "cross_origin")
}

// TestContractOwnOrigin: the request's own origin counts only on hosts that are
// this server's (DNS rebinding).
func TestContractOwnOrigin(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	for host, ok := range map[string]bool{
		s.Addr(): true, "localhost:" + s.Port(): true, "[::1]:" + s.Port(): true, "127.9.9.9:" + s.Port(): true,
		"evil.example:" + s.Port(): false, "127.0.0.1.evil.example:" + s.Port(): false, "localhost.evil.example": false,
	} {
		a := s.Browser().Do(harness.Request{Path: "/socket.io/?EIO=4&transport=polling", Host: host, Header: map[string]string{"Origin": "https://" + host}})
		if ok && a.Status != 200 || !ok && a.Status != 403 {
			t.Errorf("host %s: %d %s", host, a.Status, a.Body)
		}
	}
}
