package e2e

import (
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"testing"

	"github.com/turnike/turnike/e2e/harness"
)

const wrong = "wrong-wrong-wrong"

// throttled requires 429 with a waiting time.
func throttled(t *testing.T, a *harness.Answer) int {
	t.Helper()
	doc := a.Problem(http.StatusTooManyRequests, "rate_limited")
	header, err := strconv.Atoi(a.Header.Get("Retry-After"))
	if wait, _ := doc["retry_after"].(float64); err != nil || header < 1 || int(wait) != header {
		t.Errorf("Retry-After %q, retry_after %v", a.Header.Get("Retry-After"), doc["retry_after"])
	}
	return header
}

// guess tries wrong passwords for a name until one is throttled; each other answer is
// 401.
func guess(t *testing.T, b *harness.Browser, name string, most int) {
	t.Helper()
	for i := range most {
		b.TryLogin(name, wrong).Problem(http.StatusUnauthorized, "invalid_credentials")
		if len(b.Cookies) != 0 {
			t.Fatalf("cookies after failure %d", i)
		}
	}
	throttled(t, b.TryLogin(name, wrong))
}

// TestSEC06_TooManyFailures: ten failures of one account in any spelling. An unknown
// account gets the same answers [SEC-05]. The right password is throttled too and
// accepted after the wait; then the count starts again.
func TestSEC06_TooManyFailures(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	b := s.Browser()
	b.TryLogin("ZEYNEP", wrong).Want(401)
	b.TryLogin(" zeynep ", wrong).Want(401)
	guess(t, b, "Zeynep", 8)
	known := s.Browser().TryLogin("zeynep", harness.Password)
	if wait := throttled(t, known); wait < 25 || wait > 30 {
		t.Errorf("the first wait is %d s, want 30", wait)
	}
	guess(t, s.Browser(), "nobody", 10)
	unknown := s.Browser().TryLogin("NOBODY", wrong)
	throttled(t, unknown)
	if fmt.Sprint(names(known.Header)) != fmt.Sprint(names(unknown.Header)) || len(known.Body) != len(unknown.Body) {
		t.Errorf("known: %v %s\nunknown: %v %s", known.Header, known.Body, unknown.Header, unknown.Body)
	}
	s.Login("ali") // other users are not affected

	// Failures are in the event log by account and address, without the name if there is
	// no such account.
	s.Stop()
	rows := map[string]string{}
	for _, e := range s.Logged("login failed") {
		user, _ := e["user"].(string)
		rows[user] = fmt.Sprint(e["count"], " ", e["throttled"], " ", e["remote"])
	}
	if len(rows) != 2 || rows["zeynep"] != "10 2 127.0.0.1" || rows[""] != "10 2 127.0.0.1" {
		t.Errorf("logged %v", rows)
	}
}

func TestSEC06_AfterTheWait(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Set("ratelimit.login_backoff", "1s"), harness.Set("ratelimit.login_account", "3"))
	for range 2 { // a success resets the failures
		guess(t, s.Browser(), "ali", 3)
		harness.Eventually(t, "the wait is over", func() bool { return s.Browser().TryLogin("ali", harness.Password).Status == 200 })
	}
	s.Restart(harness.Set("ratelimit.enabled", "false"))
	for range 12 {
		s.Browser().TryLogin("ali", wrong).Want(401)
	}
}

// TestSEC07_TheOwnerGetsIn: while attackers guess from the owner's address and use up
// all attempts, the owner's browser can log in; a new browser must wait.
func TestSEC07_TheOwnerGetsIn(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Set("ratelimit.login_network", "20"), harness.Set("ratelimit.login_global", "20"))
	owner := s.Browser()
	owner.Login("ali")
	owner.Post("/logout").Want(204)
	s.Restart() // devices are remembered, limits are not

	stop, attacked := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	for i := range 4 {
		b := s.Browser()
		wg.Go(func() {
			for n := range 200 {
				select {
				case <-stop:
					return
				default:
				}
				a, err := b.Try(harness.Request{Method: "POST", Path: "/login-token", JSON: harness.Credentials{Username: "ali", Password: wrong}})
				if err != nil {
					t.Error(err)
					return
				}
				if i == 0 && n == 20 {
					close(attacked)
				}
				if a.Status != 401 && a.Status != 429 {
					t.Errorf("guess: %d %s", a.Status, a.Body)
				}
			}
		})
	}
	<-attacked
	throttled(t, s.Browser().TryLogin("ali", harness.Password))
	foreign := s.Browser()
	foreign.Cookies[harness.DeviceCookie] = owner.Cookies[harness.DeviceCookie]
	if a := foreign.TryLogin("veli", wrong); a.Status != 401 && a.Status != 429 { // the device belongs to ali, not veli
		t.Errorf("%d", a.Status)
	}
	for range 3 {
		owner.TryLogin("ali", wrong).Want(401)
		owner.Login("ali")
	}
	close(stop)
	wg.Wait()
}

// TestSEC08_ParallelGuesses: of 500 parallel guesses only ten are compared. Without TLS,
// so that a slow machine does not time out in 500 handshakes.
func TestSEC08_ParallelGuesses(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Set("tls.mode", "off"), harness.Set("server.listen", "127.0.0.1:5000"))
	const tries = 500
	status := make([]int, tries)
	var wg sync.WaitGroup
	for i := range tries {
		b := s.Browser()
		wg.Go(func() {
			a, err := b.Try(harness.Request{Method: "POST", Path: "/login-token", JSON: harness.Credentials{Username: "ali", Password: wrong}})
			if err != nil {
				t.Error(err)
				return
			}
			status[i] = a.Status
		})
	}
	wg.Wait()
	counts := map[int]int{}
	for _, n := range status {
		counts[n]++
	}
	if counts[401] != 10 || counts[429] != tries-10 {
		t.Errorf("answers %v, want ten 401 and the others 429", counts)
	}
}

// TestSEC06_OneAddress: one address guesses for many accounts behind a proxy. An IPv6
// /64 counts as one address; correct logins in between do not count.
func TestSEC06_OneAddress(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Set("ratelimit.login_network", "5"), harness.Set("server.trusted_proxies", "127.0.0.0/8"))
	from := func(address string) *harness.Browser {
		b := s.Browser()
		b.Header["X-Forwarded-For"] = "203.0.113.99, " + address // the client's own value is ignored
		return b
	}
	for _, c := range []struct{ address, neighbour, stranger string }{
		{"198.51.100.7", "198.51.100.7", "198.51.100.8"},
		{"2001:db8:1:1::7", "2001:db8:1:1:ffff::8", "2001:db8:1:2::7"},
	} {
		for range 8 {
			from(c.address).Login("veli")
		}
		for i := range 5 {
			from(c.address).TryLogin(fmt.Sprint("guess", i), wrong).Want(401)
		}
		throttled(t, from(c.neighbour).TryLogin("ali", harness.Password))
		from(c.stranger).Login("ali")
	}
}

// TestSEC09_ARefusalIsNoFailure: a login refused by a full pool does not count as a
// failed password.
func TestSEC09_ARefusalIsNoFailure(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Set("seat.limit", "1"), harness.Set("ratelimit.login_account", "3"), harness.Set("ratelimit.login_network", "3"))
	s.Must("pool", "set", "default", "--login", "seat")
	s.Login("veli")
	for range 2 {
		s.Browser().TryLogin("ali", wrong).Want(401)
		for range 5 {
			s.Browser().TryLogin("ali", harness.Password).Problem(409, "seat_limit")
		}
	}
}
