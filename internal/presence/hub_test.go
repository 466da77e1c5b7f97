package presence

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/turnike/turnike/engineio"
	"github.com/turnike/turnike/internal/session"
)

// receiver is a connection that keeps what it was sent.
type receiver struct {
	sees         bool
	registering  atomic.Bool
	ended        atomic.Bool
	mu           sync.Mutex // guards the rest
	got          []*engineio.Payload
	closed       bool
	acks, denied int
}

func (r *receiver) Send(p *engineio.Payload) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.got = append(r.got, p)
	return true
}

func (r *receiver) Ended() bool       { return r.ended.Load() }
func (r *receiver) Registering() bool { return r.registering.Load() }
func (r *receiver) SeesAll() bool     { return r.sees }

func (r *receiver) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
}

// Ack implements Reply.
func (r *receiver) Ack(any) *engineio.Payload {
	r.acks++
	return engineio.Text([]byte("ack"))
}

// Refuse implements Reply.
func (r *receiver) Refuse(Refusal) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.denied++
}

// writes returns how many packets each write had since the last call.
func (r *receiver) writes() string {
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	var n []int
	for _, p := range r.got {
		n = append(n, p.Packets())
	}
	r.got = nil
	return fmt.Sprint(n)
}

// pool is a pool of a test: its hub, and what the hub reads from.
type pool struct {
	*Hub
	mu     sync.Mutex // guards the rest
	row    session.Pool
	broken bool // the seats cannot be read
	defect bool // reading them panics, once
	reads  int
	panics int
}

// newPool returns an empty pool with three seats. It must be called in a bubble of
// synctest.
func newPool(t *testing.T, visibility session.Visibility) *pool {
	p := &pool{row: session.Pool{ID: 1, Name: "default", Limit: 3}}
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	t.Cleanup(func() { stop(); wg.Wait() })
	p.Hub = New(ctx, Config{Epoch: "E", Visibility: visibility, NamesUpTo: 10, Go: wg.Go, Log: slog.New(slog.DiscardHandler),
		Shift:    func() time.Duration { return 0 },
		Panicked: func(string, any) { p.panics++ },
		Snapshot: func(context.Context, session.PoolID) (Snapshot, error) {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.reads++
			if p.defect {
				p.defect = false
				panic("a defect")
			}
			if p.broken {
				return Snapshot{}, errors.New("input/output error")
			}
			return Snapshot{Pool: p.row}, nil
		}}).Of(1)
	return p
}

// set changes what the hub meets when it reads the seats.
func (p *pool) set(broken, defect bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.broken, p.defect = broken, defect
}

// happen commits an event after which held seats are held.
func (p *pool) happen(user string, held int) {
	p.mu.Lock()
	p.row.LogSeq++
	p.row.PresenceSeq++
	status := session.Online
	if held < p.row.Held {
		status = session.Offline
	}
	p.row.Held = held
	e := session.Event{Pool: 1, LogSeq: p.row.LogSeq, PresenceSeq: p.row.PresenceSeq, Limit: 3, Held: held, User: user, Username: user, Status: status}
	p.mu.Unlock()
	p.Apply(e)
}

func (p *pool) join(r *receiver) {
	p.Join(Join{Receiver: r, Welcome: func(pool string) (ack, response *engineio.Payload) {
		return nil, engineio.Text([]byte("welcome to " + pool))
	}})
}

func (p *pool) ask(r *receiver, topic Topic) { p.Ask(Question{Receiver: r, Topic: topic, Reply: r}) }

func want(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: writes of %s packets, want %s", what, got, want)
	}
}

// TestP4_OneWrite: a receiver that joins gets response, slots, names and state in
// one write, and after that each batch of changes in one write.
func TestP4_OneWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPool(t, session.VisibilityNames)
		ada, watcher := &receiver{}, &receiver{}
		p.join(ada)
		want(t, "the join", ada.writes(), "[4]")
		p.Watch(Watch{Receiver: watcher, Limit: 3})
		want(t, "a refusal that is still true", watcher.writes(), "[]")
		p.happen("ada", 1)
		want(t, "a change with slots", ada.writes(), "[2]")
		want(t, "the slots alone", watcher.writes(), "[1]")
		watcher.registering.Store(true)
		p.happen("bob", 2)
		want(t, "a change with slots", ada.writes(), "[2]")
		want(t, "while it registers", watcher.writes(), "[]")
		p.join(watcher)
		want(t, "the join of a watcher", watcher.writes(), "[4]")
		p.happen("bob", 1)
		want(t, "a member", watcher.writes(), "[2]")
	})
}

// TestP5_Audiences: users of a pool that shows only how many are inside get
// numbers, administrators get every change.
func TestP5_Audiences(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPool(t, session.VisibilityNone)
		user, admin := &receiver{}, &receiver{sees: true}
		p.join(user)
		p.join(admin)
		user.writes()
		admin.writes()
		p.happen("ada", 1)
		want(t, "a user", user.writes(), "[1]")
		want(t, "an administrator", admin.writes(), "[2]")
		p.ask(user, AboutOnlineUsers)
		p.ask(admin, AboutOnlineUsers)
		want(t, "a user who asks", user.writes(), "[]")
		want(t, "an administrator who asks", admin.writes(), "[2]")
		if user.denied != 1 || admin.denied != 0 {
			t.Errorf("%d and %d questions were refused", user.denied, admin.denied)
		}
	})
}

