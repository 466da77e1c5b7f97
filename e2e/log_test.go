package e2e

import (
	"bufio"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/turnike/turnike/e2e/harness"
)

// TestSEC56_Canary: secrets are sent in every request of a client, in the right and in
// wrong places. None of them is in the debug log, the access log, the metrics, the
// database or its event log.
func TestSEC56_Canary(t *testing.T) {
	t.Parallel()
	access := filepath.Join(t.TempDir(), "access.log")
	s := harness.Start(t, harness.Set("log.level", "debug"), harness.Set("log.access", access), harness.Set("metrics.token", metricsToken))
	const wrong, ticket, bogus = "kanarya-parola-7c1e93", "kanarya-bilet-55aa1b", "kanarya-jeton-0d4f22"
	secrets := map[string]string{"the password": harness.Password, "a wrong password": wrong, "a ticket": ticket, "a made-up token": bogus, "metrics.token": metricsToken}

	b := s.Browser()
	token := b.Login("ali").Token
	secrets["the token"], secrets["its signature"] = token, token[strings.LastIndexByte(token, '.')+1:]
	secrets["the cookie"], secrets["the device cookie"] = b.Cookies["__Host-turnike"], b.Cookies[harness.DeviceCookie]
	s.Browser().TryLogin("ali", wrong).Want(401)
	s.Browser().TryLogin(wrong, wrong).Want(401) // a password typed into the name field
	s.Browser().TryLogin(token, token)
	s.Browser().Do(harness.Request{Method: "POST", Path: "/login-token", JSON: map[string]any{"username": "ali", "password": wrong,
		"takeover": map[string]any{"ticket": ticket}}})
	s.Browser().Get("/socket?token=" + token).Want(400)
	s.Browser().Get("/" + "nowhere?ticket=" + ticket).Want(404)
	s.Bearer(bogus).Get("/socket").Want(401)
	s.Bearer(metricsToken).Get("/metrics").Want(200)

	first := s.Dial(harness.Dial{Transport: harness.Polling, Token: token, Cookie: b.CookieHeader(), Origin: s.URL})
	first.RegisterWith(map[string]any{"token": token, "username": "ali"})
	second := s.Dial(harness.Dial{Token: token})
	second.RegisterWith(map[string]any{"token": token})
	first.Ended("connection_ended", "connection_replaced", 4009)
	second.FailsAmid("token_mismatch", "register_user", map[string]any{"token": s.Login("veli")})
	second.FailsAmid("invalid_token", "register_user", map[string]any{"token": bogus})
	refused := s.Open(harness.Dial{Token: bogus})
	if p := refused.Connect(); p.Kind == harness.Connected {
		t.Error("a made-up token connects")
	}
	other := s.Browser().Login("ali").Token // replaces: a kick
	second.Ended("session_ended", "replaced", 4001)
	secrets["the next token"] = other
	issued := s.Issue("ayse")["ayse"]
	secrets["an issued token"] = issued
	s.Must("session", "end", "--user", "ayse")
	text := s.Bearer(metricsToken).Get("/metrics").Want(200).Body
	s.Stop()

	look := func(where, text string) {
		for what, secret := range secrets {
			if secret == "" {
				t.Fatalf("%s is empty", what)
			}
			if strings.Contains(text, secret) {
				t.Errorf("%s is in %s", what, where)
			}
		}
	}
	lines, err := os.ReadFile(access)
	if err != nil || strings.Count(string(lines), "\n") < 10 || !strings.Contains(s.Stderr(), `"level":"DEBUG"`) {
		t.Fatalf("too little was logged: %v\n%s", err, lines)
	}
	look("the access log", string(lines))
	look("the log", s.Stderr())
	look("the metrics", text)
	err = filepath.WalkDir(s.Data, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		look(path, string(raw))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// accessLine is a line of the access log.
type accessLine struct {
	Time     string  `json:"time"`
	Msg      string  `json:"msg"`
	Request  string  `json:"request"`
	Method   string  `json:"method"`
	Route    string  `json:"route"`
	Status   int     `json:"status"`
	Bytes    int64   `json:"bytes"`
	Duration float64 `json:"duration_ms"`
	Remote   string  `json:"remote"`
	User     string  `json:"user"`
	Session  string  `json:"session"`
	Conn     string  `json:"conn"`
}

func accessLines(t *testing.T, file string) []accessLine {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }() // only read
	var all []accessLine
	for in := bufio.NewScanner(f); in.Scan(); {
		var l accessLine
		if err := json.Unmarshal(in.Bytes(), &l); err != nil {
			t.Fatalf("%v: %s", err, in.Text())
		}
		all = append(all, l)
	}
	return all
}

// TestAccessLog: a line for each request with its route and user, but never its query;
// after SIGHUP it is written to a new file.
func TestAccessLog(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "access.log")
	s := harness.Start(t, harness.Set("log.access", file), harness.Set("log.level", "debug"))
	b := s.Browser()
	b.Login("ali")
	sid := s.SessionOf("ali").ID
	page := b.Do(harness.Request{Path: "/socket?canary=1",
		Header: map[string]string{"Accept": "text/html", "Accept-Encoding": "identity"}}).Want(200)
	s.Browser().Get("/no%0Awhere?canary=1").Want(404)
	k := s.Dial(harness.Dial{Transport: harness.Polling, Cookie: b.CookieHeader(), Origin: s.URL})
	k.Register()
	ws := s.Dial(harness.Dial{Cookie: b.CookieHeader(), Origin: s.URL})
	ws.Register()

	find := func(route string, status int) accessLine {
		t.Helper()
		var found accessLine
		harness.Eventually(t, "a line for "+route, func() bool {
			all := accessLines(t, file)
			i := slices.IndexFunc(all, func(l accessLine) bool { return l.Route == route && l.Status == status })
			if i >= 0 {
				found = all[i]
			}
			return i >= 0
		})
		return found
	}
	if l := find("/socket", 200); l.User != "ali" || l.Session != sid || l.Method != "GET" || l.Remote != "127.0.0.1" ||
		l.Request != page.Header.Get("X-Request-Id") || l.Bytes != int64(len(page.Body)) || l.Time == "" {
		t.Errorf("%+v", l)
	}
	if l := find("/login-token", 200); l.User != "ali" || l.Session != sid || l.Method != "POST" {
		t.Errorf("%+v", l)
	}
	find("/", 404)
	find("/socket.io/", 101)
	connected := s.Logged("socket connected")
	if len(connected) != 2 {
		t.Fatalf("%d sockets are logged: %v", len(connected), connected)
	}
	conn := connected[0]["conn"]
	harness.Eventually(t, "a request of the connection", func() bool {
		return slices.ContainsFunc(accessLines(t, file), func(l accessLine) bool { return l.Conn != "" && l.Conn == conn && l.User == "ali" })
	})

	if err := os.Rename(file, file+".1"); err != nil {
		t.Fatal(err)
	}
	s.Signal(syscall.SIGHUP)
	harness.Eventually(t, "a new file", func() bool { return len(s.Logged("access log reopened")) > 0 })
	s.Browser().Get("/version").Want(200)
	find("/version", 200)
	for _, name := range []string{file, file + ".1"} {
		if raw, err := os.ReadFile(name); err != nil || strings.Contains(string(raw), "canary") {
			t.Errorf("a query is in %s, or %v", name, err)
		}
	}
}

// TestLogLevel: SIGUSR1 switches the debug log on and off.
func TestLogLevel(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	changed := func(n int) {
		t.Helper()
		s.Signal(syscall.SIGUSR1)
		harness.Eventually(t, "the level", func() bool { return len(s.Logged("log level changed")) == n })
	}
	s.Socket(s.Login("ali"))
	changed(1)
	s.Socket(s.Login("veli"))
	changed(2)
	s.Socket(s.Login("ayse"))
	s.Stop()
	var who []any
	for _, l := range s.Logged("socket connected") {
		who = append(who, l["user"])
	}
	if len(who) != 1 || who[0] != "veli" {
		t.Errorf("connected at debug: %v, want veli alone", who)
	}
}

// TestLogFormat: text and JSON on demand.
func TestLogFormat(t *testing.T) {
	t.Parallel()
	text := harness.Start(t, harness.Set("log.format", "text"), harness.Set("log.access", "stderr"))
	text.Browser().Get("/version").Want(200)
	text.Stop()
	if out := text.Stderr(); !strings.Contains(out, "level=INFO msg=serving") || !strings.Contains(out, `"route":"/version"`) {
		t.Error(out)
	}
}
