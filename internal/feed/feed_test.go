package feed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"testing"

	"github.com/turnike/turnike/internal/session"
)

// events is a log in memory; a pool's log ends with its last event, or at head.
type events struct {
	pools  map[session.PoolID][]session.Event
	head   map[session.PoolID]int64 // if the newest events were pruned
	reads  int
	failAt int // the read that fails, from 1; 0 for none
}

func (l *events) add(pool session.PoolID, n int) {
	for range n {
		all := l.pools[pool]
		l.pools[pool] = append(all, session.Event{Pool: pool, LogSeq: int64(len(all) + 1)})
	}
}

func (l *events) Heads(context.Context) ([]session.Pool, error) {
	var heads []session.Pool
	for id := range session.PoolID(len(l.pools)) {
		p := session.Pool{ID: id, Name: fmt.Sprint("pool", id), LogSeq: l.head[id]}
		if n := len(l.pools[id]); n > 0 {
			p.LogSeq = max(p.LogSeq, l.pools[id][n-1].LogSeq)
		}
		heads = append(heads, p)
	}
	return heads, nil
}

var errRead = errors.New("unreadable")

func (l *events) EventsAfter(_ context.Context, pool session.PoolID, after int64, n int) ([]session.Event, error) {
	if l.reads++; l.reads == l.failAt {
		return nil, errRead
	}
	var out []session.Event
	for _, e := range l.pools[pool] {
		if e.LogSeq > after && len(out) < n {
			out = append(out, e)
		}
	}
	return out, nil
}

// follow returns how many events of each pool were handed over, in how many
// batches, and fails if one comes out of order.
func follow(t *testing.T, c Cursor, log Log, want error) (got map[session.PoolID]int, batches int) {
	t.Helper()
	got = map[session.PoolID]int{}
	_, err := c.Follow(t.Context(), log, func(b Batch) {
		batches++
		last := c[b.Pool.ID]
		for _, e := range b.Events {
			if e.LogSeq <= last {
				t.Errorf("event %d of pool %d after %d", e.LogSeq, b.Pool.ID, last)
			}
			last = e.LogSeq
			got[b.Pool.ID]++
		}
	})
	if !errors.Is(err, want) {
		t.Errorf("error %v, want %v", err, want)
	}
	return got, batches
}

func newLog(counts ...int) *events {
	l := &events{pools: map[session.PoolID][]session.Event{}, head: map[session.PoolID]int64{}}
	for id, n := range counts {
		l.pools[session.PoolID(id)] = nil
		l.add(session.PoolID(id), n)
	}
	return l
}

func TestFollow(t *testing.T) {
	l := newLog(3, 2*slice+7)
	c := Cursor{}
	if got, batches := follow(t, c, l, nil); got[0] != 3 || got[1] != 2*slice+7 || batches != 4 {
		t.Errorf("%v in %d batches", got, batches)
	}
	if got, batches := follow(t, c, l, nil); len(got) != 0 || batches != 0 {
		t.Errorf("%v in %d batches, with nothing new", got, batches)
	}
	l.add(0, 1)
	l.pools[2] = nil
	l.add(2, 5) // a new pool is read from its first event
	if got, _ := follow(t, c, l, nil); got[0] != 1 || got[2] != 5 || len(got) != 2 {
		t.Errorf("%v", got)
	}
}

func TestAtSkipsWhatIsThere(t *testing.T) {
	l := newLog(3, 4)
	heads, err := l.Heads(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c := At(heads)
	l.add(1, 2)
	if got, _ := follow(t, c, l, nil); got[1] != 2 || len(got) != 1 {
		t.Errorf("%v", got)
	}
}

// An error leaves the cursor where the reader is: the next read goes on there.
func TestFollowGoesOnAfterAnError(t *testing.T) {
	l := newLog(5, 2*slice)
	l.failAt = 3
	c := Cursor{}
	first, _ := follow(t, c, l, errRead)
	second, _ := follow(t, c, l, nil)
	if first[0] != 5 || first[1] != slice || second[1] != slice || second[0] != 0 {
		t.Errorf("%v, then %v", first, second)
	}
}

func TestPrunedEventsArePassed(t *testing.T) {
	l := newLog(6)
	l.pools[0] = l.pools[0][2:4]
	l.head[0] = 6
	c := Cursor{}
	if got, _ := follow(t, c, l, nil); got[0] != 2 || c[0] != 6 {
		t.Errorf("%v, cursor at %d", got, c[0])
	}
}

// After an older database was restored, the cursor moves back to its end, and
// the reader hears of the move.
func TestAnOlderDatabase(t *testing.T) {
	l := newLog(4)
	c := Cursor{0: 9}
	if got, batches := follow(t, c, l, nil); len(got) != 0 || batches != 1 || c[0] != 4 {
		t.Errorf("%v in %d batches, cursor at %d", got, batches, c[0])
	}
	l.add(0, 1)
	if got, _ := follow(t, c, l, nil); got[0] != 1 {
		t.Errorf("%v", got)
	}
}

func TestCursorIsSavedAsJSON(t *testing.T) {
	c := Cursor{0: 3, 7: 12}
	raw, err := json.Marshal(c)
	if err != nil || string(raw) != `{"0":3,"7":12}` {
		t.Errorf("%s, %v", raw, err)
	}
	var again Cursor
	if err := json.Unmarshal(raw, &again); err != nil || !maps.Equal(c, again) {
		t.Errorf("%v, %v", again, err)
	}
}
