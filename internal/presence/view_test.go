package presence

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/turnike/turnike/internal/session"
)

var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// testView is a pool with ayse held and berk in grace, at log 10 and presence 4.
func testView(namesTo int) *view {
	return newView(Snapshot{
		Pool: session.Pool{ID: 1, Name: "default", Limit: 3, Held: 1, Grace: 1, LogSeq: 10, PresenceSeq: 4},
		Entries: []Entry{
			{User: "u2", Name: "berk", State: session.Grace, Since: noon, Changed: noon.Add(time.Minute)},
			{User: "u1", Name: "ayşe", State: session.Held, Since: noon, Changed: noon, Connections: 1},
		},
	}, Config{Epoch: "E", NamesUpTo: namesTo, Visibility: session.VisibilityNames})
}

// next is the event after the view's newest.
func next(v *view, e session.Event) session.Event {
	e.Pool, e.LogSeq, e.PresenceSeq, e.Limit = 1, v.logSeq+1, v.seq, v.seats.limit
	if e.Status != "" {
		e.PresenceSeq++
	}
	return e
}

func syncOf(t *testing.T, v *view, a audience) string {
	t.Helper()
	return string(v.syncJSON(a))
}

// TestP1_ViewFollowsSeats: what joiners are told is what the seats were, changed
// by each event after.
func TestP1_ViewFollowsSeats(t *testing.T) {
	v := testView(10)
	want := `{"epoch":"E","seq":4,"users":[` +
		`{"username":"ayşe","state":"online","since":"2026-05-01T12:00:00.000Z","connections":1},` +
		`{"username":"berk","state":"reconnecting","since":"2026-05-01T12:01:00.000Z","connections":0}],"count":2}`
	if diff := cmp.Diff(want, syncOf(t, v, seesNames)); diff != "" {
		t.Error(diff)
	}
	later := noon.Add(2 * time.Minute)
	for _, e := range []session.Event{
		{Type: session.ConnectionRegistered, User: "u2", Username: "berk", Status: session.Online, Since: noon, Connections: 1, Held: 2},
		{Type: session.ConnectionRegistered, User: "u0", Username: "can", Status: session.Online, Since: later, Connections: 1, Held: 3},
		{Type: session.ConnectionRegistered, User: "u1", Username: "ayşe", Connections: 2, Held: 3},                                    // a second tab
		{Type: session.ConnectionRegistered, User: "a1", Username: "admin", Connections: 1, Held: 3},                                   // A8
		{Type: session.SeatFreed, User: "u2", Username: "berk", Status: session.Offline, OfflineReason: "left", Held: 2, Since: later}, // S3
	} {
		if got := v.apply(next(v, e)); got != applied {
			t.Fatalf("%v: %v", e.Type, got)
		}
	}
	want = `{"epoch":"E","seq":7,"users":[` +
		`{"username":"ayşe","state":"online","since":"2026-05-01T12:00:00.000Z","connections":2},` +
		`{"username":"can","state":"online","since":"2026-05-01T12:02:00.000Z","connections":1}],"count":2}`
	if diff := cmp.Diff(want, syncOf(t, v, seesNames)); diff != "" {
		t.Error(diff)
	}
	if got := string(v.namesJSON(seesNames)); got != `{"users":["ayşe","can"],"count":2}` {
		t.Error(got)
	}
	if got := string(v.namesJSON(seesCount)); got != `{"users":[],"count":2}` {
		t.Error(got)
	}
}

