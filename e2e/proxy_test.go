package e2e

import (
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/turnike/turnike/e2e/harness"
)

// nginx, caddy and haproxy are the configurations of deploy/ on a port of this
// machine, with a certificate of this test.
func nginx(upstream, port, cert, key string) harness.Proxy {
	return harness.Proxy{Program: "nginx", Config: "nginx/turnike.conf",
		Replace: []string{"127.0.0.1:5000", "127.0.0.1:" + upstream, "listen 443", "listen 127.0.0.1:" + port,
			"/etc/ssl/turnike.pem", cert, "/etc/ssl/turnike.key", key},
		Around: [2]string{"daemon off; master_process off; pid nginx.pid; error_log stderr; events {}\nhttp {\naccess_log off;\n" +
			"client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;\n", "}\n"},
		Args: func(file string) []string { return []string{"-p", filepath.Dir(file), "-c", file} },
	}
}

func caddy(upstream, port, cert, key string) harness.Proxy {
	return harness.Proxy{Program: "caddy", Config: "caddy/Caddyfile",
		Replace: []string{"127.0.0.1:5000", "127.0.0.1:" + upstream,
			"turnike.example.com {", "https://127.0.0.1:" + port + " {\n\tbind 127.0.0.1\n\ttls " + cert + " " + key},
		Around: [2]string{"{\n\tadmin off\n\tauto_https off\n}\n", ""},
		Args:   func(file string) []string { return []string{"run", "--config", file, "--adapter", "caddyfile"} },
	}
}

func haproxy(config string) func(upstream, port, cert, key string) harness.Proxy {
	return func(upstream, port, cert, key string) harness.Proxy {
		replace := []string{"127.0.0.1:5000", "127.0.0.1:" + upstream, "bind :443", "bind 127.0.0.1:" + port}
		if config == "haproxy.cfg" {
			replace = append(replace, "/etc/ssl/turnike.pem", cert)
		}
		return harness.Proxy{Program: "haproxy", Config: "haproxy/" + config, Replace: replace,
			Args: func(file string) []string { return []string{"-db", "-f", file} }}
	}
}

// TestProxies: official clients, browsers and client addresses through real proxies with
// the configurations of deploy/ [SEC-32] [SEC-47]. The heartbeat of five minutes proves
// that proxies do not buffer: only unbuffered answers arrive within the timeout of these
// tests.
func TestProxies(t *testing.T) {
	t.Parallel()
	ends := []harness.Option{harness.Set("tls.mode", "off"), harness.Set("server.listen", "127.0.0.1:0")}
	through := []harness.Option{harness.Set("server.proxy_protocol", "true")}
	for _, c := range []struct {
		name    string
		proxy   func(upstream, port, cert, key string) harness.Proxy
		options []harness.Option
	}{
		{"nginx", nginx, ends},
		{"nginx base path", nginx, append(ends, harness.Set("server.base_path", "/turnike"))},
		{"caddy", caddy, ends},
		{"haproxy", haproxy("haproxy.cfg"), ends},
		{"haproxy PROXY protocol", haproxy("passthrough.cfg"), through},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			cert, key := selfSigned(t, dir)
			options := append([]harness.Option{harness.Set("server.trusted_proxies", "127.0.0.1/32"),
				harness.Set("socketio.ping_interval", "5m"), harness.Set("seat.limit", "20")}, c.options...)
			if c.name != "haproxy PROXY protocol" {
				options = append(options, harness.TrustFile(cert))
			}
			s := harness.Start(t, options...)
			port := harness.FreePort(t)
			s.Behind(c.proxy(s.Port(), port, bundle(t, dir, cert, key), key), port)
			s.Must("healthcheck")

			for _, transport := range []string{"websocket", "polling", "default"} {
				proxiedClient(t, s, transport)
			}
			proxiedBrowser(t, s)
			clientAddress(t, s)
		})
	}
}

