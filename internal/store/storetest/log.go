package storetest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/store"
)

func testLogEvents(t *testing.T, b Backend) {
	s := b.Open(t)
	rec := listen(t, s)
	before, _ := inside(t, s)
	at := s.Now().Add(-time.Minute)
	err := s.LogEvents(t.Context(), []session.Event{
		{Pool: Pool, Type: session.LoginFailed, Username: "ışık \"<\\", Count: 3, Throttled: 2, At: at},
		{Pool: session.SystemPool, Type: session.LoginFailed, Count: 1},
		{Pool: Pool, Type: session.LoginFailed, Count: 4, At: at},
	})
	if err != nil {
		t.Fatal(err)
	}
	events, err := s.EventsAfter(t.Context(), Pool, before.LogSeq, 100)
	if err != nil || len(events) != 2 {
		t.Fatalf("events %+v, %v", events, err)
	}
	want := session.Event{Pool: Pool, LogSeq: before.LogSeq + 1, Pos: events[1].Pos, PresenceSeq: before.PresenceSeq, At: at,
		Type: session.LoginFailed, By: session.BySystem(), Username: "ışık \"<\\", Count: 3, Throttled: 2, Limit: before.Limit}
	if !reflect.DeepEqual(events[0], want) || want.Pos == 0 || events[1].LogSeq != before.LogSeq+2 || events[1].Count != 4 {
		t.Errorf("events %+v, want %+v first", events, want)
	}
	if one, err := s.EventsAfter(t.Context(), Pool, before.LogSeq, 1); err != nil || len(one) != 1 || one[0].LogSeq != want.LogSeq {
		t.Errorf("one event: %+v, %v", one, err)
	}
	heads, err := s.Heads(t.Context())
	if err != nil || len(heads) != 2 || heads[0].ID != session.SystemPool || heads[1].LogSeq != before.LogSeq+2 {
		t.Errorf("heads %+v, %v", heads, err)
	}
	system, err := s.EventsAfter(t.Context(), session.SystemPool, heads[0].LogSeq-1, 100)
	if err != nil || len(system) != 1 || system[0].At.IsZero() {
		t.Errorf("an event without a time: %+v, %v", system, err)
	}
	if n := len(rec.all()); n != 3 {
		t.Errorf("the listener was handed %d events", n)
	}
	err = s.LogEvents(t.Context(), []session.Event{{Pool: Pool, Type: session.LoginFailed}, {Pool: 4711, Type: session.LoginFailed}})
	if p, _ := inside(t, s); !errors.Is(err, session.ErrNoPool) || p.LogSeq != before.LogSeq+2 {
		t.Errorf("an unknown pool: %v, the log ends at %d", err, p.LogSeq)
	}
}

// testManyForeignEvents: a server is handed what a command has written to several
// pools, one of which is new, in order and without gaps.
func testManyForeignEvents(t *testing.T, b Backend) {
	const accounts = 2500
	server, command := b.Open(t), b.Open(t)
	second, err := command.CreatePool(t.Context(), session.ByCLI("test"), "second", 7)
	if err != nil {
		t.Fatal(err)
	}
	rec := listen(t, server)
	users := make([]store.NewUser, accounts)
	for i := range users {
		users[i] = store.NewUser{Name: fmt.Sprintf("user%04d", i), Role: account.RoleUser, Pool: []string{"", "second"}[i%2]}
	}
	if err := command.CreateUsers(t.Context(), session.ByCLI("test"), users); err != nil {
		t.Fatal(err)
	}
	third, err := command.CreatePool(t.Context(), session.ByCLI("test"), "third", 1)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := command.WaitApplied(ctx); err != nil {
		t.Fatal(err)
	}
	last := map[session.PoolID]int64{second.ID: second.LogSeq}
	events := rec.all()
	for _, e := range events {
		if last[e.Pool]++; e.LogSeq != last[e.Pool] {
			t.Fatalf("event %d of pool %d, want %d", e.LogSeq, e.Pool, last[e.Pool])
		}
	}
	if len(events) != accounts+1 || last[third.ID] != 1 {
		t.Errorf("%d events, %v", len(events), last)
	}
}
