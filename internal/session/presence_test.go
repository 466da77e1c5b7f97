package session

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestP2_PresenceFollowsTheSeat(t *testing.T) {
	st := given(live("one", time.Hour), live("two", time.Minute))
	rules := DefaultRules()
	since := at(0)
	for i, step := range []struct {
		what   string
		rule   func(State, time.Time) (Change, error)
		status Status // "": nobody is told
		since  time.Duration
	}{
		{"registers", func(st State, now time.Time) (Change, error) { return register(st, rules, now, reg("one", "c1")) }, Online, 0},
		{"again, from a newer tab", func(st State, now time.Time) (Change, error) { return register(st, rules, now, reg("one", "c2")) }, "", 0},
		{"from the other session", func(st State, now time.Time) (Change, error) { return register(st, rules, now, reg("two", "c3")) }, "", 0},
		{"one of two leaves", func(st State, now time.Time) (Change, error) {
			return leave(st, rules, now, Disconnect{Conn: "c2"}), nil
		}, "", 0},
		{"the last one is lost", func(st State, now time.Time) (Change, error) {
			return leave(st, rules, now, Disconnect{Conn: "c3"}), nil
		}, Reconnecting, 4},
		{"comes back", func(st State, now time.Time) (Change, error) { return register(st, rules, now, reg("two", "c4")) }, Online, 0},
		{"leaves cleanly", func(st State, now time.Time) (Change, error) {
			return leave(st, rules, now, Disconnect{Conn: "c4", Clean: true}), nil
		}, Offline, 6},
		{"comes again", func(st State, now time.Time) (Change, error) { return register(st, rules, now, reg("one", "c5")) }, Online, 7},
		{"its session ends", func(st State, now time.Time) (Change, error) {
			return end(st, rules, now, Ending{Session: "one", Code: LoggedOut}), nil
		}, Offline, 8},
	} {
		now := since.Add(time.Duration(i) * time.Second)
		ch, err := step.rule(st, now)
		if err != nil || len(ch.Events) != 1 {
			t.Fatalf("%s: %+v, %v", step.what, ch, err)
		}
		e := ch.Events[0]
		if e.Status != step.status {
			t.Errorf("%s: %q, want %q", step.what, e.Status, step.status)
		}
		if want := since.Add(step.since * time.Second); e.Status != "" && !e.Since.Equal(want) {
			t.Errorf("%s: since %v, want %v", step.what, e.Since.Sub(since), want.Sub(since))
		}
		if (e.OfflineReason != "") != (e.Status == Offline) {
			t.Errorf("%s: reason %q", step.what, e.OfflineReason)
		}
		st = then(t, st, ch)
	}
}

func TestT1_TheClockIsMonotonic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewClock()
		first := c.Now()
		time.Sleep(1500 * time.Microsecond)
		if got := c.Now().Sub(first); got != time.Millisecond {
			t.Errorf("%v later, want whole milliseconds", got)
		}
		if c.Now().Location() != time.UTC || c.Now() != c.Now().Round(0) {
			t.Error("a time with a location or a monotonic reading would not be equal to a stored one")
		}
	})
}
