package sqlite

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/turnike/turnike/internal/session"
)

// collector listens.
type collector struct {
	mu     sync.Mutex // guards events
	events []session.Event
}

func (c *collector) add(events []session.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.events = append(c.events, events...)
}

func (c *collector) types() []session.EventType {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []session.EventType
	for _, e := range c.events {
		out = append(out, e.Type)
	}
	return out
}

// failing makes the next COMMIT report an error, after or instead of doing it.
func failing(t *testing.T, s *Store, effective bool) {
	t.Helper()
	err := s.control(func(w *writer) error {
		commit := w.commit
		w.commit = func(c *conn) error {
			w.commit = commit
			if effective {
				if err := commit(c); err != nil {
					t.Error(err)
				}
			}
			return errors.New("input/output error")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestACommitOfUnknownOutcomeIsReadBack(t *testing.T) {
	for name, effective := range map[string]bool{"it took effect": true, "it did not": false} {
		t.Run(name, func(t *testing.T) {
			s := openStore(t)
			user := addUser(t, s, "ada")
			var heard collector
			if err := s.Listen("server", heard.add); err != nil {
				t.Fatal(err)
			}
			core := session.New(s, session.DefaultRules(), quiet())
			failing(t, s, effective)
			in, err := core.Login(t.Context(), session.ByCLI("test"), session.Login{User: user.ID, Issued: true})
			if effective != (err == nil) || (err != nil && !errors.Is(err, session.ErrUnavailable)) {
				t.Fatalf("login: %v", err)
			}
			if want := map[bool]int{true: 1, false: 0}[effective]; len(heard.types()) != want {
				t.Errorf("the listener was handed %v", heard.types())
			}
			rows, err := s.Sessions(t.Context())
			if err != nil || len(rows) != map[bool]int{true: 1, false: 0}[effective] || (effective && rows[0].ID != in.ID) {
				t.Errorf("sessions %v, %v", rows, err)
			}
			// And it goes on.
			if _, err := core.Login(t.Context(), session.ByCLI("test"), session.Login{User: user.ID, Issued: true}); err != nil {
				t.Fatal(err)
			}
			if got := heard.types(); got[len(got)-1] != session.SessionStarted {
				t.Errorf("the listener was handed %v", got)
			}
		})
	}
}

// One that takes effect and cannot be read back at once is handed over later,
// like another process's.
func TestACommitThatNobodyKnowsOfIsFollowed(t *testing.T) {
	s := openStore(t, func(o *Options) { o.watch = time.Hour })
	user := addUser(t, s, "ada")
	var heard collector
	if err := s.Listen("server", heard.add); err != nil {
		t.Fatal(err)
	}
	core := session.New(s, session.DefaultRules(), quiet())
	err := s.control(func(w *writer) error {
		commit, via := w.commit, w.via
		w.commit = func(c *conn) error {
			if err := commit(c); err != nil {
				t.Error(err)
			}
			w.commit, w.via = commit, nowhere{}
			go s.control(func(w *writer) error { w.via = via; return nil })
			return errors.New("input/output error")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := core.Login(t.Context(), session.ByCLI("test"), session.Login{User: user.ID, Issued: true}); !errors.Is(err, session.ErrUnavailable) {
		t.Fatalf("login: %v", err)
	}
	if err := s.control(func(*writer) error { return nil }); err != nil { // the connector is back
		t.Fatal(err)
	}
	for {
		if _, err = core.Login(t.Context(), session.ByCLI("test"), session.Login{User: user.ID, Issued: true}); err == nil {
			break
		}
	}
	want := []session.EventType{session.SessionStarted, session.SessionEnded, session.SessionStarted}
	if got := heard.types(); !slices.Equal(got, want) {
		t.Errorf("the listener was handed %v, want %v", got, want)
	}
}

func TestAnotherProcessesTransactionIsWaitedFor(t *testing.T) {
	s := openStore(t, func(o *Options) { o.busy = time.Millisecond })
	user := addUser(t, s, "ada")
	via, err := connector(s.opts, false)
	if err != nil {
		t.Fatal(err)
	}
	other, err := open(via)
	if err != nil {
		t.Fatal(err)
	}
	defer other.close()
	if _, err := other.exec(beginWrite); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	core := session.New(s, session.DefaultRules(), quiet())
	go func() {
		_, err := core.Login(t.Context(), session.ByCLI("test"), session.Login{User: user.ID, Issued: true})
		done <- err
	}()
	for s.Stats().Busy < 3 {
		select {
		case err := <-done:
			t.Fatalf("login: %v, while another process was writing", err)
		default:
		}
	}
	if _, err := other.exec(`COMMIT`); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Errorf("login: %v", err)
	}
}

// Nobody waits for another process for ever, but for who must get a change in:
// a login is told to come again, a connection's leaving is not lost.
func TestALockedDatabaseTurnsAway(t *testing.T) {
	s := openStore(t, func(o *Options) { o.busy, o.patience = time.Millisecond, time.Millisecond })
	user := addUser(t, s, "ada")
	via, err := connector(s.opts, false)
	if err != nil {
		t.Fatal(err)
	}
	other, err := open(via)
	if err != nil {
		t.Fatal(err)
	}
	defer other.close()
	if _, err := other.exec(beginWrite); err != nil {
		t.Fatal(err)
	}
	core := session.New(s, session.DefaultRules(), quiet())
	left := make(chan error, 1)
	go func() {
		left <- core.Leave(context.Background(), session.ByUser(user.ID), session.Disconnect{User: user.ID, Conn: "socket"})
	}()
	for range 3 {
		if _, err := core.Login(t.Context(), session.ByCLI("test"), session.Login{User: user.ID, Issued: true}); !errors.Is(err, session.ErrUnavailable) {
			t.Fatalf("login: %v", err)
		}
	}
	select {
	case err := <-left:
		t.Fatalf("leaving: %v, while another process was writing", err)
	default:
	}
	if _, err := other.exec(`COMMIT`); err != nil {
		t.Fatal(err)
	}
	if err := <-left; err != nil {
		t.Errorf("leaving: %v", err)
	}
	if _, err := core.Login(t.Context(), session.ByCLI("test"), session.Login{User: user.ID, Issued: true}); err != nil {
		t.Errorf("login: %v", err)
	}
	if rows, err := s.Sessions(t.Context()); err != nil || len(rows) != 1 {
		t.Errorf("%d sessions, %v: one that was refused was opened", len(rows), err)
	}
}

// What was given up before it was asked for does not happen.
func TestNothingIsBegunForWhoHasGone(t *testing.T) {
	s := openStore(t)
	user := addUser(t, s, "ada")
	core := session.New(s, session.DefaultRules(), quiet())
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := core.Login(gone, session.ByCLI("test"), session.Login{User: user.ID, Issued: true}); !errors.Is(err, context.Canceled) {
		t.Errorf("login: %v", err)
	}
	if _, err := core.Login(t.Context(), session.ByCLI("test"), session.Login{User: user.ID, Issued: true}); err != nil { // behind it in the queue
		t.Fatal(err)
	}
	if p, _, err := s.Snapshot(t.Context(), user.Pool); err != nil || p.LogSeq != 2 {
		t.Errorf("%d events, %v", p.LogSeq, err)
	}
}

func TestAFullQueueTurnsAway(t *testing.T) {
	s := openStore(t, func(o *Options) { o.Queue, o.Batch = 2, 1 })
	user := addUser(t, s, "ada")
	started, release := make(chan struct{}), make(chan struct{})
	nothing := func(st session.State, _ time.Time) session.Change { return session.Change{Pool: st.Pool} }
	var wg sync.WaitGroup
	wg.Go(func() {
		_, err := s.Update(t.Context(), user.ID, func(st session.State, now time.Time) session.Change {
			close(started)
			<-release
			return nothing(st, now)
		})
		if err != nil {
			t.Error(err)
		}
	})
	<-started // the writer is busy: two wait, the third finds no place
	for range 2 {
		r := &request{run: func(*tx) error { return nil }, done: make(chan error, 1)}
		s.queue <- r
	}
	if _, err := s.Update(t.Context(), user.ID, nothing); !errors.Is(err, session.ErrUnavailable) {
		t.Errorf("error %v", err)
	}
	if st := s.Stats(); st.Full != 1 || st.Queue != 2 || st.Queued != 2 {
		t.Errorf("stats %+v", st)
	}
	wg.Go(func() { // whoever cannot give up waits for a place
		if _, err := s.Update(context.Background(), user.ID, nothing); err != nil {
			t.Error(err)
		}
	})
	close(release)
	wg.Wait()
}

func TestCloseAnswersEveryone(t *testing.T) {
	s := openStore(t)
	user := addUser(t, s, "ada")
	core := session.New(s, session.DefaultRules(), quiet())
	var wg sync.WaitGroup
	var mu sync.Mutex // guards done
	done := 0
	for range 50 {
		wg.Go(func() {
			_, err := core.Login(t.Context(), session.ByCLI("test"), session.Login{User: user.ID, Issued: true})
			if err != nil && !errors.Is(err, session.ErrUnavailable) {
				t.Error(err)
			}
			if err == nil {
				mu.Lock()
				defer mu.Unlock()
				done++
			}
		})
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	wg.Wait()
	if _, err := s.Meta(t.Context(), "x"); !errors.Is(err, session.ErrUnavailable) {
		t.Errorf("reading a closed store: %v", err)
	}
	if err := s.SetMeta(t.Context(), "x", "y"); !errors.Is(err, session.ErrUnavailable) {
		t.Errorf("writing a closed store: %v", err)
	}
	if err := s.Listen("late", func([]session.Event) {}); !errors.Is(err, session.ErrUnavailable) {
		t.Errorf("listening to a closed store: %v", err)
	}
	again, err := Open(t.Context(), Options{Dir: s.opts.Dir, Log: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	p, _, err := again.Snapshot(t.Context(), 1)
	if want := int64(1 + max(0, 2*done-1)); err != nil || p.LogSeq != want {
		t.Errorf("%d answered logins left %d events, %v, want %d", done, p.LogSeq, err, want)
	}
}

func TestAListenerThatPanicsEndsNothing(t *testing.T) {
	s := openStore(t)
	user := addUser(t, s, "ada")
	if err := s.Listen("server", func([]session.Event) { panic("a defect") }); err != nil {
		t.Fatal(err)
	}
	core := session.New(s, session.DefaultRules(), quiet())
	for range 2 {
		if _, err := core.Login(t.Context(), session.ByCLI("test"), session.Login{User: user.ID, Issued: true}); err != nil {
			t.Fatal(err)
		}
	}
	if n := s.Stats().Panics; n != 2 {
		t.Errorf("%d panics counted", n)
	}
}

// A defect around the transaction costs that batch, and the writer lives on.
func TestSEC40_TheWriterOutlivesAPanic(t *testing.T) {
	s := openStore(t)
	user := addUser(t, s, "ada")
	err := s.control(func(w *writer) error {
		commit := w.commit
		w.commit = func(*conn) error {
			w.commit = commit
			panic("a defect")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	core := session.New(s, session.DefaultRules(), quiet())
	if _, err := core.Login(t.Context(), session.ByCLI("test"), session.Login{User: user.ID, Issued: true}); !errors.Is(err, session.ErrUnavailable) {
		t.Errorf("login: %v", err)
	}
	if _, err := core.Login(t.Context(), session.ByCLI("test"), session.Login{User: user.ID, Issued: true}); err != nil {
		t.Errorf("login: %v", err)
	}
	if rows, err := s.Sessions(t.Context()); err != nil || len(rows) != 1 {
		t.Errorf("%d sessions, %v", len(rows), err)
	}
	if n := s.Stats().Panics; n != 1 {
		t.Errorf("%d panics counted", n)
	}
}

// Each start of a server leaves no row behind for ever.
func TestI7_RowsOfServersThatAreGone(t *testing.T) {
	s := openStore(t)
	for _, node := range []string{"first", "second"} {
		if err := s.Listen(node, func([]session.Event) {}); err != nil {
			t.Fatal(err)
		}
	}
	nodes := map[string]bool{}
	err := s.read(t.Context(), func(c *conn) error {
		return c.query(`SELECT id FROM nodes`, func(r row) error {
			nodes[r.string(0)] = true
			return nil
		})
	})
	if err != nil || len(nodes) != 1 || !nodes["second"] {
		t.Errorf("nodes %v, %v", nodes, err)
	}
}
