package e2e

import (
	"testing"

	"github.com/turnike/turnike/e2e/harness"
)

// TestA4_HTTPIsActivity: a request with the session's credential counts as activity,
// even if the server stops right after it. Heartbeats of a socket do not count.
func TestA4_HTTPIsActivity(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	active := map[string]bool{}
	for name, act := range map[string]func(token string){
		"ali":  func(token string) { s.Bearer(token).Get("/socket").Want(200) },
		"veli": func(token string) { s.Bearer(token).Get("/").Want(302) },
		"ayse": func(token string) { s.Bearer(token).Get("/version").Want(200) },
		harness.Admin: func(token string) {
			k := s.Dial(harness.Dial{Transport: harness.Polling, Token: token})
			k.Emit("ping_manual", map[string]any{})
			var pong map[string]any
			k.UntilEvent("pong_manual", &pong)
		},
	} {
		act(s.Login(name))
	}
	s.Stop()
	for _, row := range s.Sessions() {
		active[row.Username] = row.LastActive > row.Since
	}
	for name, want := range map[string]bool{"ali": true, "veli": true, "ayse": false, harness.Admin: false} {
		if active[name] != want {
			t.Errorf("activity of %s: %v, want %v", name, active[name], want)
		}
	}
}
