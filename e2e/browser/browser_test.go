package browser_test

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/turnike/turnike/e2e/harness"
)

func TestMain(m *testing.M) { os.Exit(harness.Main(m)) }

// world is what a journey is told.
type world struct {
	URL      string   `json:"url"`
	Password string   `json:"password"`
	People   []string `json:"people"`
	Admin    string   `json:"admin"`
	Shots    string   `json:"shots,omitempty"` // where to leave screenshots
	Attack   *attack  `json:"attack,omitempty"`
}

// attack is what other sites know that attack a server.
type attack struct {
	Target string `json:"target"`
	SID    string `json:"sid"`    // of the victim's connection
	Cookie string `json:"cookie"` // of the victim, in its browser
	Secure string `json:"secure"` // another site, by TLS
	Plain  string `json:"plain"`  // one without
}

// worldOf is what every journey is told of a server.
func worldOf(s *harness.Server) world {
	return world{URL: s.URL, Password: harness.Password, People: harness.People(), Admin: harness.Admin, Shots: os.Getenv("TURNIKE_SHOTS")}
}

// node runs a journey until it has ended; what the server has to do in between
// it is asked for by lines on stdout: "do NAME".
func node(t *testing.T, s *harness.Server, name string, do map[string]func()) {
	t.Helper()
	journey(t, worldOf(s), name, do)
}

// journey is node for one that is told more.
func journey(t *testing.T, w world, name string, do map[string]func()) {
	t.Helper()
	told, err := json.Marshal(w)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", "run.mjs", name, string(told))
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var complaints strings.Builder
	cmd.Stderr = &complaints
	if err := cmd.Start(); err != nil {
		t.Fatalf("node: %v", err)
	}
	dec := json.NewDecoder(out)
	for {
		var line struct{ Do, Log string }
		if dec.Decode(&line) != nil {
			break
		}
		if line.Log != "" {
			t.Log(line.Log)
		}
		if f := do[line.Do]; f != nil {
			f()
			if _, err := in.Write([]byte("done\n")); err != nil {
				t.Errorf("the journey is gone: %v", err)
			}
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, complaints.String())
	}
}

// TestJourneyOfThreeSeats: three log in, the fourth is refused politely, one is
// replaced and told why, one logs out, and everybody sees it at once
// [A3 S9 K3 P2].
func TestJourneyOfThreeSeats(t *testing.T) {
	t.Parallel()
	node(t, harness.Start(t), "seats", nil)
}

// TestJourneyBelowABasePath: the same where everything is below a path.
func TestJourneyBelowABasePath(t *testing.T) {
	t.Parallel()
	node(t, harness.Start(t, harness.Set("server.base_path", "/turnike")), "seats", nil)
}

// TestJourneyOfTabs: a second tab takes over and the first is told [S1]; a
// reload keeps the seat [S3]; a logout in another window ends this one [K1]; an
// account without a session is sent to log in.
func TestJourneyOfTabs(t *testing.T) {
	t.Parallel()
	node(t, harness.Start(t), "tabs", nil)
}

// TestJourneyOfTheOperator: an administrator ends a session with a note; the
// person reads it, and nothing tries again by itself [K3 UI-5].
func TestJourneyOfTheOperator(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	node(t, s, "operator", map[string]func(){
		"end":      func() { s.Must("session", "end", "--user", "ali", "--reason", "<b>Bakım</b> var") },
		"password": func() { s.CLIWith("Baska-Salkim-2291-bahce\n", "user", "passwd", "veli", "--password-stdin") },
		"disable":  func() { s.Must("user", "disable", "ayse") },
	})
}

// TestJourneyOfARestart: the server restarts under a page; it comes back by
// itself and nobody has to log in again [S7].
func TestJourneyOfARestart(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	node(t, s, "restart", map[string]func(){
		"restart": func() { s.Restart(harness.Args("--listen", s.Addr())) },
		"kill": func() {
			addr := s.Addr()
			s.Kill()
			harness.Args("--listen", addr)(s)
			s.Run()
		},
	})
}

// TestJourneyOfTakeovers: two devices at war have to confirm [A6]; a pool may ask
// which session ends, or let nobody else in [A4]; guesses have to wait [SEC-06].
func TestJourneyOfTakeovers(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Set("ratelimit.login_account", "3"), harness.Set("seat.limit", "10"))
	node(t, s, "takeover", map[string]func(){
		"ask":  func() { s.Must("pool", "set", "default", "--policy", "ask", "--max-sessions", "2") },
		"deny": func() { s.Must("pool", "set", "default", "--policy", "deny", "--max-sessions", "1") },
	})
}

// TestJourneyOfAccessibility: every state in Turkish and English, light and
// dark, narrow and wide, without a violation that axe finds, without a sideways
// scroll, and without a report of the content security policy [SEC-33 UI-7].
func TestJourneyOfAccessibility(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	node(t, s, "accessibility", map[string]func(){
		"end": func() { s.Must("session", "end", "--user", "ali", "--reason", "bakım") },
	})
}

// TestJourneyOfTheKeyboard: everything can be done without a mouse.
func TestJourneyOfTheKeyboard(t *testing.T) {
	t.Parallel()
	node(t, harness.Start(t), "keyboard", nil)
}

// TestBudgetOnTheWire: the pages stay within their budgets as they are sent, 40 KB
// for the login page and 150 KB with the console.
func TestBudgetOnTheWire(t *testing.T) {
	t.Parallel()
	node(t, harness.Start(t), "budget", nil)
}

// TestJourneyWithoutCookies: where the browser does not keep the session's cookie
// the page says so, and leaves no session behind [A1 UI-3].
func TestJourneyWithoutCookies(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	node(t, s, "cookies", map[string]func(){
		"no sessions": func() {
			if rows := s.Sessions(); len(rows) != 0 {
				t.Errorf("left behind: %+v", rows)
			}
		},
	})
}

// TestJourneyInFrontOfAFullPool: who was refused is told the moment a seat is free,
// however long it takes, and takes it by one click [S9 UI-6].
func TestJourneyInFrontOfAFullPool(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Set("socketio.register_timeout", "3s"))
	node(t, s, "full", map[string]func(){
		// Without asking for the seats the connection would be over by now.
		"past the time to register": func() { time.Sleep(4 * time.Second) },
	})
}

// TestJourneyOfALostNetwork: the page finds out that nothing arrives any more, says
// since when, and after a minute that the server is away [UI-4].
func TestJourneyOfALostNetwork(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Set("socketio.ping_interval", "5m"), harness.Set("socketio.ping_timeout", "5m"))
	s.KeepPort()
	node(t, s, "network", map[string]func(){"freeze": s.Freeze, "thaw": s.Thaw, "stop": s.Stop, "start": s.Run})
}

// TestJourneyOfPanes: nothing throws when a pane goes with events of its elements
// still due.
func TestJourneyOfPanes(t *testing.T) {
	t.Parallel()
	node(t, harness.Start(t), "panes", nil)
}
