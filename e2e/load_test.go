package e2e

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/turnike/turnike/e2e/harness"
)

const (
	crowd   = 50  // users
	rush    = 200 // logins at once
	tenants = 10  // seats
)

// TestA1_Rush: 200 parallel logins of 50 users for 10 seats, by HTTP and then by socket,
// with the default limits. No client ever sees more than ten inside, in the end there
// are exactly ten, and every refusal is documented.
func TestA1_Rush(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Set("seat.limit", fmt.Sprint(tenants)))
	var accounts []harness.Account
	for i := range crowd {
		accounts = append(accounts, harness.Account{Username: fmt.Sprintf("kisi%02d", i)})
	}
	s.Must("user", "import", harness.ImportFile(t, accounts...))
	watcher := s.Socket(s.Login(harness.Admin))
	watcher.Register()

	outcomes := make([]string, rush)
	order := rand.Perm(rush)
	var wg sync.WaitGroup
	for i := range rush {
		name := accounts[order[i]%crowd].Username
		wg.Go(func() { outcomes[i] = tryToEnter(s, name, transports[i%3]) })
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	for running := true; running; {
		if p := s.Pool("default"); p.Used > tenants || p.Used != p.Held+p.Grace+p.Offered {
			t.Errorf("I1: %+v", p)
		}
		select {
		case <-done:
			running = false
		default:
		}
	}
	counts := map[string]int{}
	for _, o := range outcomes {
		counts[o]++
		if !slices.Contains(documented, o) {
			t.Errorf("an outcome that is not documented: %s", o)
		}
	}
	t.Logf("outcomes: %v", counts)
	if counts["inside"] < tenants {
		t.Errorf("only %d came in", counts["inside"])
	}
	harness.Eventually(t, "ten inside", func() bool { p := s.Pool("default"); return p.Used == tenants && p.Held == tenants })
	checkHistory(t, watcher)

	// One live session per user, and as many as are inside hold a seat.
	users, seats := map[string]int{}, 0
	for _, row := range s.Sessions() {
		users[row.Username]++
		if row.Seat != nil {
			seats++
		}
	}
	for name, n := range users {
		if n > 1 && name != harness.Admin {
			t.Errorf("A2: %s has %d live sessions", name, n)
		}
	}
	if seats != tenants {
		t.Errorf("%d sessions hold a seat", seats)
	}
}

// documented lists the outcomes that the contract allows here.
var documented = []string{"inside", "429 rate_limited", "503 login_busy", "refused replaced", "seat_limit", "seat_lost", "rate_limited", "ended replaced"}

// tryToEnter logs in, connects and registers, and returns the outcome. The socket stays
// open until the test ends.
func tryToEnter(s *harness.Server, name, transport string) string {
	login := harness.Request{Method: "POST", Path: "/login-token", JSON: harness.Credentials{Username: name, Password: harness.Password}}
	a, err := s.Browser().Try(login)
	for range 5 { // retries like a person if a busy machine cannot finish a TLS handshake in five seconds
		if err != nil {
			a, err = s.Browser().Try(login)
		}
	}
	if err != nil {
		return err.Error()
	}
	if a.Status != 200 {
		var doc struct{ Code string }
		_ = json.Unmarshal([]byte(a.Body), &doc) // an unreadable one has no code
		if a.Status != 409 && a.Header.Get("Retry-After") == "" {
			return fmt.Sprintf("%d %s without Retry-After", a.Status, doc.Code)
		}
		return fmt.Sprintf("%d %s", a.Status, doc.Code)
	}
	var l harness.Login
	if err := json.Unmarshal([]byte(a.Body), &l); err != nil {
		return err.Error()
	}
	k, err := s.TryOpen(harness.Dial{Token: l.Token, Transport: transport})
	for range 5 {
		if err != nil {
			k, err = s.TryOpen(harness.Dial{Token: l.Token, Transport: transport})
		}
	}
	if err != nil {
		return err.Error()
	}
	if err := k.TryConnect(); err != nil {
		return err.Error()
	}
	k.TryRaw(`420["register_user",{}]`)
	p, err := k.Wait(func(p harness.Packet) bool {
		return p.Kind == harness.Ack || p.Kind == harness.Refused || p.Kind == harness.Closed || p.Name == "session_ended"
	})
	if err != nil {
		return err.Error()
	}
	return outcome(p)
}

