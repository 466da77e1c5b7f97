package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/turnike/turnike/e2e/harness"
)

// TestT1_NoServer: grace stands still while no server runs, even if commands run
// meanwhile, and the next start keeps the seat for its owner [S7].
func TestT1_NoServer(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Set("seat.limit", "1"), harness.Set("seat.grace", "2s"), harness.Set("seat.reclaim_after", "0s"))
	s.Must("pool", "set", "default", "--login", "seat")
	tokens := s.Issue("ali")
	watcher := s.Socket(s.Login(harness.Admin))
	watcher.Register()
	k := s.Socket(tokens["ali"])
	k.Register()
	k.Drop()
	watcher.Status("ali", "reconnecting")
	s.Kill()
	time.Sleep(2500 * time.Millisecond) // the passing of time must have no effect
	if r := s.CLI("session", "issue", "veli"); r.Code != 1 || !strings.Contains(r.Errout, "pool default is full") {
		t.Errorf("session issue: exit code %d, %s%s", r.Code, r.Out, r.Errout)
	}
	if p := s.Pool("default"); p.Grace != 1 || p.Used != 1 {
		t.Errorf("while no server runs: %+v", p)
	}
	s.Run()
	s.Socket(tokens["ali"]).Register()
}
