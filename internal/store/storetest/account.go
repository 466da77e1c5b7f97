package storetest

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/store"
)

func testCreateUsers(t *testing.T, b Backend) {
	s := b.Open(t)
	addUser(t, s, "Işık")
	exists := func(name string) func(error) bool {
		return func(err error) bool {
			e, ok := errors.AsType[*store.UserExistsError](err)
			return ok && e.Name == name
		}
	}
	for name, c := range map[string]struct {
		last store.NewUser
		want func(error) bool
	}{
		"a known name": {store.NewUser{Name: "IŞIK", Role: account.RoleUser}, exists("IŞIK")},
		"a name twice": {store.NewUser{Name: "BOB", Role: account.RoleUser}, exists("BOB")},
		"an unknown pool": {store.NewUser{Name: "eve", Role: account.RoleUser, Pool: "nowhere"}, func(err error) bool {
			return errors.Is(err, session.ErrNoPool) && strings.Contains(err.Error(), `"nowhere"`)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			before, _ := inside(t, s)
			err := s.CreateUsers(t.Context(), session.ByCLI("test"), []store.NewUser{{Name: "bob", Role: account.RoleUser}, {Name: "kim", Role: account.RoleAdmin}, c.last})
			if !c.want(err) || errors.Is(err, session.ErrUnavailable) {
				t.Errorf("error %v", err)
			}
			users, err := s.Users(t.Context())
			if after, _ := inside(t, s); err != nil || len(users) != 1 || after != before {
				t.Errorf("users %v, %v, pool %+v, was %+v", users, err, after, before)
			}
		})
	}
	if err := s.CreateUsers(t.Context(), session.ByCLI("test"), nil); err != nil {
		t.Errorf("no accounts: %v", err)
	}
}

func testImport(t *testing.T, b Backend) {
	s := b.Open(t)
	rec := listen(t, s)
	err := s.ImportUsers(t.Context(), session.ByCLI("test"), []store.NewUser{{Name: "ada", Role: account.RoleUser}, {Name: "bob", Role: account.RoleAdmin}})
	if err != nil {
		t.Fatal(err)
	}
	events := rec.all()
	if len(events) != 3 {
		t.Fatalf("events %+v", events)
	}
	for i, name := range []string{"ada", "bob"} {
		if e := events[i]; e.Type != session.UserCreated || e.Reason != session.ReasonImport || e.Username != name || e.Pool != Pool ||
			e.By != session.ByCLI("test") {
			t.Errorf("event %+v", e)
		}
	}
	if e := events[2]; e.Type != session.UsersImported || e.Count != 2 || e.Pool != session.SystemPool || e.By != session.ByCLI("test") {
		t.Errorf("event %+v", e)
	}
}

