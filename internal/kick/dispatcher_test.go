package kick

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/turnike/turnike/internal/session"
)

var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// kind is a kind of connections that keeps what it is told.
type kind struct {
	sids   []string // with connections
	defect bool     // every call panics
	calls  []string
}

func (k *kind) call(format string, args ...any) {
	k.calls = append(k.calls, fmt.Sprintf(format, args...))
	if k.defect {
		panic("a defect")
	}
}

func (k *kind) End(sid string, over session.EndedError) {
	k.call("end %s %s %s %s", sid, over.Code, over.Reason, over.At.Format(time.TimeOnly))
}

func (k *kind) Rotate(old, next string, expires time.Time) {
	k.call("rotate %s %s %s", old, next, expires.Format(time.TimeOnly))
}

func (k *kind) Drop(sid string, conns []string, at time.Time) {
	k.call("drop %s %v %s", sid, conns, at.Format(time.TimeOnly))
}

func (k *kind) Sessions(session.PoolID) []string { return slices.Clone(k.sids) }

// sessions answers with an error for each session. Its clock is an hour slow.
type sessions struct {
	mu   sync.Mutex // guards errs
	errs map[string]error
}

func (s *sessions) Session(_ context.Context, id string) (session.Session, session.User, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return session.Session{}, session.User{}, s.errs[id]
}

func (s *sessions) set(id string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.errs[id] = err
}

func (s *sessions) Now() time.Time             { return noon }
func (s *sessions) Wall(t time.Time) time.Time { return t.Add(time.Hour) }

// newDispatcher returns one with two kinds of connections. It counts panics.
func newDispatcher(t *testing.T, s *sessions, a, b *kind) (d *Dispatcher, panics *int) {
	panics = new(int)
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	t.Cleanup(func() { stop(); wg.Wait() })
	d = New(ctx, Config{Sessions: s, Go: wg.Go, Panicked: func(string, any) { *panics++ }, Log: slog.New(slog.DiscardHandler)})
	d.Register(a)
	d.Register(b)
	return d, panics
}

// TestK2_EveryKind: each kind of connections is told of an end, a rotation and a
// replacement before Apply returns, in commit order, and of nothing else.
func TestK2_EveryKind(t *testing.T) {
	a, b := &kind{}, &kind{}
	d, _ := newDispatcher(t, &sessions{}, a, b)
	before := d.Ends()
	for _, e := range []session.Event{
		{Type: session.ConnectionRegistered, Session: "s1", At: noon},
		{Type: session.ConnectionRegistered, Session: "s1", At: noon, Dropped: []string{"c1"}},
		{Type: session.SessionRotated, Session: "s1", Successor: "s2", Expires: noon},
		{Type: session.SeatFreed, Session: "s2"},
		{Type: session.SessionEnded, Session: "s2", Code: session.EndedByAdmin, Reason: "enough", At: noon},
	} {
		d.Apply(e)
	}
	want := []string{"drop s1 [c1] 13:00:00", "rotate s1 s2 12:00:00", "end s2 ended_by_admin enough 13:00:00"}
	for _, k := range []*kind{a, b} {
		if diff := cmp.Diff(want, k.calls); diff != "" {
			t.Error(diff)
		}
	}
	if got := d.Ends() - before; got != 2 {
		t.Errorf("Ends changed %d times, want 2: for the rotation and the end", got)
	}
}

// TestSEC40_Kinds: a panic in one kind of connections does not keep those of
// another.
func TestSEC40_Kinds(t *testing.T) {
	a, b := &kind{defect: true}, &kind{}
	d, panics := newDispatcher(t, &sessions{}, a, b)
	d.Apply(session.Event{Type: session.SessionEnded, Session: "s1", Code: session.Expired, At: noon})
	if len(b.calls) != 1 || *panics != 1 {
		t.Errorf("the other kind was told %q, %d panics", b.calls, *panics)
	}
}

// TestI2_LostEvents: after events were lost the sessions that have ended are ended
// in every kind, once the store can be asked, and those that live are left alone.
func TestI2_LostEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &sessions{errs: map[string]error{
			"live":    nil,
			"ended":   &session.EndedError{Code: session.LoggedOut, At: noon},
			"unknown": session.ErrUnknown,
			"busy":    session.ErrUnavailable,
		}}
		a, b := &kind{sids: []string{"live", "busy"}}, &kind{sids: []string{"ended", "unknown"}}
		d, _ := newDispatcher(t, s, a, b)
		d.Apply(session.Event{Pool: 1, Type: session.LogLost})
		if d.Ends() != 1 {
			t.Error("Ends has not changed")
		}
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if len(a.calls) != 0 {
			t.Errorf("told %q while the store cannot be asked", a.calls)
		}
		s.set("busy", &session.EndedError{Code: session.Replaced, At: noon})
		time.Sleep(time.Second)
		synctest.Wait()
		want := []string{"end busy replaced  12:00:00", "end ended logged_out  12:00:00", "end unknown expired  13:00:00"}
		for _, k := range []*kind{a, b} {
			if diff := cmp.Diff(want, k.calls); diff != "" {
				t.Error(diff)
			}
		}
	})
}
