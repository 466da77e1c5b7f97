package alert

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/store"
	"github.com/turnike/turnike/internal/store/sqlite"
)

// house is a real store with one person inside the pool default.
type house struct {
	*sqlite.Store
	core *session.Core
}

func openHouse(t testing.TB, dir string) house {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	store, err := sqlite.Open(t.Context(), sqlite.Options{Dir: dir, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	return house{store, session.New(store, session.DefaultRules(), log)}
}

func (h house) close(t testing.TB) {
	t.Helper()
	if err := h.Store.Close(); err != nil {
		t.Error(err)
	}
}

// enter makes a pool with one seat where it has to, and somebody who takes it.
func (h house) enter(t testing.TB, pool, name string) {
	t.Helper()
	ctx := t.Context()
	if _, err := h.CreatePool(ctx, session.ByCLI("test"), pool, 1); err != nil && !errors.As(err, new(*store.PoolExistsError)) {
		t.Fatal(err)
	}
	if err := h.CreateUsers(ctx, session.ByCLI("test"), []store.NewUser{{Name: name, Role: "user", Pool: pool}}); err != nil {
		t.Fatal(err)
	}
	u, err := h.UserByName(ctx, name)
	if err != nil {
		t.Fatal(err)
	}
	s, err := h.core.Login(ctx, session.ByCLI("test"), session.Login{User: u.ID, Issued: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.core.Register(ctx, session.ByUser(u.ID), session.Registration{User: u.ID, Session: s.ID, Conn: "conn-" + name}); err != nil {
		if _, full := errors.AsType[*session.SeatError](err); !full {
			t.Fatal(err)
		}
	}
}

// limit changes the limit of a pool.
func (h house) limit(t testing.TB, pool string, n int) {
	t.Helper()
	p, err := h.PoolByName(t.Context(), pool)
	if err == nil {
		err = h.core.ChangePool(t.Context(), session.ByCLI("test"), p.ID, session.PoolChange{Limit: &n})
	}
	if err != nil {
		t.Fatal(err)
	}
}

// service is one on the house.
func (h house) service(t testing.TB, store Store, s SMTP, to ...string) *Service {
	t.Helper()
	out, err := New(t.Context(), Config{Store: store, SMTP: s, To: to, Language: "en", URL: "https://app.example.com", FailedLogins: 50,
		Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	h.core.WhenFull(out.Refused)
	return out
}

// run runs it until stop is called.
func run(t testing.TB, s *Service) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { s.Run(ctx) })
	return func() { cancel(); wg.Wait() }
}

// eventually waits for something that is on its way.
// pipedSink is a sink that is asked through pipes, so that the test owns the time.
func pipedSink(t *testing.T) (*sink, SMTP) {
	s := newSink(t)
	c := s.config(Plain)
	c.Address = "127.0.0.1:25"
	c.dial = s.piped(t)
	return s, c
}

func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not in time", what)
		}
	}
}

// TestFull: a pool fills up, a mail goes out; who finds no seat is counted.
func TestFull(t *testing.T) {
	h := openHouse(t, t.TempDir())
	defer h.close(t)
	s := newSink(t)
	s.secure(t)
	s.listen(t, false)
	service := h.service(t, h, s.config(StartTLS).account(sinkPassword), "owner@example.com")
	defer run(t, service)()
	h.enter(t, "acme", "ayse")
	service.Wake()
	eventually(t, "the mail", func() bool { return len(s.got()) == 1 })
	if got := s.got()[0]; got.subject(t) != "[Turnike] acme: all seats taken" || !strings.HasPrefix(got.body(t), "All seats of pool acme (limit 1) were taken at ") {
		t.Errorf("%s\n%s", got.subject(t), got.body(t))
	}
	h.enter(t, "acme", "ali")
	eventually(t, "the refusal", func() bool { service.mu.Lock(); defer service.mu.Unlock(); return len(service.fresh) == 0 })
	if st := service.Stats(); st != (Stats{Sent: 1}) {
		t.Errorf("%+v", st)
	}
}

// TestSEC60_Pace: two hours in which two things go wrong each minute. No kind
// is mailed twice within five minutes, no hour has more than twenty mails, and
// everything is told in the end.
func TestSEC60_Pace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := openHouse(t, t.TempDir())
		defer h.close(t)
		s, c := pipedSink(t)
		service := h.service(t, h, c, "owner@example.com")
		h.enter(t, "shop", "owner")
		stop := run(t, service)
		for i := range 120 {
			h.enter(t, fmt.Sprint("pool", i), fmt.Sprint("user", i))
			time.Sleep(30 * time.Second)
			h.limit(t, "shop", 0)
			h.limit(t, "shop", 1)
			service.Wake()
			time.Sleep(30 * time.Second)
		}
		time.Sleep(time.Hour)
		stop()
		_ = s.server.Close()
		checkPace(t, s.got())
		var all strings.Builder
		for _, m := range s.got() {
			all.WriteString(m.subject(t) + m.body(t))
		}
		for i := range 120 {
			if !strings.Contains(all.String(), fmt.Sprintf("pool%d: all seats taken", i)) {
				t.Errorf("pool%d was never told of", i)
			}
		}
		if st := service.Stats(); st.Queued != 0 || st.Dropped != 0 || st.Failed != 0 || st.Sent != int64(len(s.got())) {
			t.Errorf("%+v", st)
		}
	})
}

