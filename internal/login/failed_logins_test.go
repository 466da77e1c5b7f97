package login

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/turnike/turnike/internal/session"
)

// TestFailedLoginsAreCounted checks that there is one row for each account and network, and
// one for each network for all names without an account.
func TestFailedLoginsAreCounted(t *testing.T) {
	var f failedLogins
	bob := session.User{ID: "bob-id", Name: "bob", Pool: 2}
	for range 3 {
		f.add(bob, "192.0.2.1", false)
	}
	f.add(bob, "192.0.2.1", true)
	f.add(bob, "198.51.100.2", true)
	f.add(session.User{}, "192.0.2.1", false)
	f.add(session.User{}, "192.0.2.1", false)

	var log []session.Event
	failing := errors.New("full")
	if err := f.write(t.Context(), func(context.Context, []session.Event) error { return failing }); !errors.Is(err, failing) {
		t.Errorf("error %v", err)
	}
	f.add(bob, "192.0.2.1", false) // what could not be written is kept
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
		{Type: session.LoginFailed, Pool: 2, User: "bob-id", Username: "bob", Address: "198.51.100.2", Throttled: 1},
	}
	if fmt.Sprint(log) != fmt.Sprint(want) {
		t.Errorf("logged\n %v, want\n %v", log, want)
	}
}

// written returns the rows of one minute.
func written(t *testing.T, f *failedLogins) []session.Event {
	t.Helper()
	var rows []session.Event
	err := f.write(t.Context(), func(_ context.Context, events []session.Event) error {
		rows = append(rows, events...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func total(rows []session.Event) (n int) {
	for _, e := range rows {
		n += e.Count + e.Throttled
	}
	return n
}

// TestSEC06_FailuresByNetwork checks that all addresses of one network share a row.
func TestSEC06_FailuresByNetwork(t *testing.T) {
	for network, address := range map[string]func(int) string{
		"2001:db8:0:1::/64": func(i int) string { return fmt.Sprintf("2001:db8:0:1::%x", i) },
		"192.0.2.0/24":      func(i int) string { return fmt.Sprintf("192.0.2.%d", i%256) },
	} {
		var f failedLogins
		for i := range 10_000 {
			f.add(session.User{ID: "bob-id", Name: "bob", Pool: 2}, address(i), i%2 == 0)
		}
		want := []session.Event{{Type: session.LoginFailed, Pool: 2, User: "bob-id", Username: "bob", Address: network, Count: 5_000, Throttled: 5_000}}
		if rows := written(t, &f); fmt.Sprint(rows) != fmt.Sprint(want) {
			t.Errorf("%d rows, the first %v, want %v", len(rows), rows[0], want)
		}
	}
}

// TestSEC06_FailuresAMinute checks that a minute has few rows however many accounts and
// networks there are, that no failure is lost, and that the account with the most
// failures has a row of its own.
func TestSEC06_FailuresAMinute(t *testing.T) {
	network := func(i int) string { return fmt.Sprintf("10.%d.%d.1", i/256, i%256) }
	user := func(i int) session.User {
		return session.User{ID: fmt.Sprint("id ", i), Name: fmt.Sprint("user ", i), Pool: session.PoolID(i % 3)}
	}
	for name, add := range map[string]func(f *failedLogins, i int){
		"one account": func(f *failedLogins, i int) { f.add(user(1), network(i), false) },
		"one network": func(f *failedLogins, i int) { f.add(user(i), "192.0.2.1", true) },
		"everything":  func(f *failedLogins, i int) { f.add(user(i), network(i), false) },
		"no accounts": func(f *failedLogins, i int) { f.add(session.User{}, network(i), false) },
	} {
		var f failedLogins
		const loud, n = 500, 10_000
		for range loud {
			f.add(session.User{ID: "bob-id", Name: "bob", Pool: 2}, "198.51.100.7", false)
		}
		for i := range n {
			add(&f, i)
		}
		if held := len(f.rows); held > 2*maxRows+1 { // [I7]
			t.Errorf("%s: %d rows are held", name, held)
		}
		rows := written(t, &f)
		if len(rows) > 21 || total(rows) != loud+n {
			t.Errorf("%s: %d rows for %d failures, want 21 at most for %d", name, len(rows), total(rows), loud+n)
		}
		if !slices.ContainsFunc(rows, func(e session.Event) bool {
			return e.Username == "bob" && e.Address == "198.51.100.7" && e.Count == loud
		}) {
			t.Errorf("%s: the account with the most failures has no row of its own", name)
		}
		var guessed []session.Event
		for _, e := range rows {
			if e.Username == "user 1" {
				guessed = append(guessed, e)
			}
		}
		if name == "one account" && total(guessed) != n {
			t.Errorf("%s: its name is lost: %v", name, rows)
		}
	}
}
