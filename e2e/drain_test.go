package e2e

import (
	"syscall"
	"testing"

	"github.com/turnike/turnike/e2e/harness"
)

// TestS7_DrainKeepsSeats: a planned restart keeps seats like a crash, however short the
// grace for lost connections is.
func TestS7_DrainKeepsSeats(t *testing.T) {
	t.Parallel()
	for _, grace := range []string{"0s", "1s", "15s"} {
		t.Run("seat.grace "+grace, func(t *testing.T) {
			t.Parallel()
			s := harness.Start(t, harness.Set("seat.grace", grace), harness.Set("seat.limit", "1"))
			owner, stranger := s.Login("ali"), s.Login("veli")
			k := s.Socket(owner)
			k.Register()
			s.Signal(syscall.SIGTERM)
			k.SentAway(4100)
			s.Stopped()
			s.Used(1)
			s.Run()
			s.Socket(stranger).Fails("seat_limit", "register_user", map[string]any{})
			s.Socket(owner).Register()
		})
	}
}

// TestS7_DrainLetsNobodyIn: from the start of a drain, including its delay, a lost
// connection keeps its seat, and register_user is answered by a close after which
// clients reconnect.
func TestS7_DrainLetsNobodyIn(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Set("seat.grace", "0s"), harness.Set("seat.limit", "2"), harness.Set("server.drain_delay", "10m"))
	lost, inside, stranger := s.Login("ali"), s.Login("veli"), s.Login("ayse")
	k, watcher, waiting := s.Socket(lost), s.Socket(inside), s.Socket(stranger)
	k.Register()
	watcher.Register()
	s.Signal(syscall.SIGTERM)
	harness.Eventually(t, "the drain has begun", func() bool { return len(s.Logged("draining")) > 0 })
	k.Drop()
	watcher.Status("ali", "reconnecting")
	waiting.Emit("register_user", map[string]any{})
	waiting.SentAway(4100)
	back := s.Socket(lost)
	back.Emit("register_user", map[string]any{})
	back.SentAway(4100)
	watcher.Emit("register_user", map[string]any{}) // a repeated call has no effect
	watcher.Barrier()
	s.Kill()
	s.Used(2)
	harness.Set("server.drain_delay", "0s")(s)
	s.Run()
	s.Socket(stranger).Fails("seat_limit", "register_user", map[string]any{})
	s.Socket(lost).Register()
	s.Socket(inside).Register()
}
