package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/store"
)

// Model drives the core on a store with random calls. After each call it compares the
// store with a [Fold] of its events, and checks the invariants. draw returns a number
// below n. Model sleeps, so it should run in a synctest bubble. It also uses ids of
// ended sessions and of connections that are gone.
func Model(ctx context.Context, s Store, draw func(what string, n int) int, steps int) error {
	m := &model{store: s, draw: draw, rec: &recorder{}}
	perUser, conns := 1+draw("sessions per user", 2), draw("connections per session", 3)
	grace := []time.Duration{0, 15 * time.Second}[draw("grace", 2)]
	m.run = func() *session.Core {
		return core(s, func(r *session.Rules) {
			r.Lifetime, r.MaxPerUser, r.ConnsPerSession, r.Grace = 10*time.Minute, perUser, conns, grace
		})
	}
	m.core = m.run()
	if err := m.begin(ctx); err != nil {
		return err
	}
	for range steps {
		step := modelSteps[draw("step", len(modelSteps))]
		err := step.run(m, ctx)
		if err == nil {
			err = m.check(ctx)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
	}
	if n := s.Stats().Breaches; n > 0 {
		return fmt.Errorf("%d changes broke an invariant [I1]", n)
	}
	return nil
}

type model struct {
	store    Store
	core     *session.Core
	run      func() *session.Core // a core for the next run
	draining bool
	draw     func(string, int) int
	rec      *recorder
	seen     int // events of rec that fold has followed
	fold     *Fold
	users    []string
	sessions []session.Session // all of them, also ended ones
	conns    []session.Disconnect
	runs     int
	pruned   bool
}

var modelSteps = []struct {
	name string
	run  func(*model, context.Context) error
}{
	{"login", (*model).login}, {"login", (*model).login},
	{"register", (*model).register}, {"register", (*model).register}, {"register", (*model).register},
	{"leave", (*model).leave}, {"leave", (*model).leave},
	{"end", (*model).end},
	{"check", (*model).request},
	{"change user", (*model).changeUser},
	{"change pool", (*model).changePool},
	{"sleep", (*model).sleep}, {"sleep", (*model).sleep},
	{"sweep", (*model).sweep},
	{"drain", (*model).drain},
	{"restart", (*model).restart}, {"restart", (*model).restart},
	{"prune", (*model).prune},
}

func (m *model) begin(ctx context.Context) error {
	for i, role := range []account.Role{account.RoleUser, account.RoleUser, account.RoleUser, account.RoleUser, account.RoleAdmin} {
		id, err := AddUser(ctx, m.store, fmt.Sprintf("user%d", i), role, Pool)
		if err != nil {
			return err
		}
		m.users = append(m.users, id)
	}
	if err := m.changePool(ctx); err != nil {
		return err
	}
	p, _, err := snapshot(ctx, m.store, Pool)
	if err != nil {
		return err
	}
	m.fold = NewFold(p)
	return m.store.Listen("server", m.rec.add)
}

func (m *model) user() string { return m.users[m.draw("user", len(m.users))] }

// session returns a random session, live or ended.
func (m *model) session() (session.Session, bool) {
	if len(m.sessions) == 0 {
		return session.Session{}, false
	}
	return m.sessions[len(m.sessions)-1-m.draw("session, newest first", len(m.sessions))], true
}

func (m *model) login(ctx context.Context) error {
	in := session.Login{User: m.user(), Issued: true, DeviceHash: []byte{byte(m.draw("device", 3))}}
	if s, ok := m.session(); ok && m.draw("proof", 4) == 0 {
		in.Proof = s.ID
	}
	s, err := m.core.Login(ctx, session.ByCLI("model"), in)
	if err == nil {
		m.sessions = append(m.sessions, s)
	}
	if errors.Is(err, session.ErrInvalidCredentials) {
		return nil // disabled
	}
	return m.answer(ctx, err)
}

func (m *model) register(ctx context.Context) error {
	s, ok := m.session()
	if !ok {
		return nil
	}
	conn := fmt.Sprintf("c%d", len(m.conns))
	if n := len(m.conns); n > 0 && m.conns[n-1].User == s.User && m.draw("a repeat", 4) == 0 {
		conn = m.conns[n-1].Conn
	}
	err := m.core.Register(ctx, session.ByUser(s.User), session.Registration{User: s.User, Session: s.ID, Conn: conn})
	if err == nil {
		m.conns = append(m.conns, session.Disconnect{User: s.User, Conn: conn})
	}
	return m.answer(ctx, err)
}

// answer returns nil for a refusal that is right, and an error otherwise.
func (m *model) answer(ctx context.Context, err error) error {
	if e, ok := errors.AsType[*session.SeatError](err); ok {
		p, _, err := snapshot(ctx, m.store, Pool)
		if err == nil && (e.Used < e.Max || e.Used > p.Used() || p.Limit != e.Max || e.RetryAfter <= 0) {
			err = fmt.Errorf("refused with %+v by %+v [S9]", e, p)
		}
		return err
	}
	if refused(err) || errors.Is(err, session.ErrUnknown) && m.pruned || errors.Is(err, session.ErrDraining) && m.draining {
		return nil
	}
	return err
}

func (m *model) leave(ctx context.Context) error {
	if len(m.conns) == 0 {
		return nil
	}
	in := m.conns[len(m.conns)-1-m.draw("connection, newest first", len(m.conns))]
	in.Clean = m.draw("clean", 2) == 0
	return m.core.Leave(ctx, session.ByUser(in.User), in)
}

func (m *model) end(ctx context.Context) error {
	e := session.Ending{User: m.user(), Code: session.EndedByAdmin, Reason: "model"}
	if s, ok := m.session(); ok && m.draw("all", 3) > 0 {
		e.User, e.Session = s.User, s.ID
	}
	if _, err := m.core.End(ctx, session.ByCLI("test"), e); err != nil {
		return err
	}
	for _, s := range m.sessions { // I2: none of them is accepted any more
		if s.User != e.User || (e.Session != "" && s.ID != e.Session) {
			continue
		}
		if _, _, err := m.core.Session(ctx, s.ID); err == nil {
			return fmt.Errorf("session %s was ended and is live [I2]", s.ID)
		}
	}
	return nil
}

// request checks a session as every HTTP request does.
func (m *model) request(ctx context.Context) error {
	s, ok := m.session()
	if !ok {
		return nil
	}
	found, u, err := m.core.Session(ctx, s.ID)
	if err == nil && (found.User != s.User || u.ID != s.User || !m.core.Now().Before(found.Expires)) {
		return fmt.Errorf("session %+v of %+v, want %+v", found, u, s)
	}
	if err == nil {
		return m.store.Touch(ctx, map[string]time.Time{s.ID: m.core.Now()})
	}
	return m.answer(ctx, err)
}

func (m *model) changeUser(ctx context.Context) error {
	ch := session.UserChange{User: m.user()}
	yes, no, hash := true, false, fmt.Sprintf("hash %d", m.draw("password", 3))
	switch m.draw("change", 4) {
	case 0:
		ch.Disabled = &yes
	case 1:
		ch.PasswordHash = &hash
	default:
		ch.Disabled = &no
	}
	return m.core.ChangeUser(ctx, session.ByCLI("test"), ch)
}

func (m *model) changePool(ctx context.Context) error {
	limit := m.draw("limit", 5)
	mode := []session.LoginMode{session.LoginSession, session.LoginSeat}[m.draw("login mode", 2)]
	return m.core.ChangePool(ctx, session.ByCLI("test"), Pool, session.PoolChange{Limit: &limit, Login: &mode})
}

func (m *model) sleep(context.Context) error {
	time.Sleep([]time.Duration{time.Millisecond, time.Second, 4 * time.Second, 20 * time.Second, 5 * time.Minute}[m.draw("sleep", 5)])
	return nil
}

// sweep checks that a sweep leaves nothing that is due.
func (m *model) sweep(ctx context.Context) error {
	if err := m.core.Sweep(ctx); err != nil {
		return err
	}
	due, err := m.store.Due(ctx, m.core.Now(), 10)
	if err == nil && len(due) > 0 {
		err = fmt.Errorf("%v are due after a sweep", due)
	}
	return err
}

func (m *model) drain(ctx context.Context) error {
	m.draining = true
	return m.core.Drain(ctx)
}

// restart begins the next run. check then compares the seats with the events, so
// that what a drain has kept is still there.
func (m *model) restart(ctx context.Context) error {
	m.runs++
	m.core, m.draining = m.run(), false
	return m.core.Boot(ctx, fmt.Sprintf("run %d", m.runs))
}

func (m *model) prune(ctx context.Context) error {
	now := m.core.Now()
	m.pruned = true
	return m.store.Prune(ctx, now, now.Add(-time.Minute), now.Add(-time.Minute))
}

// check checks what must hold after every call.
func (m *model) check(ctx context.Context) error {
	events := m.rec.all()
	if err := m.fold.Apply(events[m.seen:]); err != nil {
		return err
	}
	m.seen = len(events)
	p, entries, err := snapshot(ctx, m.store, Pool)
	if err != nil {
		return err
	}
	if err := m.fold.Equal(p, entries); err != nil {
		return err
	}
	admin := m.users[len(m.users)-1]
	if _, ok := entries[admin]; ok {
		return errors.New("an admin is in the list [A8]")
	}
	var wrong error
	user := m.user()
	_, err = m.store.Update(ctx, user, func(st session.State, _ time.Time) session.Change {
		wrong = checkState(st, entries[user], m.core.Rules())
		return session.Change{Pool: st.Pool}
	})
	return errors.Join(err, wrong)
}

// checkState checks a user's state as a rule gets it.
func checkState(st session.State, e store.Entry, rules session.Rules) error {
	if len(st.Sessions) > rules.MaxPerUser {
		return fmt.Errorf("%d live sessions [A2]", len(st.Sessions))
	}
	per := make(map[string]int)
	for _, c := range st.Conns {
		if per[c.Session]++; rules.ConnsPerSession > 0 && per[c.Session] > rules.ConnsPerSession {
			return fmt.Errorf("%d connections of one session [S1]", per[c.Session])
		}
	}
	known := func(id string) bool {
		return slices.ContainsFunc(st.Sessions, func(s session.Session) bool { return s.ID == id })
	}
	for id := range per {
		if !known(id) {
			return fmt.Errorf("a connection of session %s, which is not live", id)
		}
	}
	if st.Seat == nil {
		if e != (store.Entry{}) || (len(st.Conns) > 0 && st.User.Role == account.RoleUser) {
			return fmt.Errorf("no seat, but %+v and %d connections", e, len(st.Conns))
		}
		return nil
	}
	if s := st.Seat; s.State != e.State || !known(s.Session) || (s.State == session.Held) != (len(st.Conns) > 0) {
		return fmt.Errorf("seat %+v, entry %+v, connections %+v, sessions %+v", s, e, st.Conns, st.Sessions)
	}
	if s := st.Seat; s.State == session.Held && !slices.ContainsFunc(st.Conns, func(c session.Connection) bool { return c.Session == s.Session }) {
		return fmt.Errorf("seat %+v is held by a session without a connection: %+v", s, st.Conns)
	}
	return nil
}
