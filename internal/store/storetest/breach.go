package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/turnike/turnike/internal/session"
)

// testBreach: rules that are wrong do no harm.
func testBreach(t *testing.T, b Backend) {
	now := time.UnixMilli(1_800_000_000_000).UTC()
	seat := func(user string) session.Seat {
		return session.Seat{User: user, Pool: Pool, Session: "s", State: session.Held, Since: now, Changed: now}
	}
	// right is a change that takes a seat as it should.
	right := func(st session.State) session.Change {
		p := st.Pool
		p.Held, p.LogSeq, p.PresenceSeq = p.Held+1, p.LogSeq+1, p.PresenceSeq+1
		return session.Change{Pool: p, Seats: []session.Seat{seat(st.User.ID)}, Events: []session.Event{{Pool: p.ID, LogSeq: p.LogSeq,
			PresenceSeq: p.PresenceSeq, At: now, By: session.BySystem(), Type: session.ConnectionRegistered, Status: session.Online, User: st.User.ID}}}
	}
	s := b.Open(t)
	rules := core(s)
	for name, c := range map[string]struct {
		limit  int
		change func(session.State, *session.Change)
		fine   bool
	}{
		"right":                    {9, func(session.State, *session.Change) {}, true},
		"above the limit":          {0, func(session.State, *session.Change) {}, false},
		"a seat not counted":       {9, func(_ session.State, ch *session.Change) { ch.Pool.Held-- }, false},
		"a count without a seat":   {9, func(_ session.State, ch *session.Change) { ch.Seats = nil }, false},
		"counted as another state": {9, func(_ session.State, ch *session.Change) { ch.Pool.Held--; ch.Pool.Grace++ }, false},
		"a seat nobody has":        {9, func(_ session.State, ch *session.Change) { ch.SeatsGone = []string{"nobody"} }, false},
		"somebody else's seat":     {9, func(_ session.State, ch *session.Change) { ch.Seats[0] = seat("somebody else") }, false},
		"another pool's seat":      {9, func(_ session.State, ch *session.Change) { ch.Seats[0].Pool = 0 }, false},
		"a held seat that ends":    {9, func(_ session.State, ch *session.Change) { ch.Seats[0].Deadline = now }, false},
		"without an event":         {9, func(_ session.State, ch *session.Change) { ch.Events = nil }, false},
		"a number left out":        {9, func(_ session.State, ch *session.Change) { ch.Events[0].LogSeq++; ch.Pool.LogSeq++ }, false},
		"a number again":           {9, func(_ session.State, ch *session.Change) { ch.Events[0].LogSeq--; ch.Pool.LogSeq-- }, false},
		"the pool's number":        {9, func(_ session.State, ch *session.Change) { ch.Pool.LogSeq++ }, false},
		"presence not numbered":    {9, func(_ session.State, ch *session.Change) { ch.Events[0].PresenceSeq--; ch.Pool.PresenceSeq-- }, false},
		"presence without status":  {9, func(_ session.State, ch *session.Change) { ch.Events[0].Status = "" }, false},
		"an event of no time":      {9, func(_ session.State, ch *session.Change) { ch.Events[0].At = time.Time{} }, false},
		"an event by no actor":     {9, func(_ session.State, ch *session.Change) { ch.Events[0].By = session.Actor{} }, false},
		"another pool's event":     {9, func(_ session.State, ch *session.Change) { ch.Events[0].Pool = 0 }, false},
		"another pool":             {9, func(_ session.State, ch *session.Change) { ch.Pool.ID = 0 }, false},
	} {
		t.Run(name, func(t *testing.T) {
			user, breaches := addUser(t, s, name), s.Stats().Breaches
			if err := rules.ChangePool(t.Context(), session.ByCLI("test"), Pool, session.PoolChange{Limit: &c.limit}); err != nil {
				t.Fatal(err)
			}
			before, _ := inside(t, s)
			_, err := s.Update(t.Context(), user, func(st session.State, _ time.Time) session.Change {
				ch := right(st)
				c.change(st, &ch)
				return ch
			})
			after, entries := inside(t, s)
			if c.fine {
				if err != nil || after.Held != before.Held+1 || len(entries) != after.Held {
					t.Errorf("%v: %+v, %v", err, after, entries)
				}
				return
			}
			if n := s.Stats().Breaches - breaches; !errors.Is(err, session.ErrUnavailable) || n != 1 {
				t.Errorf("error %v, %d breaches", err, n)
			}
			if after != before || len(entries) != before.Held {
				t.Errorf("it changed %+v to %+v, %v", before, after, entries)
			}
		})
	}
}
