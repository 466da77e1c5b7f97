package realtime

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/socketio"
)

// BenchmarkJoin is what a hub encodes for one join to a pool of 2000: the change
// for all, and the snapshot for who joined.
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

func BenchmarkPong(b *testing.B) {
	b.ReportAllocs()
	var args socketio.Args
	if err := json.Unmarshal([]byte(`[{"n":1}]`), &args); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if pongTo(nil, args, time.Now()).Len() == 0 {
			b.Fatal("nothing encoded")
		}
	}
}
