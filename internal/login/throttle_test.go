package login

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/ratelimit"
	"github.com/turnike/turnike/internal/session"
)

func limitsOf(acct, network, global int) Limits {
	b := func(n int) ratelimit.Backoff {
		return ratelimit.Backoff{Free: n, Window: 15 * time.Minute, First: 30 * time.Second, Max: 15 * time.Minute}
	}
	return Limits{Account: b(acct), Network: b(network), Global: b(global)}
}

var ada = session.User{ID: "ada-id", Name: "ada", CredVersion: 1}

// tried makes one attempt. It returns "rate_limited" when that is refused, else "".
func tried(t *testing.T, a *throttle, at attempt, result error) string {
	t.Helper()
	end, err := a.begin(t.Context(), at)
	if err != nil {
		if throttled, ok := errors.AsType[*ThrottledError](err); !ok || throttled.Wait < time.Second {
			t.Fatalf("refused with %v", err)
		}
		return "rate_limited"
	}
	end(result)
	return ""
}

func TestSEC06_VariantsShareOneBucket(t *testing.T) {
	a := newThrottle(limitsOf(6, 0, 0))
	for i, name := range []string{"ışık", "IŞIK", "Işık", "ı\u015fık", "is\u0327ik", "  ışık "} {
		if code := tried(t, a, attempt{name: name, address: fmt.Sprintf("192.0.2.%d", i)}, session.ErrInvalidCredentials); code != "" {
			t.Fatalf("%q: %s", name, code)
		}
	}
	for _, name := range []string{"ışık", "İŞİK"} {
		if code := tried(t, a, attempt{name: name, address: "198.51.100.1"}, nil); code != "rate_limited" {
			t.Errorf("%q counts as another account: %q", name, code)
		}
	}
	if code := tried(t, a, attempt{name: "işim", address: "198.51.100.1"}, nil); code != "" {
		t.Error("another account is refused")
	}
	if n := a.refused.Snapshot()["account"]; n != 2 {
		t.Errorf("%d are counted as throttled by account, want 2", n)
	}
}

func TestSEC06_OneAddress(t *testing.T) {
	for name, c := range map[string]struct {
		from   func(i int) string
		shared bool
	}{
		"one address":     {func(int) string { return "192.0.2.1" }, true},
		"many addresses":  {func(i int) string { return fmt.Sprintf("192.0.2.%d", i) }, false},
		"one IPv6 subnet": {func(i int) string { return fmt.Sprintf("2001:db8::%x", i) }, true},
		"many subnets":    {func(i int) string { return fmt.Sprintf("2001:db8:0:%x::1", i) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			a := newThrottle(limitsOf(10, 5, 0))
			for i := range 5 {
				// Right passwords in between clear nothing.
				tried(t, a, attempt{name: fmt.Sprint("good", i), address: c.from(i)}, nil)
				if code := tried(t, a, attempt{name: fmt.Sprint("user", i), address: c.from(i)}, session.ErrInvalidCredentials); code != "" {
					t.Fatalf("failure %d: %s", i, code)
				}
			}
			if code := tried(t, a, attempt{name: "someone", address: c.from(9)}, nil); (code == "rate_limited") != c.shared {
				t.Errorf("the next: %q", code)
			}
		})
	}
}

func TestSEC06_Everybody(t *testing.T) {
	a := newThrottle(limitsOf(10, 5, 20))
	for i := range 20 {
		tried(t, a, attempt{name: fmt.Sprint("user", i), address: fmt.Sprintf("192.0.2.%d", i)}, session.ErrInvalidCredentials)
	}
	if code := tried(t, a, attempt{name: "someone", address: "198.51.100.1"}, nil); code != "rate_limited" {
		t.Errorf("the next: %q", code)
	}
	if code := tried(t, a, attempt{name: "ada", user: ada, device: []byte("hers"), address: "198.51.100.1"}, nil); code != "" {
		t.Errorf("a known device: %q", code)
	}
}