// TestP3_Repair: after a missing event the members get the whole state, read again.
func TestP3_Repair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPool(t, session.VisibilityNames)
		ada := &receiver{}
		p.join(ada)
		ada.writes()
		p.mu.Lock()
		p.row.LogSeq++ // an event that the hub never gets
		p.mu.Unlock()
		p.happen("bob", 1)
		want(t, "after a gap", ada.writes(), "[2]")
		if p.reads != 2 {
			t.Errorf("the seats were read %d times, want 2", p.reads)
		}
		if p.view.seq != p.row.PresenceSeq {
			t.Errorf("the view is at %d, want %d", p.view.seq, p.row.PresenceSeq)
		}
	})
}

// TestS9_Watchers: a receiver that asks for the slots watches until it leaves.
func TestS9_Watchers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPool(t, session.VisibilityNames)
		bob := &receiver{}
		p.ask(bob, AboutSlots)
		want(t, "the answer", bob.writes(), "[2]")
		p.happen("ada", 1)
		want(t, "a change", bob.writes(), "[1]")
		p.Leave(bob)
		p.happen("ada", 0)
		want(t, "after it left", bob.writes(), "[]")
		if n := len(p.watchers); n != 0 {
			t.Errorf("%d still watch", n)
		}
	})
}

// TestP1_EndedBeforeItJoined: a receiver whose connection ended before the hub let
// it in does not stay a member.
func TestP1_EndedBeforeItJoined(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPool(t, session.VisibilityNames)
		gone := &receiver{}
		gone.ended.Store(true)
		p.join(gone)
		synctest.Wait()
		if n := len(p.members); n != 0 {
			t.Errorf("%d members", n)
		}
	})
}

// TestI7_SeatsCannotBeRead: while the seats cannot be read, a hub keeps no events
// and refuses questions. Afterwards nothing is missing.
func TestI7_SeatsCannotBeRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPool(t, session.VisibilityNames)
		ada, bob := &receiver{}, &receiver{}
		p.join(ada)
		ada.writes()
		p.set(true, false)
		p.Apply(session.Event{Pool: 1, Type: session.LogLost}) // so that they must be read
		synctest.Wait()
		p.join(bob)
		for i := range 20 {
			p.happen("eve", i%2)
		}
		p.ask(ada, AboutOnlineUsers)
		time.Sleep(10 * time.Second)
		want(t, "a member", ada.writes(), "[]")
		if ada.denied != 1 {
			t.Errorf("%d questions were refused, want 1", ada.denied)
		}
		p.Hub.mu.Lock()
		queued := len(p.queue)
		p.Hub.mu.Unlock()
		if queued > 1 {
			t.Errorf("%d items are queued", queued)
		}
		p.set(false, false)
		time.Sleep(time.Second)
		if got := ada.writes(); !strings.HasPrefix(got, "[2") {
			t.Errorf("a member got %s packets, want the state first", got)
		}
		want(t, "the one that joined", bob.writes(), "[4]")
		p.happen("eve", 0)
		want(t, "a change", bob.writes(), "[2]")
	})
}

// TestSEC40_HubPanics: after a panic in a hub the receivers that were about to join
// are closed, and the members get the whole state.
func TestSEC40_HubPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPool(t, session.VisibilityNames)
		p.set(false, true)
		unlucky, ada := &receiver{}, &receiver{}
		p.join(unlucky)
		want(t, "the one that was about to join", unlucky.writes(), "[]")
		if !unlucky.closed || p.panics != 1 {
			t.Errorf("closed is %v after %d panics", unlucky.closed, p.panics)
		}
		p.join(ada)
		want(t, "a join", ada.writes(), "[4]")
		p.set(false, true)
		p.Apply(session.Event{Pool: 1, Type: session.LogLost})
		ada.writes()
		p.happen("bob", 1)
		want(t, "a member", ada.writes(), "[2]")
		if p.panics != 2 {
			t.Errorf("%d panics are reported, want 2", p.panics)
		}
	})
}

// TestSEC45_Rest: after a long batch a hub sleeps as long as the batch took, 100 ms
// at most, so that later changes share a write.
func TestSEC45_Rest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPool(t, session.VisibilityNames)
		ada := &receiver{}
		p.Join(Join{Receiver: ada, Welcome: func(string) (ack, response *engineio.Payload) {
			time.Sleep(time.Second) // a long batch
			return nil, nil
		}})
		time.Sleep(time.Second + 50*time.Millisecond)
		p.happen("bob", 1)
		p.happen("eve", 2)
		ada.writes()
		time.Sleep(51 * time.Millisecond)
		want(t, "two changes during the rest", ada.writes(), "[3]")
	})
}
