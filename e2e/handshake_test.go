package e2e

import (
	"strings"
	"testing"

	"github.com/turnike/turnike/e2e/harness"
)

// TestContractSocketBearer: on every transport, the Authorization header of a handshake
// is the credential of its connection. auth.token has precedence over it; it has
// precedence over the cookie and never falls back to it.
func TestContractSocketBearer(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Set("ratelimit.enabled", "false")) // S1: many connections of one session
	ali, veli := s.Login("ali"), s.Login("veli")
	b := s.Browser()
	b.Login("ayse")
	cookie := b.CookieHeader()
	bearer := func(token string) map[string]string { return map[string]string{"Authorization": "Bearer " + token} }
	name := func(d harness.Dial) string { return s.Dial(d).Register().Response.Username }
	for _, transport := range transports {
		for what, c := range map[string]struct {
			dial harness.Dial
			want string
		}{
			"alone":             {harness.Dial{Header: bearer(ali)}, "ali"},
			"in lower case":     {harness.Dial{Header: map[string]string{"Authorization": "bearer " + ali}}, "ali"},
			"before the cookie": {harness.Dial{Header: bearer(ali), Cookie: cookie, Origin: s.URL}, "ali"},
			"with an origin":    {harness.Dial{Header: bearer(ali), Origin: s.URL}, "ali"},
			"empty auth.token":  {harness.Dial{Header: bearer(ali), Auth: map[string]any{"token": ""}}, "ali"},
			"after auth.token":  {harness.Dial{Header: bearer(ali), Token: veli}, "veli"},
			"a dead one":        {harness.Dial{Header: bearer("a.b.c"), Token: veli}, "veli"},
			"word in the token": {harness.Dial{Token: "Bearer " + veli}, "veli"},
		} {
			c.dial.Transport = transport
			if got := name(c.dial); got != c.want {
				t.Errorf("%s, %s: %s, want %s", transport, what, got, c.want)
			}
		}
	}
	k := s.Dial(harness.Dial{Header: bearer(ali)})
	k.RegisterWith(map[string]any{"token": "Bearer " + ali})

	for _, transport := range []string{harness.Polling, harness.Websocket} {
		refused := func(d harness.Dial, code string) {
			d.Transport = transport
			refusedWith(t, s.Open(d).Connect(), code)
		}
		refused(harness.Dial{Header: bearer("a.b.c"), Cookie: cookie, Origin: s.URL}, "invalid_token")
		refused(harness.Dial{Header: bearer(ali), Token: "a.b.c"}, "invalid_token")
		for _, header := range []string{"Basic YWxpOng=", "Token " + ali, ali, "Bearer", "Bearer " + strings.Repeat("a", 5000)} {
			d := harness.Dial{Transport: transport, Header: map[string]string{"Authorization": header}, Cookie: cookie, Origin: s.URL, Token: veli}
			s.Refused(d).Problem(401, "invalid_token")
		}
	}
	dead := s.Login("fatma")
	s.Bearer(dead).Post("/logout").Want(204)
	refusedWith(t, s.Open(harness.Dial{Header: bearer(dead)}).Connect(), "logged_out")
}

// TestContractSocketPath: sockets connect with and without the trailing slash, but not
// below the path.
func TestContractSocketPath(t *testing.T) {
	t.Parallel()
	for _, base := range []string{"", "/turnike"} {
		s := harness.Start(t, harness.Set("server.base_path", base))
		token := s.Login("ali")
		for _, transport := range []string{harness.Polling, harness.Websocket} {
			s.Dial(harness.Dial{Transport: transport, Path: "/socket.io", Token: token, Origin: "https://" + s.Addr()}).Register()
			for _, path := range []string{"/socket.io/x", "/socket.io/1/", "/socket.io/socket.io.js", "/socket.io/x/"} {
				s.Refused(harness.Dial{Transport: transport, Path: path, Token: token}).Problem(404, "not_found")
			}
		}
		s.Refused(harness.Dial{Path: "/socket.io", Token: token, Origin: "https://evil.example"}).Problem(403, "cross_origin")
		for _, name := range []string{"socket.io.js", "socket.io.min.js", "socket.io.js.map", "socket.io.esm.min.js"} {
			doc := s.Browser().Get("/socket.io/"+name).Problem(404, "not_found")
			if text, _ := doc["message"].(string); !strings.Contains(text, "socket.io-client") {
				t.Errorf("%s: it does not say where the client is: %q", name, text)
			}
		}
	}
}

// TestSEC18_SocketTokenInURL: a handshake with a token in its URL gets an Engine.IO
// error whose message says what to do.
func TestSEC18_SocketTokenInURL(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	token := s.Login("ali")
	for _, path := range []string{"/socket.io/", "/socket.io"} {
		for _, transport := range []string{harness.Polling, harness.Websocket} {
			for _, query := range []string{"&token=" + token, "&access_token=" + token, "&token="} {
				a := s.Refused(harness.Dial{Transport: transport, Path: path, Query: query})
				var e struct {
					Code    int    `json:"code"`
					Message string `json:"message"`
				}
				a.Want(400).Decode(&e)
				if e.Code != 3 || !strings.Contains(e.Message, "auth.token") || a.Header.Get("Content-Type") != "application/json" {
					t.Errorf("%s%s: %v %s", transport, query, a.Header, a.Body)
				}
			}
		}
	}
	doc := s.Browser().Get("/socket?token="+token).Problem(400, "bad_request")
	if text, _ := doc["message"].(string); !strings.Contains(text, "Authorization: Bearer") {
		t.Errorf("another route: %q", text)
	}
}

// TestContractCredentialsOfOfficialClients: clients that send the token in a header, or
// keep cookies, can enter.
func TestContractCredentialsOfOfficialClients(t *testing.T) {
	t.Parallel()
	for _, c := range official {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			needed(t, c.interpreter, c.script)
			s := harness.Start(t)
			for _, transport := range []string{"websocket", "polling", "default"} {
				start := func(how string) *harness.Official {
					return s.Official(c.interpreter, c.script, c.pkg, s.URL, transport, "once", "ali", harness.Password, "", how)
				}
				for _, how := range []string{"header", "jar"} {
					if how == "jar" && (c.interpreter == "node" || transport == "websocket") {
						continue // Node keeps no cookies; websocket-client invents an Origin, see docs/protocol.md
					}
					o := start(how)
					var r harness.Registered
					if err := harness.Decode(o.Until("ack", nil).Data, &r); err != nil || !r.OK {
						t.Errorf("%s, %s: %+v %v", transport, how, r, err)
					}
					o.Ends()
				}
				o := start("query")
				l := o.Until("connect_error", nil)
				if c.interpreter == "node" || transport == "websocket" {
					continue // these clients show no body; Node's client retries
				}
				if !strings.Contains(l.Message, "auth.token") {
					t.Errorf("%s: %+v", transport, l)
				}
				o.Ends()
			}
		})
	}
}