func testRehash(t *testing.T, b Backend) {
	s := b.Open(t)
	user := addUser(t, s, "ada")
	in := login(t, core(s), user)
	for _, c := range []struct{ old, hash, want string }{{"", "first", "first"}, {"stale", "second", "first"}, {"first", "second", "second"}} {
		if err := s.Rehash(t.Context(), user, c.old, c.hash); err != nil {
			t.Fatal(err)
		}
		_, u, err := s.Session(t.Context(), in.ID)
		if err != nil || u.PasswordHash != c.want || u.CredVersion != 1 {
			t.Errorf("user %+v, %v, want hash %s", u, err, c.want)
		}
		_, err = s.Update(t.Context(), user, func(st session.State, _ time.Time) session.Change {
			if st.User.PasswordHash != c.want {
				t.Errorf("a rule sees hash %s, want %s", st.User.PasswordHash, c.want)
			}
			return session.Change{Pool: st.Pool}
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func testLists(t *testing.T, b Backend) {
	s := b.Open(t)
	c := core(s)
	partner, err := s.CreatePool(t.Context(), session.ByCLI("test"), "partner", 2)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.CreateUsers(t.Context(), session.ByCLI("test"), []store.NewUser{
		{Name: "Zoë", Role: account.RoleUser, Pool: "partner", PasswordHash: "old"}, {Name: "ada", Role: account.RoleAdmin},
	}); err != nil {
		t.Fatal(err)
	}
	users, err := s.Users(t.Context())
	if err != nil || len(users) != 2 || users[0].Name != "ada" || users[0].Role != account.RoleAdmin || users[0].Pool != store.DefaultPool ||
		users[1].Name != "Zoë" || users[1].Pool != "partner" || users[1].Created.IsZero() {
		t.Errorf("users %+v, %v", users, err)
	}
	zoe, err := s.UserByName(t.Context(), "ZOË")
	if err != nil || zoe.PasswordHash != "old" || zoe.CredVersion != 1 || zoe.Pool != partner.ID {
		t.Fatalf("user %+v, %v", zoe, err)
	}
	in, err := c.Login(t.Context(), session.ByUser(zoe.ID), session.Login{User: zoe.ID, CredVersion: 1, Device: "Firefox", Address: "192.0.2.1"})
	if err != nil {
		t.Fatal(err)
	}
	row := func() store.SessionRow {
		t.Helper()
		rows, err := s.Sessions(t.Context())
		if err != nil || len(rows) != 1 {
			t.Fatalf("sessions %+v, %v", rows, err)
		}
		return rows[0]
	}
	want := store.SessionRow{ID: in.ID, Username: "Zoë", Role: account.RoleUser, Pool: "partner", Device: "Firefox", Address: "192.0.2.1",
		Since: in.Created, LastActive: in.LastActive, Expires: in.Expires}
	if got := row(); got != want {
		t.Errorf("session %+v, want %+v", got, want)
	}
	register(t, c, in, "c1")
	if got := row(); !got.Connected || got.Seat != session.Held {
		t.Errorf("session %+v", got)
	}
	if err := c.Leave(t.Context(), session.ByUser(zoe.ID), session.Disconnect{User: zoe.ID, Conn: "c1"}); err != nil {
		t.Fatal(err)
	}
	if got := row(); got.Connected || got.Seat != session.Grace {
		t.Errorf("session %+v", got)
	}
	o, err := s.Occupancy(t.Context())
	if err != nil || o.Sessions != 1 || len(o.Pools) != 2 || o.Pools[0].ID != Pool || o.Pools[1].ID != partner.ID || o.Pools[1].Grace != 1 {
		t.Errorf("occupancy %+v, %v", o, err)
	}
}

func testDelete(t *testing.T, b Backend) {
	s := b.Open(t)
	c := core(s)
	user := addUser(t, s, "Ada")
	in := login(t, c, user)
	register(t, c, in, "c1")
	if _, err := AddUser(t.Context(), s, "ADA", account.RoleUser, Pool); err == nil {
		t.Error("two accounts with one name [SEC-06]")
	}
	if err := c.ChangeUser(t.Context(), session.ByCLI("test"), session.UserChange{User: user, Delete: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.UserByName(t.Context(), "ada"); !errors.Is(err, session.ErrNoUser) {
		t.Errorf("a deleted account is found: %v", err)
	}
	_, _, err := c.Session(t.Context(), in.ID)
	if e, ok := errors.AsType[*session.EndedError](err); !ok || e.Code != session.AccountDisabled {
		t.Errorf("its session: %v", err)
	}
	if p, entries := inside(t, s); p.Used() != 0 || len(entries) != 0 {
		t.Errorf("its seat: %+v, %v", p, entries)
	}
	if _, err := c.Login(t.Context(), session.ByCLI("test"), session.Login{User: user, Issued: true}); !errors.Is(err, session.ErrInvalidCredentials) {
		t.Errorf("it can log in: %v", err)
	}
	again := addUser(t, s, "ada")
	if got, err := s.UserByName(t.Context(), "ADA"); err != nil || got.ID != again || again == user {
		t.Errorf("the name's new account: %s, %v, want %s", got.ID, err, again)
	}
}