func checkPace(t *testing.T, mails []received) {
	t.Helper()
	if len(mails) < 30 {
		t.Errorf("%d mails only", len(mails))
	}
	last := map[string]time.Time{}
	ids := map[string]bool{}
	for i, m := range mails {
		if i >= hourly && m.at.Sub(mails[i-hourly].at) < time.Hour {
			t.Errorf("more than %d mails in the hour before %v", hourly, m.at)
		}
		text := m.subject(t) + m.body(t)
		for _, kind := range []string{"all seats taken", "over capacity"} {
			if !strings.Contains(text, kind) {
				continue
			}
			if before, was := last[kind]; was && m.at.Sub(before) < kindPause {
				t.Errorf("%q twice within %v", kind, m.at.Sub(before))
			}
			last[kind] = m.at
		}
		id := m.message(t).Header.Get("Message-Id")
		if ids[id] {
			t.Errorf("%s twice", id)
		}
		ids[id] = true
	}
}

// TestOutage: the server is away for six hours. Tries are ever further apart, and
// afterwards everything is told once.
func TestOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := openHouse(t, t.TempDir())
		defer h.close(t)
		s := newSink(t)
		c := s.config(Plain)
		c.Address = "127.0.0.1:25"
		up := s.piped(t)
		var away atomic.Bool
		tries := 0
		c.dial = func(ctx context.Context, address string) (net.Conn, error) {
			if away.Load() {
				tries++
				return nil, errors.New("connection refused")
			}
			return up(ctx, address)
		}
		away.Store(true)
		service := h.service(t, h, c, "owner@example.com")
		stop := run(t, service)
		for i := range 24 {
			h.enter(t, fmt.Sprint("pool", i), fmt.Sprint("user", i))
			time.Sleep(15 * time.Minute)
		}
		if tries < 12 || tries > 30 {
			t.Errorf("%d tries in six hours", tries)
		}
		if st := service.Stats(); st.Sent != 0 || st.Queued != 24 || st.Dropped != 0 || st.Failed != int64(tries) {
			t.Errorf("%+v", st)
		}
		away.Store(false)
		time.Sleep(time.Hour)
		stop()
		_ = s.server.Close()
		text := ""
		for _, m := range s.got() {
			text += m.subject(t) + m.body(t)
		}
		for i := range 24 {
			if n := strings.Count(text, fmt.Sprintf("pool%d: all seats taken", i)); n != 1 {
				t.Errorf("pool%d was told of %d times", i, n)
			}
		}
	})
}

