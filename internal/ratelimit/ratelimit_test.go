package ratelimit

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

func TestLimiter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(Rate{PerSecond: 2, Burst: 3}, nil)
		for i := range 3 {
			if !l.Allow("a") {
				t.Fatalf("refused at %d", i)
			}
		}
		if l.Allow("a") || !l.Empty("a") {
			t.Error("one past the burst is allowed")
		}
		if l.Empty("b") || !l.Allow("b") {
			t.Error("another key pays")
		}
		time.Sleep(500 * time.Millisecond)
		if l.Empty("a") || !l.Allow("a") || l.Allow("a") {
			t.Error("half a second gives one token")
		}
	})
}

// [I7] Keys that are idle cost nothing, and there are never more than maxKeys.
func TestI7_LimiterIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(Rate{PerSecond: 1, Burst: 1}, nil)
		for i := range 5000 {
			l.Allow(fmt.Sprint(i))
		}
		time.Sleep(2 * time.Second)
		for i := 5000; l.Len() >= 5000 && i < 20_000; i++ {
			l.Allow(fmt.Sprint(i))
		}
		if n := l.Len(); n >= 5000 {
			t.Errorf("%d buckets, though all but one are full again", n)
		}
		for i := range maxKeys + 100 {
			l.Allow(fmt.Sprint("x", i))
		}
		if n := l.Len(); n > maxKeys {
			t.Errorf("%d buckets", n)
		}
	})
}

func TestNetwork(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"192.0.2.7", "192.0.2.7"},
		{"192.0.2.7:443", "192.0.2.7"},
		{"::ffff:192.0.2.7", "192.0.2.7"},
		{"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
		{"[2001:db8:1:2::9]:80", "2001:db8:1:2::/64"},
		{"fe80::1%eth0", "fe80::/64"},
		{"@", "@"},
		{"", ""},
	} {
		if got := Network(c.in); got != c.want {
			t.Errorf("Network(%q) = %q, want %q", c.in, got, c.want)
		}
	}
	for in, want := range map[string]string{"192.0.2.7": "192.0.2.0/24", "::ffff:192.0.2.7": "192.0.2.0/24", "192.0.2.0/24": "192.0.2.0/24",
		"2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64", "@": "@"} {
		if got := Neighbourhood(in); got != want {
			t.Errorf("Neighbourhood(%q) = %q, want %q", in, got, want)
		}
	}
}