// bundle writes certificate and key into one file, as HAProxy requires.
func bundle(t *testing.T, dir, cert, key string) string {
	t.Helper()
	var both []byte
	for _, name := range []string{cert, key} {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		both = append(both, raw...)
	}
	file := filepath.Join(dir, "bundle.pem")
	if err := os.WriteFile(file, both, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// proxiedClient: an official client logs in, registers, receives events of others, and
// the reason of its end.
func proxiedClient(t *testing.T, s *harness.Server, transport string) {
	t.Helper()
	needed(t, "node", "node.mjs")
	o := s.Official("node", "node.mjs", "socket.io-client", s.URL, transport, "stay", "ali", harness.Password)
	registered(t, o, "ali", o.Until("connect", nil).ID)
	veli := s.Socket(s.Login("veli"))
	veli.Register()
	o.Until("user_status", userStatus("veli", "online"))
	veli.Leave()
	s.Must("session", "end", "--user", "ali", "--reason", "bakım")
	var e harness.Ended
	if err := harness.Decode(o.Until("session_ended", nil).Data, &e); err != nil || e.Code != "ended_by_admin" {
		t.Errorf("%s: %+v, %v", transport, e, err)
	}
	o.Until("disconnect", nil)
	o.Ends()
}

// proxiedBrowser: the cookie, the pages, and the origin as seen by a browser.
func proxiedBrowser(t *testing.T, s *harness.Server) {
	t.Helper()
	b := s.Browser()
	b.Header["Origin"] = origin(s)
	b.Login("fatma")
	b.Get("/socket").Want(200)
	for _, transport := range transports {
		dial := harness.Dial{Transport: transport, Cookie: b.CookieHeader(), Origin: origin(s)}
		k := s.Dial(dial)
		k.Register()
		k.Leave()
		dial.Origin = strings.Replace(origin(s), "https", "http", 1)
		s.Refused(dial).Problem(403, "cross_origin")
	}
	b.Post("/logout").Want(204)
}

// origin returns scheme, host and port of the server's address.
func origin(s *harness.Server) string { return "https://" + s.Addr() }

// clientAddress: the server sees the client's real address, whatever its headers claim.
func clientAddress(t *testing.T, s *harness.Server) {
	t.Helper()
	s.From("127.0.0.2")
	claim := s.Browser()
	claim.Header = map[string]string{"X-Forwarded-For": "6.6.6.6", "Forwarded": "for=6.6.6.6;host=evil.example",
		"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http", "Origin": origin(s)}
	claim.Login("fatma")
	harness.Eventually(t, "the client is seen as 127.0.0.2", func() bool {
		started := s.Logged("session started")
		return len(started) > 0 && started[len(started)-1]["remote"] == "127.0.0.2"
	})
}

// TestSEC47_ProxyProtocol: with the PROXY protocol enabled, connections without it are
// refused, and only configured addresses may use it.
func TestSEC47_ProxyProtocol(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Set("tls.mode", "off"), harness.Set("server.listen", "127.0.0.1:0"), harness.Set("server.proxy_protocol", "true"),
		harness.Set("server.trusted_proxies", "127.0.0.1/32"))
	ask := func(from, header string) string {
		t.Helper()
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
		c, err := d.DialContext(t.Context(), "tcp", s.Addr())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
		if _, err := io.WriteString(c, header+"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"); err != nil {
			return ""
		}
		answer, _ := io.ReadAll(c) // a refused connection may be reset
		status, _, _ := strings.Cut(string(answer), "\r\n")
		return status
	}
	v1 := "PROXY TCP4 203.0.113.7 127.0.0.1 4711 443\r\n"
	v2 := "\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c\xcb\x00\x71\x07\x7f\x00\x00\x01\x12\x67\x01\xbb"
	local := "\r\n\r\n\x00\r\nQUIT\n\x20\x00\x00\x00"
	ok := "HTTP/1.1 " + "200 " + http.StatusText(200)
	for _, c := range []struct{ name, from, header, want string }{
		{"version 1", "127.0.0.1", v1, ok},
		{"version 2", "127.0.0.1", v2, ok},
		{"health check", "127.0.0.1", local, ok},
		{"health check from elsewhere on this machine", "127.0.0.2", local, ok},
		{"no header", "127.0.0.1", "", ""},
		{"no header, not trusted", "127.0.0.2", "", ""},
		{"not trusted, version 1", "127.0.0.2", v1, ""},
		{"not trusted, version 2", "127.0.0.2", v2, ""},
		{"junk", "127.0.0.1", "PROXY junk\r\n", ""},
		{"a header that never ends", "127.0.0.1", v1[:20], ""},
	} {
		if got := ask(c.from, c.header); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	s.Must("healthcheck")
}
