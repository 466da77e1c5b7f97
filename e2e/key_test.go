package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/turnike/turnike/e2e/harness"
)

// kid returns the id of the key that signed a token.
func kid(t *testing.T, token string) string {
	t.Helper()
	id, _ := harness.ParseToken(t, token).Header["kid"].(string)
	return id
}

// TestSEC23_RotateUnderLoad: keys are rotated repeatedly during requests and logins. No
// valid token is refused, the sockets stay open, and the old keys are still published.
func TestSEC23_RotateUnderLoad(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Set("session.max_per_user", "1000"), harness.Set("ratelimit.enabled", "false"))
	first := s.Login("ali")
	inside := s.Socket(first)
	inside.Register()
	var asked atomic.Int64
	stop := make(chan struct{})
	var load sync.WaitGroup
	for _, name := range []string{"ali", "veli"} {
		token := s.Login(name)
		for range 2 {
			load.Go(func() {
				for own := token; ; {
					select {
					case <-stop:
						return
					default:
					}
					for range 5 { // a token from before the rotations and a new one
						s.Bearer(token).Get("/socket").Want(200)
						s.Bearer(own).Get("/socket").Want(200)
						asked.Add(2)
					}
					own = s.Login(name)
				}
			})
		}
	}
	const rounds = 5
	for range rounds {
		before := s.Login("veli")
		s.Must("token", "rotate", "--ahead", "0")
		after := s.Login("veli")
		if kid(t, before) == kid(t, after) {
			t.Error("the command has returned and the old key signs")
		}
		for _, token := range []string{first, before, after} {
			s.Bearer(token).Get("/socket").Want(200)
			if _, ok := s.Keys()[kid(t, token)]; !ok {
				t.Errorf("the key %s is not published", kid(t, token))
			}
		}
	}
	close(stop)
	load.Wait()
	t.Logf("%d requests during %d rotations", asked.Load(), rounds)
	if n := len(s.Keys()); n != rounds+1 {
		t.Errorf("%d keys are published", n)
	}
	inside.Barrier()
	s.Restart()
	s.Bearer(first).Get("/socket").Want(200)
}

// TestSEC23_PublishedBeforeUse: without --ahead 0 the new key is in the key set but does
// not sign yet; a second rotation waits for it.
func TestSEC23_PublishedBeforeUse(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	old := kid(t, s.Login("ali"))
	s.Must("token", "rotate")
	if keys := s.Keys(); len(keys) != 2 || kid(t, s.Login("ali")) != old {
		t.Errorf("%d keys are published, and %s signed before", len(keys), old)
	}
	if r := s.CLI("token", "rotate"); r.Code != 1 || !strings.Contains(r.Line(t), "published already") {
		t.Errorf("a second rotation: %+v", r)
	}
}

// TestSEC23_Revoke: when the command returns, older tokens are invalid, all sessions
// have ended and their sockets are closed; users can log in again.
func TestSEC23_Revoke(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	tokens := map[string]string{"ali": s.Login("ali"), "veli": s.Login("veli")}
	var sockets []*harness.Socket
	for _, token := range tokens {
		k := s.Socket(token)
		k.Register()
		sockets = append(sockets, k)
	}
	old := kid(t, tokens["ali"])
	s.Must("token", "rotate", "--ahead", "0") // retired keys are removed too
	s.Must("token", "rotate", "--revoke")
	for _, token := range tokens {
		s.Bearer(token).Get("/socket").Problem(401, "invalid_token")
		refusedWith(t, s.Open(harness.Dial{Token: token}).Connect(), "invalid_token")
	}
	for _, k := range sockets {
		k.Ended("session_ended", "ended_by_admin", 4002)
	}
	if rows := s.Sessions(); len(rows) != 0 {
		t.Errorf("live sessions: %+v", rows)
	}
	if _, there := s.Keys()[old]; there || len(s.Keys()) != 1 {
		t.Errorf("published keys %v", s.Keys())
	}
	again := s.Login("ali")
	s.Socket(again).Register()
	s.Restart()
	s.Bearer(again).Get("/socket").Want(200)
	s.Bearer(tokens["veli"]).Get("/socket").Problem(401, "invalid_token")
}

// TestSEC23_RevokeStopped: the command does the same without a running server.
func TestSEC23_RevokeStopped(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	token := s.Login("ali")
	s.Stop()
	s.Must("token", "rotate", "--revoke")
	s.Run()
	s.Bearer(token).Get("/socket").Problem(401, "invalid_token")
	if rows := s.Sessions(); len(rows) != 0 {
		t.Errorf("live sessions: %+v", rows)
	}
}

// TestSEC23_Secrets: a shared secret is rotated by listing the previous one after it and
// reloading with SIGHUP; removing the previous one revokes it.
func TestSEC23_Secrets(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, value string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(value), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	other, third := strings.ReplaceAll(secret, "kX9", "pQ4"), strings.ReplaceAll(secret, "kX9", "zT7")
	s := harness.Start(t, harness.Env("JWT_SECRET_KEY_FILE="+write("new", secret)),
		harness.Env("TURNIKE_TOKEN_SECRET_PREVIOUS_FILE="+write("old", other)))
	first := s.Login("ali")
	if r := s.CLI("token", "rotate"); r.Code != 1 || !strings.Contains(r.Line(t), "token.secret_previous") {
		t.Errorf("token rotate with a secret: %+v", r)
	}
	write("old", secret)
	write("new", third)
	s.Signal(syscall.SIGHUP)
	harness.Eventually(t, "the new secret", func() bool { return len(s.Logged("token keys changed")) == 1 })
	second := s.Login("veli")
	bad, good := s.Socket(first), s.Socket(second)
	if kid(t, first) == kid(t, second) {
		t.Error("the old secret signs")
	}
	s.Bearer(first).Get("/socket").Want(200)
	s.Bearer(second).Get("/socket").Want(200)
	write("old", other)
	s.Signal(syscall.SIGHUP)
	harness.Eventually(t, "the old secret to be gone", func() bool { return len(s.Logged("token keys changed")) == 2 })
	s.Bearer(first).Get("/socket").Problem(401, "invalid_token")
	s.Bearer(second).Get("/socket").Want(200)
	bad.SentAway(1013)
	good.SentAway(1013)
	s.Socket(second).Register() // as official clients do automatically
	refusedWith(t, s.Open(harness.Dial{Token: first}).Connect(), "invalid_token")
}
