package session

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// attempt logs ada in from one of several places; after is since start.
type attempt struct {
	after   time.Duration
	device  string // "" brings no cookie and is given a new one
	known   bool
	address string
	issued  bool
	ticket  string
	session string
}

// battle plays logins one after the other and gives the state that they lead to,
// the refusal of the last, and the events.
func contend(t *testing.T, st State, rules Rules, fighters ...attempt) (State, []EventType, error) {
	t.Helper()
	var events []EventType
	var err error
	for i, w := range fighters {
		in := Login{User: "ada-id", CredVersion: 4, Session: fmt.Sprint("s", i), NewTicket: fmt.Sprint("ticket ", i),
			DeviceHash: []byte(w.device), KnownDevice: w.known, Address: w.address, Issued: w.issued}
		if w.device == "" {
			in.DeviceHash = []byte(fmt.Sprint("new ", i))
		}
		if w.ticket != "" || w.session != "" {
			in.Takeover = &Takeover{Ticket: w.ticket, Session: w.session}
		}
		var ch Change
		ch, _, err = admit(st, rules, at(w.after), in)
		st = then(t, st, ch)
		for _, e := range ch.Events {
			events = append(events, e.Type)
		}
		if err != nil && i < len(fighters)-1 {
			t.Fatalf("login %d: %v", i, err)
		}
	}
	return st, events, err
}

func count(events []EventType, of EventType) int {
	n := 0
	for _, e := range events {
		if e == of {
			n++
		}
	}
	return n
}

// turns are logins of two in turn, that long apart.
func turns(n int, apart time.Duration, a, b attempt) []attempt {
	var out []attempt
	for i := range n {
		w := a
		if i%2 == 1 {
			w = b
		}
		w.after = time.Duration(i) * apart
		out = append(out, w)
	}
	return out
}

func TestA6_WhatCounts(t *testing.T) {
	phone, laptop := attempt{device: "phone", known: true}, attempt{device: "laptop", known: true}
	here, there := attempt{address: "192.0.2.1"}, attempt{address: "198.51.100.1"}
	neighbour := attempt{address: "192.0.2.200"}
	six, sixNear, sixFar := attempt{address: "2001:db8::1"}, attempt{address: "2001:db8::ffff:1"}, attempt{address: "2001:db8:0:1::1"}
	issued := attempt{address: "198.51.100.1", issued: true}
	for name, c := range map[string]struct {
		fighters []attempt
		stopped  bool // the last one
	}{
		"two devices":                       {turns(5, time.Second, phone, laptop), true},
		"two devices, a replacement less":   {turns(4, time.Second, phone, laptop), false},
		"two addresses":                     {turns(5, time.Second, here, there), true},
		"new devices at one address":        {turns(9, time.Second, here, here), false},
		"new devices in one /24":            {turns(9, time.Second, here, neighbour), false},
		"new devices in one /64":            {turns(9, time.Second, six, sixNear), false},
		"two /64":                           {turns(5, time.Second, six, sixFar), true},
		"not all within a minute":           {turns(9, 31*time.Second, here, there), false},
		"three in exactly a minute":         {turns(5, 30*time.Second, here, there), true},
		"sessions that nobody uses":         {turns(9, 61*time.Second, here, there), false},
		"issued ones":                       {turns(9, time.Second, here, issued), false},
		"nobody knows where they come from": {turns(9, time.Second, attempt{}, attempt{}), false},
	} {
		t.Run(name, func(t *testing.T) {
			_, events, err := contend(t, given(), DefaultRules(), c.fighters...)
			asked, ok := errors.AsType[*TakeoverError](err)
			if ok != c.stopped || !c.stopped && err != nil {
				t.Fatalf("the last login: %v", err)
			}
			if n := count(events, AccountSharingSuspected); n > 1 || c.stopped && n == 0 || !c.stopped && n == 1 && len(c.fighters) > 4 {
				t.Errorf("%d alarms: %v", n, events)
			}
			if !c.stopped {
				return
			}
			last := c.fighters[len(c.fighters)-1]
			if asked.Cause != CauseSharing || len(asked.Sessions) != 1 || asked.Sessions[0].ID != "s3" || asked.Ticket != "ticket 4" ||
				!asked.Expires.Equal(at(last.after+120*time.Second)) {
				t.Errorf("asked %+v", asked)
			}
		})
	}
	t.Run("connected, however idle", func(t *testing.T) {
		st := given(live("old", time.Hour), connected("old", "c1"))
		st.Sessions[0].Address = "203.0.113.1"
		st, _, _ = contend(t, st, DefaultRules(), attempt{address: "192.0.2.1"})
		if len(st.Sharing.Replaced) != 1 {
			t.Errorf("sharing %+v", st.Sharing)
		}
	})
	t.Run("the same device goes on [A5]", func(t *testing.T) {
		if _, events, err := contend(t, given(), DefaultRules(), turns(9, time.Second, phone, phone)...); err != nil || count(events, SessionRotated) != 8 {
			t.Errorf("%v, %v", err, events)
		}
	})
	t.Run("switched off", func(t *testing.T) { // even while sharing is suspected
		rules := DefaultRules()
		rules.DetectSharing = false
		if st, _, err := contend(t, suspected(t), rules, turns(9, time.Second, here, there)...); err != nil || len(st.Sharing.Replaced) > 0 {
			t.Errorf("%v, %+v", err, st.Sharing)
		}
	})
}

