package sqlite

import (
	"context"
	"testing"
	"time"

	"github.com/turnike/turnike/internal/session"
)

// The events of a commit share a position, which Update returns; the next commit,
// of this process or another one, has the next position.
func TestACommitHasOnePosition(t *testing.T) {
	b := backend(t)
	server, command := b.Open(t).(*Store), b.Open(t).(*Store)
	var heard collector
	if err := server.Listen("server", heard.add); err != nil {
		t.Fatal(err)
	}
	user := addUser(t, server, "ada")
	twice := func(p session.Pool, now time.Time) session.Change {
		ch := session.Change{Pool: p}
		for range 2 {
			ch.Pool.LogSeq++
			ch.Events = append(ch.Events, session.Event{Pool: p.ID, LogSeq: ch.Pool.LogSeq, PresenceSeq: p.PresenceSeq,
				Type: session.PoolChanged, By: session.BySystem(), At: now})
		}
		return ch
	}
	first, err := command.UpdatePool(t.Context(), user.Pool, twice)
	if err != nil {
		t.Fatal(err)
	}
	second, err := server.UpdatePool(t.Context(), user.Pool, twice)
	if err != nil {
		t.Fatal(err)
	}
	if first <= 0 || second != first+1 {
		t.Errorf("positions %d and %d", first, second)
	}
	none, err := server.Update(t.Context(), user.ID, func(st session.State, _ time.Time) session.Change {
		return session.Change{Pool: st.Pool}
	})
	if none != 0 || err != nil {
		t.Errorf("position %d of no change, %v", none, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := command.WaitApplied(ctx); err != nil {
		t.Fatal(err)
	}
	heard.mu.Lock()
	defer heard.mu.Unlock()
	want := []session.Pos{first - 1, first, first, second, second}
	if len(heard.events) != len(want) {
		t.Fatalf("%d events", len(heard.events))
	}
	for i, e := range heard.events {
		if e.Pos != want[i] {
			t.Errorf("event %d has position %d, want %d", i, e.Pos, want[i])
		}
	}
}
