package api

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/turnike/turnike/internal/session"
)

// Failed logins are a row for each account and address; of names that are
// nobody's one for each address.
func TestFailedLoginsAreCounted(t *testing.T) {
	var f failures
	bob := session.User{ID: "bob-id", Name: "bob", Pool: 2}
	for range 3 {
		f.add(bob, "192.0.2.1", false)
	}
	f.add(bob, "192.0.2.1", true)
	f.add(bob, "192.0.2.2", true)
	f.add(session.User{}, "192.0.2.1", false)
	f.add(session.User{}, "192.0.2.1", false)

	var log []session.Event
	failing := errors.New("full")
	if err := f.write(t.Context(), func(context.Context, []session.Event) error { return failing }); !errors.Is(err, failing) {
		t.Errorf("error %v", err)
	}
	f.add(bob, "192.0.2.1", false) // and what could not be written is not lost
	keep := func(_ context.Context, events []session.Event) error { log = append(log, events...); return nil }
	for range 2 { // the second time there is nothing
		if err := f.write(t.Context(), keep); err != nil {
			t.Fatal(err)
		}
	}
	slices.SortFunc(log, func(a, b session.Event) int { return cmp.Compare(a.User+a.Address, b.User+b.Address) })
	want := []session.Event{
		{Type: session.LoginFailed, Address: "192.0.2.1", Count: 2},
		{Type: session.LoginFailed, Pool: 2, User: "bob-id", Username: "bob", Address: "192.0.2.1", Count: 4, Throttled: 1},
		{Type: session.LoginFailed, Pool: 2, User: "bob-id", Username: "bob", Address: "192.0.2.2", Throttled: 1},
	}
	if fmt.Sprint(log) != fmt.Sprint(want) {
		t.Errorf("logged\n %v, want\n %v", log, want)
	}
}

// [I7] However many addresses there are, a minute has so many rows.
func TestI7_FailedLoginsAreBounded(t *testing.T) {
	var f failures
	for i := range 3 * maxFailureRows {
		f.add(session.User{}, fmt.Sprint("address ", i), false)
	}
	rows, count, together := 0, 0, 0
	err := f.write(t.Context(), func(_ context.Context, events []session.Event) error {
		together = max(together, len(events))
		rows += len(events)
		for _, e := range events {
			count += e.Count
		}
		return nil
	})
	if err != nil || rows > maxFailureRows+1 || count != 3*maxFailureRows || together > failuresTogether {
		t.Errorf("%d rows for %d failures, %d together, %v", rows, count, together, err)
	}
}