// TestRefusedForGood: after five refusals a mail is dropped and counted, and the
// next one has its chance; a refusal for now is never the last word.
func TestRefusedForGood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := openHouse(t, t.TempDir())
		defer h.close(t)
		s, c := pipedSink(t)
		asked := 0
		answer := func(code int) func(string) error {
			return func(string) error { asked++; return &smtp.SMTPError{Code: code, Message: "no"} }
		}
		s.fail = answer(550)
		service := h.service(t, h, c, "owner@example.com")
		stop := run(t, service)
		h.enter(t, "one", "a")
		service.Wake()
		time.Sleep(time.Hour)
		if st := service.Stats(); st != (Stats{Failed: maxRefusals, Dropped: 1}) || asked != maxRefusals {
			t.Errorf("%+v, asked %d times", st, asked)
		}
		s.set(func() { s.fail = answer(451) })
		h.enter(t, "two", "b")
		service.Wake()
		time.Sleep(4 * time.Hour)
		if st := service.Stats(); st.Dropped != 1 || st.Queued != 1 || st.Failed < 2*maxRefusals {
			t.Errorf("%+v", st)
		}
		s.set(func() { s.fail = nil })
		time.Sleep(time.Hour)
		stop()
		_ = s.server.Close()
		if m := s.got(); len(m) != 1 || m[0].subject(t) != "[Turnike] two: all seats taken" {
			t.Errorf("%d mails", len(m))
		}
	})
}

// TestOneBadRecipient: the others get the mail once, whatever becomes of that one.
func TestOneBadRecipient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := openHouse(t, t.TempDir())
		defer h.close(t)
		s, c := pipedSink(t)
		s.fail = func(rcpt string) error {
			if rcpt == "typo@example.com" {
				return &smtp.SMTPError{Code: 550, Message: "no such user"}
			}
			return nil
		}
		service := h.service(t, h, c, "Owner <owner@example.com>", "typo@example.com")
		stop := run(t, service)
		h.enter(t, "one", "a")
		service.Wake()
		time.Sleep(time.Hour)
		stop()
		_ = s.server.Close()
		if m := s.got(); len(m) != 1 || strings.Join(m[0].to, " ") != "owner@example.com" {
			t.Errorf("%+v", m)
		}
		if st := service.Stats(); st != (Stats{Sent: 1, Failed: maxRefusals}) {
			t.Errorf("%+v", st)
		}
	})
}

// TestRestart: what happens while nobody sends is told later, and nothing twice:
// neither after a stop nor when the server was away in between.
func TestRestart(t *testing.T) {
	dir := t.TempDir()
	s := newSink(t)
	s.listen(t, false)
	in := func(what func(house, *Service)) {
		h := openHouse(t, dir)
		defer h.close(t)
		what(h, h.service(t, h, s.config(Plain), "owner@example.com"))
	}
	in(func(h house, service *Service) {
		stop := run(t, service)
		h.enter(t, "first", "a")
		service.Wake()
		eventually(t, "the first mail", func() bool { return len(s.got()) == 1 })
		stop()
	})
	in(func(h house, service *Service) { // as a command does: nobody sends
		h.enter(t, "second", "b")
		h.limit(t, "first", 0)
	})
	_ = s.server.Close()
	in(func(h house, service *Service) { // nobody listens
		stop := run(t, service)
		eventually(t, "a try", func() bool { return service.Stats().Failed > 0 })
		stop()
	})
	s.renew()
	s.listen(t, false)
	in(func(h house, service *Service) {
		service.state.Out.Next = time.Now() // or half a minute from now
		service.state.Pace = pace{}         // or five
		stop := run(t, service)
		eventually(t, "the rest", func() bool { return service.Stats().Queued == 0 && len(s.got()) >= 2 })
		stop()
	})
	text := ""
	for _, m := range s.got() {
		text += m.subject(t) + "\n" + m.body(t)
	}
	for _, once := range []string{"first: all seats taken", "second: all seats taken", "first: over capacity"} {
		if n := strings.Count(text, once); n != 1 {
			t.Errorf("%q was told %d times:\n%s", once, n, text)
		}
	}
}

