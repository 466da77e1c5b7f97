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

// world is the input of a journey.
type world struct {
	URL      string   `json:"url"`
	Password string   `json:"password"`
	People   []string `json:"people"`
	Admin    string   `json:"admin"`
	Shots    string   `json:"shots,omitempty"` // where to leave screenshots
	Attack   *attack  `json:"attack,omitempty"`
}

// attack is what attacking sites know about a server.
type attack struct {
	Target string `json:"target"`
	SID    string `json:"sid"`    // the victim's connection
	Cookie string `json:"cookie"` // the victim's cookie, in its browser
	Secure string `json:"secure"` // another site, by TLS
	Plain  string `json:"plain"`  // one without
}

// worldOf returns the input of a journey for a server.
func worldOf(s *harness.Server) world {
	return world{URL: s.URL, Password: harness.Password, People: harness.People(), Admin: harness.Admin, Shots: os.Getenv("TURNIKE_SHOTS")}
}

// node runs a journey until it ends. The journey requests actions on the server by JSON
// lines on stdout.
func node(t *testing.T, s *harness.Server, name string, do map[string]func()) {
	t.Helper()
	journey(t, worldOf(s), name, do)
}

// journey is node for a journey with additional input.
func journey(t *testing.T, w world, name string, do map[string]func()) {
	t.Helper()
	told, err := json.Marshal(w)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
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

// TestJourneyOfThreeSeats: three users log in, the fourth is refused, one is replaced
// and sees the reason, one logs out, and all pages show it at once [A3 S9 K3 P2].
func TestJourneyOfThreeSeats(t *testing.T) {
	t.Parallel()
	node(t, harness.Start(t), "seats", nil)
}

// TestJourneyBelowABasePath: the same below a base path.
func TestJourneyBelowABasePath(t *testing.T) {
	t.Parallel()
	node(t, harness.Start(t, harness.Set("server.base_path", "/turnike")), "seats", nil)
}

// TestJourneyOfTabs: a second tab takes over and the first shows the reason [S1]; a
// reload keeps the seat [S3]; a logout in another window ends this one [K1]; a page
// without a session redirects to the login page.
func TestJourneyOfTabs(t *testing.T) {
	t.Parallel()
	node(t, harness.Start(t), "tabs", nil)
}

// TestJourneyOfTheOperator: an administrator ends a session with a note; the user sees
// it, and the page does not retry by itself [K3 UI-5].
func TestJourneyOfTheOperator(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	node(t, s, "operator", map[string]func(){
		"end":      func() { s.Must("session", "end", "--user", "ali", "--reason", "<b>Bakım</b> var") },
		"password": func() { s.CLIWith("Baska-Salkim-2291-bahce\n", "user", "passwd", "veli", "--password-stdin") },
		"disable":  func() { s.Must("user", "disable", "ayse") },
	})
}

// TestJourneyOfARestart: the server restarts; pages reconnect by themselves and no one
// has to log in again [S7].
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

// TestJourneyOfTakeovers: two devices that keep replacing each other must confirm [A6];
// a pool may ask which session ends, or refuse other logins [A4]; wrong passwords must
// wait [SEC-06].
func TestJourneyOfTakeovers(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Set("ratelimit.login_account", "3"), harness.Set("seat.limit", "10"))
	node(t, s, "takeover", map[string]func(){
		"ask":  func() { s.Must("pool", "set", "default", "--policy", "ask", "--max-sessions", "2") },
		"deny": func() { s.Must("pool", "set", "default", "--policy", "deny", "--max-sessions", "1") },
	})
}

// TestJourneyOfAccessibility: every state in Turkish and English, light and dark, narrow
// and wide, without axe violations, without horizontal scrolling, and without reports of
// the content security policy [SEC-33 UI-7].
func TestJourneyOfAccessibility(t *testing.T) {
	// Not parallel: it inspects many pages, which keeps all cores busy.
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

// TestBudgetOnTheWire: the transferred size of the pages stays within the budgets: 40 KB
// for the login page and 150 KB with the console.
func TestBudgetOnTheWire(t *testing.T) {
	t.Parallel()
	node(t, harness.Start(t), "budget", nil)
}

// TestJourneyWithoutCookies: if the browser does not store the session's cookie, the
// page says so and leaves no session behind [A1 UI-3].
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

// TestJourneyInFrontOfAFullPool: a refused user is notified as soon as a seat is free,
// however long that takes, and can take it with one click [S9 UI-6].
func TestJourneyInFrontOfAFullPool(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Set("socketio.register_timeout", "3s"))
	node(t, s, "full", map[string]func(){
		// Without watching the seats the connection would be closed by now.
		"past the time to register": func() { time.Sleep(4 * time.Second) },
	})
}

// TestJourneyOfALostNetwork: the page detects that no data arrives, shows since when,
// and after a minute that the server is unreachable [UI-4].
func TestJourneyOfALostNetwork(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Set("socketio.ping_interval", "5m"), harness.Set("socketio.ping_timeout", "5m"))
	s.KeepPort()
	node(t, s, "network", map[string]func(){"freeze": s.Freeze, "thaw": s.Thaw, "stop": s.Stop, "start": s.Run})
}

// TestJourneyOfPanes: no error is thrown when a pane is removed while events of its
// elements are pending.
func TestJourneyOfPanes(t *testing.T) {
	t.Parallel()
	node(t, harness.Start(t), "panes", nil)
}
