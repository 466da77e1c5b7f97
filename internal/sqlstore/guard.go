package sqlstore

import (
	"fmt"

	"github.com/turnike/turnike/internal/session"
)

// breach is a change that breaks an invariant. It is refused and logged: the
// rules never make one, so it is defence in depth against a defect in them.
type breach struct{ what string }

func (b *breach) Error() string { return "sqlstore: refused: " + b.what }

func breachf(format string, args ...any) error { return &breach{what: fmt.Sprintf(format, args...)} }

// check refuses a change that does not keep the invariants: the bound [I1], the
// counters as the sum of the seats [A2], one event per change and events
// numbered without gaps [I4].
func check(l loaded, ch session.Change) error {
	if ch.Empty() {
		if ch.User != nil || ch.Device != nil || ch.Contest != nil || len(ch.Sessions)+len(ch.Conns)+len(ch.ConnsGone)+len(ch.Seats)+len(ch.SeatsGone)+
			len(ch.SeatLost) > 0 {
			return breachf("a change without an event")
		}
		return nil
	}
	if ch.Pool.ID != l.Pool.ID || ch.Pool.Name != l.Pool.Name {
		return breachf("a change of pool %d became one of pool %d", l.Pool.ID, ch.Pool.ID)
	}
	if ch.Contest != nil && l.no == 0 {
		return breachf("a contest in a change of no user")
	}
	if d := ch.Device; d != nil && (l.no == 0 || d.User != l.User.ID) {
		return breachf("a device of user %s in a change of user %s", d.User, l.User.ID)
	}
	if err := checkNumbers(l.Pool, ch); err != nil {
		return err
	}
	if err := checkSeats(l, ch); err != nil {
		return err
	}
	if used := ch.Pool.Used(); used > l.Pool.Used() && used > ch.Pool.Limit {
		return breachf("pool %d would use %d of %d seats", ch.Pool.ID, used, ch.Pool.Limit)
	}
	return nil
}

func checkNumbers(old session.Pool, ch session.Change) error {
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
	}
	if ch.Pool.LogSeq != log || ch.Pool.PresenceSeq != presence {
		return breachf("pool %d is numbered %d/%d after event %d/%d", old.ID, ch.Pool.LogSeq, ch.Pool.PresenceSeq, log, presence)
	}
	return nil
}

// checkSeats counts the seats as they will be.
func checkSeats(l loaded, ch session.Change) error {
	count := map[session.SeatState]int{session.Held: l.Pool.Held, session.Grace: l.Pool.Grace, session.Offered: l.Pool.Offered}
	moved := make(map[string]session.SeatState, 2)
	move := func(user string, to session.SeatState) error {
		_, from, ok := l.seat(user)
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
		if s.State == session.Held != s.Deadline.IsZero() {
			return breachf("the seat of user %s is %s with deadline %v", s.User, s.State, s.Deadline)
		}
		if err := move(s.User, s.State); err != nil {
			return err
		}
	}
	p := ch.Pool
	if p.Held != count[session.Held] || p.Grace != count[session.Grace] || p.Offered != count[session.Offered] {
		return breachf("pool %d counts %d held, %d in grace, %d offered, its seats %d, %d, %d", p.ID, p.Held, p.Grace, p.Offered,
			count[session.Held], count[session.Grace], count[session.Offered])
	}
	return nil
}