// outcome returns the outcome that a packet stands for.
func outcome(p harness.Packet) string {
	var said struct {
		OK   bool
		Code string
		Data struct{ Code string }
	}
	raw := p.Data
	if len(p.Args) > 0 {
		raw = p.Args[0]
	}
	_ = json.Unmarshal(raw, &said) // an unreadable one says nothing
	switch {
	case p.Kind == harness.Ack && said.OK:
		return "inside"
	case p.Kind == harness.Ack:
		return said.Code
	case p.Kind == harness.Refused:
		return "refused " + said.Data.Code
	case p.Name == "session_ended":
		return "ended " + said.Code
	default:
		return p.String()
	}
}

// checkHistory checks all events of the watcher: there are never more users than seats,
// in any connection_slots and after any user_status.
func checkHistory(t *testing.T, watcher *harness.Socket) {
	t.Helper()
	inside := map[string]bool{}
	for _, p := range watcher.Unread() {
		switch p.Name {
		case "connection_slots":
			var s harness.Slots
			if err := harness.Decode(p.Args[0], &s); err != nil {
				t.Fatal(err)
			}
			if s.Used > tenants || s.Max != tenants || s.Available != tenants-s.Used {
				t.Errorf("I1: %+v", s)
			}
		case "user_status":
			var s harness.Status
			if err := harness.Decode(p.Args[0], &s); err != nil {
				t.Fatal(err)
			}
			if s.Status == "offline" {
				delete(inside, s.Username)
			} else {
				inside[s.Username] = true
			}
			if len(inside) > tenants || s.Count != len(inside) {
				t.Errorf("I1: %d inside after %+v", len(inside), s)
			}
		}
	}
}

// TestI1_SeatsChangeHands: while users continuously enter and leave two seats, no client
// ever sees a third user inside.
func TestI1_SeatsChangeHands(t *testing.T) {
	t.Parallel()
	const people, rounds, limit = 8, 6, 2
	s := harness.Start(t, harness.Set("seat.limit", fmt.Sprint(limit)), harness.Set("seat.grace", "0s"))
	var names []string
	var accounts []harness.Account
	for i := range people {
		names = append(names, fmt.Sprintf("kisi%02d", i))
		accounts = append(accounts, harness.Account{Username: names[i]})
	}
	s.Must("user", "import", harness.ImportFile(t, accounts...))
	tokens := s.Issue(names...)
	watcher := s.Socket(s.Login(harness.Admin))
	watcher.Register()
	came := make([]int, people)
	var wg sync.WaitGroup
	for i, name := range names {
		wg.Go(func() {
			for range rounds {
				k, err := s.TryOpen(harness.Dial{Token: tokens[name]})
				if err != nil {
					t.Error(err)
					return
				}
				if err := k.TryConnect(); err != nil {
					t.Error(err)
					return
				}
				k.TryRaw(`420["register_user",{}]`)
				p, err := k.Wait(func(p harness.Packet) bool { return p.Kind == harness.Ack })
				if err != nil {
					t.Error(err)
					return
				}
				if o := outcome(p); o == "inside" {
					came[i]++
				} else if o != "seat_limit" && o != "seat_lost" {
					t.Errorf("an outcome that is not documented: %s", o)
				}
				k.Leave()
			}
		})
	}
	wg.Wait()
	s.Used(0)
	watcher.Barrier()
	total := 0
	for _, n := range came {
		total += n
	}
	online := 0
	for _, p := range watcher.Unread() {
		var st harness.Status
		if p.Name == "user_status" && harness.Decode(p.Args[0], &st) == nil {
			if st.Count > limit {
				t.Errorf("I1: %+v", st)
			}
			if st.Status == "online" {
				online++
			}
		}
	}
	if online != total || total < limit {
		t.Errorf("%d were told to be inside, %d times somebody joined", total, online)
	}
}