// TestP3_ViewNeedsEveryEvent: an event that is in the snapshot already is
// skipped; one after a gap, a restart or a lost log makes the hub read the seats again.
func TestP3_ViewNeedsEveryEvent(t *testing.T) {
	v := testView(10)
	for _, c := range []struct {
		name string
		e    session.Event
		want outcome
	}{
		{"old", session.Event{LogSeq: 10}, known},
		{"gap", session.Event{LogSeq: 12}, missed},
		{"restart", session.Event{LogSeq: 11, Type: session.ServerStarted}, missed},
		{"lost", session.Event{LogSeq: 3, Type: session.LogLost}, missed},
		{"next", session.Event{LogSeq: 11, PresenceSeq: 4, Limit: 3}, applied},
	} {
		if got := v.apply(c.e); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// TestP4_NamesUpTo: above the configured number a pool shows only how many, and
// names again below it.
func TestP4_NamesUpTo(t *testing.T) {
	v := testView(2)
	if v.visibility() != session.VisibilityNames {
		t.Fatal("two of two are not shown by name")
	}
	v.apply(next(v, session.Event{User: "u3", Username: "deniz", Status: session.Online, Held: 2, Grace: 1}))
	if v.visibility() != session.VisibilityCount {
		t.Error("three of two are shown by name")
	}
	v.apply(next(v, session.Event{User: "u3", Username: "deniz", Status: session.Offline, Held: 1, Grace: 1}))
	if v.visibility() != session.VisibilityNames {
		t.Error("names do not come back")
	}
	v.apply(next(v, session.Event{Type: session.PoolChanged, Presence: session.VisibilityNone, Held: 1, Grace: 1}))
	if v.visibility() != session.VisibilityNone {
		t.Error("the pool's own choice does not win [P5]")
	}
}

// TestP4_SharedSnapshots: what was encoded once is sent again until something
// changes.
func TestP4_SharedSnapshots(t *testing.T) {
	v := testView(10)
	before, names, slots := v.sync(seesNames), v.names(seesCount), v.slotsPayload()
	if before != v.sync(seesNames) || names != v.names(seesCount) || slots != v.slotsPayload() {
		t.Error("a snapshot is encoded twice")
	}
	v.apply(next(v, session.Event{User: "u1", Username: "ayşe", Connections: 2, Held: 1, Grace: 1}))
	if v.sync(seesNames) == before {
		t.Error("a changed snapshot is not encoded again")
	}
}

// BenchmarkSnapshot is a joiner's snapshot after one change in a full pool.
func BenchmarkSnapshot(b *testing.B) {
	snap := Snapshot{Pool: session.Pool{ID: 1, Limit: 5000, Held: 5000}}
	for i := range 5000 {
		snap.Entries = append(snap.Entries, Entry{User: fmt.Sprint(i), Name: fmt.Sprintf("user%04d", i), State: session.Held, Since: noon, Connections: 1})
	}
	v := newView(snap, Config{NamesUpTo: 10000, Visibility: session.VisibilityNames})
	b.ReportAllocs()
	for b.Loop() {
		v.apply(next(v, session.Event{User: "7", Username: "user0007", Connections: 1, Held: 5000}))
		if !json.Valid(v.syncJSON(seesNames)) {
			b.Fatal("not JSON")
		}
	}
}

// BenchmarkJoin is what a hub encodes for one join to a pool of 2000: the change
// for all, and the snapshot for the one who joined.
func BenchmarkJoin(b *testing.B) {
	b.ReportAllocs()
	snap := Snapshot{Pool: session.Pool{Name: "default", Limit: 5000, Held: 2000, LogSeq: 1, PresenceSeq: 1}}
	for i := range 2000 {
		snap.Entries = append(snap.Entries, Entry{User: fmt.Sprint(i), Name: fmt.Sprintf("user-%06d", i),
			State: session.Held, Since: time.Now(), Connections: 1})
	}
	v := newView(snap, Config{Epoch: "0123456789", NamesUpTo: 5000, Visibility: session.VisibilityNames})
	e := session.Event{Type: session.ConnectionRegistered, User: "5", Username: "user-000005", Status: session.Online,
		LogSeq: 1, PresenceSeq: 1, Limit: 5000, Held: 2000, Connections: 1, Since: time.Now()}
	for b.Loop() {
		e.LogSeq++
		e.PresenceSeq++
		if v.apply(e) != applied {
			b.Fatal("not applied")
		}
		if v.status(e).Len()+v.slotsPayload().Len()+v.names(seesNames).Len()+v.sync(seesNames).Len() == 0 {
			b.Fatal("nothing encoded")
		}
	}
}