// crashing is a store that is cut off: what is written after the n-th time is
// lost, as when the process is killed.
type crashing struct {
	house

	left atomic.Int64
}

func (c *crashing) SetMeta(ctx context.Context, key, value string) error {
	if c.left.Add(-1) < 0 {
		return errors.New("killed")
	}
	return c.house.SetMeta(ctx, key, value)
}

// TestI6_CrashAfterAcceptance: killed between the server's acceptance and the
// note of it, the mail is sent once more under the same id, so that its receiver
// can tell. Killed before that, it is sent once.
func TestI6_CrashAfterAcceptance(t *testing.T) {
	// What is written: the start, the alerts, the digest, its acceptance.
	for writes, want := range map[int]int{1: 1, 2: 1, 3: 2, 4: 1} {
		t.Run(fmt.Sprint(writes), func(t *testing.T) {
			dir := t.TempDir()
			s := newSink(t)
			s.listen(t, false)
			h := openHouse(t, dir)
			c := &crashing{house: h}
			c.left.Store(int64(writes))
			service := h.service(t, c, s.config(Plain), "owner@example.com")
			h.enter(t, "acme", "a")
			ctx := t.Context()
			for range 3 {
				_, _ = service.turn(ctx)
			}
			h.close(t)
			again := openHouse(t, dir)
			defer again.close(t)
			service = again.service(t, again, s.config(Plain), "owner@example.com")
			if _, err := service.turn(ctx); err != nil {
				t.Fatal(err)
			}
			ids := map[string]bool{}
			for _, m := range s.got() {
				ids[m.message(t).Header.Get("Message-Id")] = true
			}
			if len(s.got()) != want || len(ids) != 1 {
				t.Errorf("%d mails with %d ids, want %d", len(s.got()), len(ids), want)
			}
		})
	}
}

// TestStopLetsAMailFinish: a stop while the server thinks about a mail waits for
// its answer, so that it is not sent again.
func TestStopLetsAMailFinish(t *testing.T) {
	dir := t.TempDir()
	s := newSink(t)
	s.listen(t, false)
	h := openHouse(t, dir)
	thinking, think := make(chan struct{}), make(chan struct{})
	s.fail = func(string) error { close(thinking); <-think; return nil }
	service := h.service(t, h, s.config(Plain), "owner@example.com")
	h.enter(t, "acme", "a")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); service.Run(ctx) }()
	<-thinking
	cancel()
	close(think)
	<-done
	h.close(t)
	s.set(func() { s.fail = nil })
	h = openHouse(t, dir)
	defer h.close(t)
	if _, err := h.service(t, h, s.config(Plain), "owner@example.com").turn(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := len(s.got()); n != 1 {
		t.Errorf("%d mails", n)
	}
}

// TestI8_NothingIsLogged: neither the password nor what a stranger has typed.
func TestI8_NothingIsLogged(t *testing.T) {
	var log strings.Builder
	h := openHouse(t, t.TempDir())
	defer h.close(t)
	s := newSink(t)
	s.secure(t)
	s.listen(t, false)
	service := h.service(t, h, s.config(StartTLS).account(sinkPassword+"-wrong"), "owner@example.com")
	service.log = slog.New(slog.NewJSONHandler(io.Writer(&log), nil))
	h.enter(t, "acme", "a")
	if _, err := service.turn(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "mail.username, mail.password") || strings.Contains(log.String(), sinkPassword) {
		t.Error(log.String())
	}
}