// suspected is a state in which sharing has just been suspected, at 3 s; s3 is live.
func suspected(t *testing.T) State {
	t.Helper()
	st, events, err := contend(t, given(), DefaultRules(), turns(4, time.Second, attempt{address: "192.0.2.1"}, attempt{address: "198.51.100.1"})...)
	if err != nil || count(events, AccountSharingSuspected) != 1 {
		t.Fatalf("%v, %v", err, events)
	}
	return st
}

func TestA6_ForTenMinutes(t *testing.T) {
	for after, asked := range map[time.Duration]bool{
		4 * time.Second: true, 10*time.Minute + 2999*time.Millisecond: true, 10*time.Minute + 3*time.Second: false,
	} {
		// Whoever it is, in use or not.
		_, _, err := contend(t, suspected(t), DefaultRules(), attempt{after: after, address: "198.51.100.1"})
		if _, ok := errors.AsType[*TakeoverError](err); ok != asked {
			t.Errorf("after %s: %v", after, err)
		}
	}
	t.Run("what replaces nobody is not asked", func(t *testing.T) {
		st := suspected(t)
		st = then(t, st, end(st, DefaultRules(), at(5*time.Second), Ending{User: "ada-id", Code: LoggedOut}))
		if _, _, err := contend(t, st, DefaultRules(), attempt{after: 6 * time.Second, address: "192.0.2.1"}); err != nil {
			t.Error(err)
		}
	})
	t.Run("nor what an operator issues", func(t *testing.T) {
		if _, _, err := contend(t, suspected(t), DefaultRules(), attempt{after: 6 * time.Second, issued: true}); err != nil {
			t.Error(err)
		}
	})
}

func TestA6_ATicketConfirms(t *testing.T) {
	refused, _, err := contend(t, suspected(t), DefaultRules(), attempt{after: 5 * time.Second, address: "192.0.2.1"})
	asked, ok := errors.AsType[*TakeoverError](err)
	if !ok || len(refused.Sessions) != 1 || refused.Sessions[0].ID != "s3" {
		t.Fatalf("%v, %+v", err, refused.Sessions)
	}
	for _, ticket := range refused.Sharing.Tickets {
		if strings.Contains(string(ticket.Hash), asked.Ticket) {
			t.Error("SEC-15: the ticket itself is stored")
		}
	}
	for name, c := range map[string]struct {
		change func(*State)
		with   attempt
		in     bool
	}{
		"with its ticket":            {nil, attempt{after: 6 * time.Second, ticket: asked.Ticket}, true},
		"and the session that ends":  {nil, attempt{after: 6 * time.Second, ticket: asked.Ticket, session: "s3"}, true},
		"and an unknown session":     {nil, attempt{after: 6 * time.Second, ticket: asked.Ticket, session: "s2"}, false},
		"at the last moment":         {nil, attempt{after: 5*time.Second + 119999*time.Millisecond, ticket: asked.Ticket}, true},
		"too late":                   {nil, attempt{after: 125 * time.Second, ticket: asked.Ticket}, false},
		"with another":               {nil, attempt{after: 6 * time.Second, ticket: "ticket 7"}, false},
		"without one":                {nil, attempt{after: 6 * time.Second}, false},
		"of another password":        {func(st *State) { st.Sharing.Tickets[0].CredVersion = 3 }, attempt{after: 6 * time.Second, ticket: asked.Ticket}, false},
		"with a session and no more": {nil, attempt{after: 6 * time.Second, session: "s3"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			st := refused
			st.Sharing.Tickets = []Ticket{refused.Sharing.Tickets[0]}
			if c.change != nil {
				c.change(&st)
			}
			st, events, err := contend(t, st, DefaultRules(), c.with)
			again, refusedAgain := errors.AsType[*TakeoverError](err)
			if refusedAgain == c.in || c.in && err != nil {
				t.Fatalf("error %v", err)
			}
			if !c.in {
				if again.Ticket == "" || len(st.Sessions) != 1 || st.Sessions[0].ID != "s3" {
					t.Errorf("%+v, %+v", again, st.Sessions)
				}
				return
			}
			if count(events, AccountSharingSuspected) != 0 || st.Sessions[0].ID != "s0" {
				t.Errorf("events %v, sessions %+v", events, st.Sessions)
			}
			// Of one use.
			_, _, err = contend(t, st, DefaultRules(), attempt{after: c.with.after + time.Second, device: "third", ticket: asked.Ticket})
			if _, ok := errors.AsType[*TakeoverError](err); !ok {
				t.Errorf("a spent ticket: %v", err)
			}
		})
	}
}