// TestSEC07_AKnownDeviceIsCountedApart checks that the owner's device has attempts of its
// own whatever strangers do, and no more of them than others.
func TestSEC07_AKnownDeviceIsCountedApart(t *testing.T) {
	a := newThrottle(limitsOf(10, 20, 30))
	stranger := attempt{name: "Ada", user: ada, address: "192.0.2.1"}
	owner := attempt{name: "ada", user: ada, device: []byte("hers"), address: "192.0.2.1"}
	for range 10 {
		tried(t, a, stranger, session.ErrInvalidCredentials)
	}
	if code := tried(t, a, stranger, nil); code != "rate_limited" {
		t.Fatalf("strangers: %q", code)
	}
	for range 9 {
		tried(t, a, owner, session.ErrInvalidCredentials)
	}
	if code := tried(t, a, owner, nil); code != "" {
		t.Fatalf("the owner: %q", code)
	}
	// The owner has logged in, so the failures of strangers are cleared.
	if code := tried(t, a, stranger, session.ErrInvalidCredentials); code != "" {
		t.Errorf("strangers, after the owner: %q", code)
	}
	for range 10 {
		tried(t, a, owner, session.ErrInvalidCredentials)
	}
	if code := tried(t, a, owner, nil); code != "rate_limited" {
		t.Errorf("a stolen device may guess on: %q", code)
	}
	other := owner
	other.device = []byte("her phone")
	if code := tried(t, a, other, nil); code != "" {
		t.Errorf("her other device: %q", code)
	}
	changed := owner
	changed.user.CredVersion++ // by an operator
	if code := tried(t, a, changed, nil); code != "" {
		t.Errorf("a new password: %q", code)
	}
}

// TestSEC08_ParallelLogins checks many logins to one account at the same time, from many
// addresses. An attempt whose password was not compared costs nothing.
func TestSEC08_ParallelLogins(t *testing.T) {
	for name, c := range map[string]struct {
		result   error
		admitted int64
	}{
		"wrong": {session.ErrInvalidCredentials, 10}, "right": {nil, 500}, "busy": {account.ErrBusy, 500},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newThrottle(limitsOf(10, 100, 1000))
				var admitted, refused atomic.Int64
				var wg sync.WaitGroup
				for i := range 500 {
					wg.Go(func() {
						end, err := a.begin(t.Context(), attempt{name: "ada", user: ada, address: fmt.Sprintf("192.0.2.%d", i%250)})
						if err != nil {
							if throttled, ok := errors.AsType[*ThrottledError](err); !ok || throttled.Wait < time.Second {
								t.Errorf("refused with %v", err)
							}
							refused.Add(1)
							return
						}
						admitted.Add(1)
						time.Sleep(time.Millisecond)
						end(c.result)
					})
				}
				wg.Wait()
				if admitted.Load() != c.admitted || admitted.Load()+refused.Load() != 500 {
					t.Errorf("%d admitted, want %d; %d refused", admitted.Load(), c.admitted, refused.Load())
				}
			})
		})
	}
}

// TestSEC08_GivesBack checks that an attempt that one limit refuses is not counted by the
// others.
func TestSEC08_GivesBack(t *testing.T) {
	a := newThrottle(limitsOf(3, 1, 0))
	tried(t, a, attempt{name: "x", address: "192.0.2.1"}, session.ErrInvalidCredentials)
	for range 10 {
		if code := tried(t, a, attempt{name: "ada", address: "192.0.2.1"}, nil); code != "rate_limited" {
			t.Fatalf("code %q", code)
		}
	}
	for i := range 3 {
		at := attempt{name: "ada", address: fmt.Sprintf("198.51.100.%d", i)}
		if code := tried(t, a, at, session.ErrInvalidCredentials); code != "" {
			t.Errorf("failure %d: %q", i, code)
		}
	}
}

// TestSEC02_WaitingForOthersIsBounded checks that an attempt stops waiting when its caller
// is gone, and after waitFor, and does not wait at all when too many wait already.
func TestSEC02_WaitingForOthersIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newThrottle(limitsOf(1, 0, 0))
		end, err := a.begin(t.Context(), attempt{name: "ada"})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		for i := range maxWaiting {
			wg.Go(func() {
				at, want := t.Context(), account.ErrBusy
				if i%2 == 0 {
					at, want = ctx, context.Canceled
				}
				if _, err := a.begin(at, attempt{name: "ada"}); !errors.Is(err, want) {
					t.Errorf("%v, want %v", err, want)
				}
			})
		}
		synctest.Wait()
		start := time.Now()
		if _, err := a.begin(t.Context(), attempt{name: "bob"}); !errors.Is(err, account.ErrBusy) || time.Since(start) != 0 {
			t.Errorf("one too many: %v", err)
		}
		cancel()
		wg.Wait()
		if d := time.Since(start); d != waitFor {
			t.Errorf("waited %s", d)
		}
		end(nil)
		if n := a.account.Len(); n != 0 {
			t.Errorf("%d accounts are counted for nothing", n)
		}
	})
}

func TestSEC06_NoLimits(t *testing.T) {
	a := newThrottle(Limits{})
	for range 200 {
		if code := tried(t, a, attempt{name: "ada", user: ada}, session.ErrInvalidCredentials); code != "" {
			t.Fatal(code)
		}
		if code := tried(t, a, attempt{name: "ada", user: ada, device: []byte("hers")}, session.ErrInvalidCredentials); code != "" {
			t.Fatal(code)
		}
	}
}
