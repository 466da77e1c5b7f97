package e2e

import (
	"testing"

	"github.com/turnike/turnike/e2e/harness"
)

// TestA3_Handover: a login elsewhere moves the seat. No other user can take it
// meanwhile, and others see the user leave and enter.
func TestA3_Handover(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Set("seat.limit", "2"), harness.Set("seat.reclaim_after", "0s"))
	watcher := s.Socket(s.Login("veli"))
	watcher.Register()
	token := s.Login("ali")
	old := s.Dial(harness.Dial{Token: token, Lang: "en"})
	old.Register()
	watcher.Status("ali", "online")

	next := s.Login("ali") // from another device
	e := old.Ended("session_ended", "replaced", 4001)
	if e.Reason != "" {
		t.Errorf("%+v", e)
	}
	moved := watcher.Status("ali", "reconnecting")
	if moved.Count != 2 {
		t.Errorf("%+v", moved)
	}
	ended(t, s.Bearer(token).Get("/socket"), "replaced", "")
	refusedWith(t, s.Open(harness.Dial{Token: token}).Connect(), "replaced")
	full(t, s.Socket(s.Login("ayse")).Fails("seat_limit", "register_user", map[string]any{}), 2, 2)
	if row := s.SessionOf("ali"); seat(row) != "grace" {
		t.Errorf("%+v", row)
	}
	s.Socket(next).Register()
	watcher.Status("ali", "online")
	watcher.Barrier()
	if said := watcher.Statuses(); len(said) != 0 {
		t.Errorf("also said: %v", said)
	}
}

// TestA3_HandoverRunsOut: a moved seat that is not claimed is freed with the code
// replaced.
func TestA3_HandoverRunsOut(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Set("seat.handover", "1s"))
	watcher := s.Socket(s.Login("veli"))
	watcher.Register()
	s.Socket(s.Login("ali")).Register()
	watcher.Status("ali", "online")
	s.Login("ali")
	watcher.Status("ali", "reconnecting")
	if got := watcher.Status("ali", "offline"); *got.Reason != "replaced" || got.Count != 1 {
		t.Errorf("%+v", got)
	}
	if row := s.SessionOf("ali"); seat(row) != "none" {
		t.Errorf("%+v", row)
	}
}

// TestA3_LoginToFullPool: a login takes no seat, so it succeeds.
func TestA3_LoginToFullPool(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Set("seat.limit", "1"))
	s.Socket(s.Login("veli")).Register()
	first := s.Login("ali")
	second := s.Login("ali")
	ended(t, s.Bearer(first).Get("/socket"), "replaced", "")
	full(t, s.Socket(second).Fails("seat_limit", "register_user", map[string]any{}), 1, 1)
	if p := s.Pool("default"); p.Used != 1 {
		t.Errorf("%+v", p)
	}
}

// TestA5_RotationKeepsSockets: the sockets stay open and receive no event; the old token
// is refused.
func TestA5_RotationKeepsSockets(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	watcher := s.Socket(s.Login("veli"))
	watcher.Register()
	b := s.Browser()
	first := b.Login("ali").Token
	for _, transport := range transports {
		k := s.Dial(harness.Dial{Transport: transport, Token: first})
		k.Register()
		watcher.Status("ali", "online")
		second := b.Login("ali").Token
		k.Barrier()
		if unread := k.Unread(); len(unread) != 0 {
			t.Errorf("%s: told %v", transport, unread)
		}
		ended(t, s.Bearer(first).Get("/socket"), "rotated", "")
		refusedWith(t, s.Open(harness.Dial{Token: first}).Connect(), "rotated")
		if row := s.SessionOf("ali"); seat(row) != "held" || !row.Connected {
			t.Errorf("%s: %+v", transport, row)
		}
		k.Fails("token_mismatch", "register_user", map[string]any{"token": first})
		k.RegisterWith(map[string]any{"token": second})
		k.Leave()
		watcher.Status("ali", "offline")
		first = second
	}
	// The kick of the new session reaches the old socket.
	k := s.Socket(first)
	k.Register()
	b.Login("ali")
	s.Must("session", "end", s.SessionOf("ali").ID)
	k.Ended("session_ended", "ended_by_admin", 4002)
}