func TestA6_TicketsAreBounded(t *testing.T) {
	st := suspected(t)
	for i := range 50 {
		st, _, _ = contend(t, st, DefaultRules(), attempt{after: 5*time.Second + time.Duration(i)*time.Millisecond})
	}
	if n := len(st.Sharing.Tickets); n != maxTickets {
		t.Errorf("%d tickets are out", n)
	}
	st, _, err := contend(t, st, DefaultRules(), attempt{after: 6 * time.Second, ticket: "ticket 0"})
	if err != nil { // the newest is good
		t.Error(err)
	}
	if st, _, _ = contend(t, st, DefaultRules(), attempt{after: time.Hour, device: "third", issued: true}); !st.Sharing.Empty() {
		t.Errorf("what is over stays: %+v", st.Sharing)
	}
}

func policy(p Policy) func(*State) { return func(st *State) { st.Pool.Policy = p } }

func TestA4_Deny(t *testing.T) {
	for name, c := range map[string]struct {
		st     State
		denied bool
	}{
		"nobody there":            {given(policy(PolicyDeny)), false},
		"active within a minute":  {given(policy(PolicyDeny), live("old", 59*time.Second)), true},
		"idle and not connected":  {given(policy(PolicyDeny), live("old", time.Minute)), false},
		"idle, but connected":     {given(policy(PolicyDeny), live("old", time.Hour), connected("old", "c1")), true},
		"one of two is dead":      {given(policy(PolicyDeny), live("dead", time.Hour), live("old", 0), func(st *State) { st.Pool.MaxSessions = 2 }), false},
		"both are alive":          {given(policy(PolicyDeny), live("old", 0), live("older", 0), func(st *State) { st.Pool.MaxSessions = 2 }), true},
		"the session has expired": {given(policy(PolicyDeny), live("old", 25*time.Hour), connected("old", "c1")), false},
	} {
		t.Run(name, func(t *testing.T) {
			ch, _, err := admit(c.st, DefaultRules(), start, logIn("new"))
			e, denied := errors.AsType[*ActiveError](err)
			if denied != c.denied || !denied && err != nil {
				t.Fatalf("error %v", err)
			}
			if denied && (!ch.Empty() || len(e.Sessions) != len(c.st.Sessions)) {
				t.Errorf("%+v, %+v", e, ch)
			}
			if st := then(t, c.st, ch); !denied && st.session("old") != nil && st.session("dead") != nil {
				t.Errorf("sessions %+v", st.Sessions)
			}
		})
	}
	t.Run("the server's policy", func(t *testing.T) {
		rules := DefaultRules()
		rules.Policy = PolicyDeny
		if _, _, err := admit(given(live("old", 0)), rules, start, logIn("new")); err == nil {
			t.Error("let in")
		}
		if _, _, err := admit(given(live("old", 0), policy(PolicyReplace)), rules, start, logIn("new")); err != nil {
			t.Errorf("the pool's own: %v", err)
		}
	})
}

func TestA4_Ask(t *testing.T) {
	st := given(policy(PolicyAsk), live("a", time.Hour), live("b", 2*time.Hour), connected("a", "c1"))
	st.Pool.MaxSessions = 2
	if _, _, err := contend(t, given(policy(PolicyAsk)), DefaultRules(), attempt{}); err != nil {
		t.Errorf("nobody is there: %v", err)
	}
	st, _, err := contend(t, st, DefaultRules(), attempt{})
	asked, ok := errors.AsType[*TakeoverError](err)
	if !ok || asked.Cause != CausePolicy || len(asked.Sessions) != 2 || !asked.Sessions[0].Connected || asked.Sessions[1].Connected {
		t.Fatalf("%v, %+v", err, asked)
	}
	if after, _, err := contend(t, st, DefaultRules(), attempt{ticket: asked.Ticket}); err != nil || after.session("b") != nil {
		t.Errorf("the least active gives way: %v, %+v", err, after.Sessions)
	}
	st, _, err = contend(t, st, DefaultRules(), attempt{ticket: asked.Ticket, session: "a"})
	if err != nil || st.session("a") != nil || st.session("b") == nil {
		t.Errorf("the one that was named gives way: %v, %+v", err, st.Sessions)
	}
	if _, _, err = contend(t, given(), DefaultRules(), attempt{ticket: "x", session: "gone"}); err == nil {
		t.Error("naming an unknown session is an admission")
	}
}
