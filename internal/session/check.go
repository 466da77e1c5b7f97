package session

import "fmt"

// Breach is a change that breaks an invariant. A store refuses and logs it. Correct
// rules never make one: it protects against a defect in them.
type Breach struct{ What string }

func (b *Breach) Error() string { return "session: refused: " + b.What }

func breachf(format string, args ...any) error { return &Breach{What: fmt.Sprintf(format, args...)} }

// Check refuses a change of a state that does not keep the invariants: the bound
// [I1], the counters as the sum of the seats [A2], one event per change, and events
// numbered without gaps [I4] that name their actor. Every store calls it before it writes; for a change
// of a pool alone the state has no user. Error: *Breach.
func Check(st State, ch Change) error {
	if ch.Empty() {
		if ch.User != nil || ch.Device != nil || ch.Sharing != nil || len(ch.Sessions)+len(ch.Conns)+len(ch.ConnsGone)+len(ch.Seats)+len(ch.SeatsGone)+
			len(ch.SeatLost) > 0 {
			return breachf("a change without an event")
		}
		return nil
	}
	if ch.Pool.ID != st.Pool.ID || ch.Pool.Name != st.Pool.Name {
		return breachf("a change of pool %d became one of pool %d", st.Pool.ID, ch.Pool.ID)
	}
	if ch.Sharing != nil && st.User.ID == "" {
		return breachf("a sharing record in a change without a user")
	}
	if d := ch.Device; d != nil && (st.User.ID == "" || d.User != st.User.ID) {
		return breachf("a device of user %s in a change of user %s", d.User, st.User.ID)
	}
	if err := checkNumbers(st.Pool, ch); err != nil {
		return err
	}
	if err := checkSeats(st, ch); err != nil {
		return err
	}
	if used := ch.Pool.Used(); used > st.Pool.Used() && used > ch.Pool.Limit {
		return breachf("pool %d would use %d of %d seats", ch.Pool.ID, used, ch.Pool.Limit)
	}
	return nil
}

func checkNumbers(old Pool, ch Change) error {
	log, presence := old.LogSeq, old.PresenceSeq
	for _, e := range ch.Events {
		log++
		if e.Status != "" {
			presence++
		}
		if e.Pool != old.ID || e.LogSeq != log || e.PresenceSeq != presence {
			return breachf("event %s of pool %d is numbered %d/%d, not %d/%d", e.Type, e.Pool, e.LogSeq, e.PresenceSeq,
				log, presence)
		}
		if e.At.IsZero() || e.Type == "" {
			return breachf("event %d of pool %d has no time or type", e.LogSeq, e.Pool)
		}
		if e.By.Kind == "" {
			return breachf("event %s of pool %d does not say by whom", e.Type, e.Pool)
		}
	}
	if ch.Pool.LogSeq != log || ch.Pool.PresenceSeq != presence {
		return breachf("pool %d is numbered %d/%d after event %d/%d", old.ID, ch.Pool.LogSeq, ch.Pool.PresenceSeq, log, presence)
	}
	return nil
}

// checkSeats compares the counters with the seats after the change.
func checkSeats(st State, ch Change) error {
	count := map[SeatState]int{Held: st.Pool.Held, Grace: st.Pool.Grace, Offered: st.Pool.Offered}
	moved := make(map[string]SeatState, 2)
	move := func(user string, to SeatState) error {
		from, ok := st.seatOf(user)
		if !ok {
			return breachf("the seat of user %s was changed without having been looked at", user)
		}
		if now, again := moved[user]; again {
			from = now
		}
		count[from]--
		count[to]++
		moved[user] = to
		return nil
	}
	for _, user := range ch.SeatsGone {
		if err := move(user, ""); err != nil {
			return err
		}
	}
	for _, s := range ch.Seats {
		if s.Pool != ch.Pool.ID {
			return breachf("a seat of pool %d in a change of pool %d", s.Pool, ch.Pool.ID)
		}
		if s.State == Held != s.Deadline.IsZero() {
			return breachf("the seat of user %s is %s with deadline %v", s.User, s.State, s.Deadline)
		}
		if err := move(s.User, s.State); err != nil {
			return err
		}
	}
	p := ch.Pool
	if p.Held != count[Held] || p.Grace != count[Grace] || p.Offered != count[Offered] {
		return breachf("pool %d counts %d held, %d in grace, %d offered, its seats %d, %d, %d", p.ID, p.Held, p.Grace, p.Offered,
			count[Held], count[Grace], count[Offered])
	}
	return nil
}

// seatOf returns the state of a user's seat, "" for none. It reports false for a user
// that the state does not include.
func (s *State) seatOf(user string) (SeatState, bool) {
	switch {
	case user == "":
	case user == s.User.ID && s.Seat != nil:
		return s.Seat.State, true
	case user == s.User.ID:
		return "", true
	case s.Next != nil && user == s.Next.User:
		return s.Next.State, true
	}
	return "", false
}
