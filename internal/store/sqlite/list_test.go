package sqlite

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/session"
)

func TestCreateUsersAllOrNone(t *testing.T) {
	s := openStore(t)
	addUser(t, s, "Işık")
	for name, c := range map[string]struct {
		last NewUser
		want func(error) bool
	}{
		"a known name": {NewUser{Name: "IŞIK", Role: account.RoleUser}, func(err error) bool {
			e, ok := errors.AsType[*UserExistsError](err)
			return ok && e.Name == "IŞIK"
		}},
		"a name twice": {NewUser{Name: "BOB", Role: account.RoleUser}, func(err error) bool {
			e, ok := errors.AsType[*UserExistsError](err)
			return ok && e.Name == "BOB"
		}},
		"an unknown pool": {NewUser{Name: "eve", Role: account.RoleUser, Pool: "nowhere"}, func(err error) bool {
			return errors.Is(err, session.ErrNoPool) && strings.Contains(err.Error(), `"nowhere"`)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			before, _, err := s.Snapshot(t.Context(), 1)
			if err != nil {
				t.Fatal(err)
			}
			err = s.CreateUsers(t.Context(), session.ByCLI("test"), []NewUser{{Name: "bob", Role: account.RoleUser}, {Name: "kim", Role: account.RoleAdmin}, c.last})
			if !c.want(err) || errors.Is(err, session.ErrUnavailable) {
				t.Errorf("error %v", err)
			}
			users, err := s.Users(t.Context())
			after, _, snap := s.Snapshot(t.Context(), 1)
			if err != nil || snap != nil || len(users) != 1 || after != before {
				t.Errorf("users %v, %v, %v, pool %+v, was %+v", users, err, snap, after, before)
			}
		})
	}
}

func TestLists(t *testing.T) {
	s := openStore(t)
	p, err := s.CreatePool(t.Context(), session.ByCLI("test"), "partner", 2)
	if err != nil || p.ID != 2 || p.Limit != 2 || !p.LimitSet || p.LogSeq != 1 {
		t.Fatalf("pool %+v, %v", p, err)
	}
	if _, err := s.CreatePool(t.Context(), session.ByCLI("test"), "partner", 9); err == nil || errors.Is(err, session.ErrUnavailable) {
		t.Errorf("a pool made twice: %v", err)
	} else if _, ok := errors.AsType[*PoolExistsError](err); !ok {
		t.Errorf("a pool made twice: %v", err)
	}
	if err := s.CreateUsers(t.Context(), session.ByCLI("test"), []NewUser{
		{Name: "Zoë", Role: account.RoleUser, Pool: "partner", PasswordHash: "old"}, {Name: "ada", Role: account.RoleAdmin},
	}); err != nil {
		t.Fatal(err)
	}
	users, err := s.Users(t.Context())
	if err != nil || len(users) != 2 || users[0].Name != "ada" || users[0].Role != account.RoleAdmin || users[0].Pool != DefaultPool ||
		users[1].Name != "Zoë" || users[1].Pool != "partner" || users[1].Created.IsZero() {
		t.Errorf("users %+v, %v", users, err)
	}
	core := session.New(s, session.DefaultRules(), quiet())
	zoe, err := s.UserByName(t.Context(), "ZOË")
	if err != nil || zoe.PasswordHash != "old" || zoe.CredVersion != 1 || zoe.Pool != 2 {
		t.Fatalf("user %+v, %v", zoe, err)
	}
	in, err := core.Login(t.Context(), session.ByUser(zoe.ID), session.Login{User: zoe.ID, CredVersion: 1, Device: "Firefox", Address: "192.0.2.1"})
	if err != nil {
		t.Fatal(err)
	}
	row := func() SessionRow {
		t.Helper()
		rows, err := s.Sessions(t.Context())
		if err != nil || len(rows) != 1 {
			t.Fatalf("sessions %+v, %v", rows, err)
		}
		return rows[0]
	}
	want := SessionRow{ID: in.ID, Username: "Zoë", Role: account.RoleUser, Pool: "partner", Device: "Firefox", Address: "192.0.2.1",
		Since: in.Created, LastActive: in.LastActive, Expires: in.Expires}
	if got := row(); got != want {
		t.Errorf("session %+v, want %+v", got, want)
	}
	if err := core.Register(t.Context(), session.ByUser(zoe.ID), session.Registration{User: zoe.ID, Session: in.ID, Conn: "c1"}); err != nil {
		t.Fatal(err)
	}
	if got := row(); !got.Connected || got.Seat != session.Held {
		t.Errorf("session %+v", got)
	}
	if err := core.Leave(t.Context(), session.ByUser(zoe.ID), session.Disconnect{User: zoe.ID, Conn: "c1"}); err != nil {
		t.Fatal(err)
	}
	if got := row(); got.Connected || got.Seat != session.Grace {
		t.Errorf("session %+v", got)
	}
	pools, err := s.Pools(t.Context())
	if err != nil || len(pools) != 2 || pools[0].Name != DefaultPool || pools[0].Limit != 3 || pools[1].Grace != 1 {
		t.Errorf("pools %+v, %v", pools, err)
	}
	for _, name := range []string{"", "none"} {
		if _, err := s.PoolByName(t.Context(), name); !errors.Is(err, session.ErrNoPool) {
			t.Errorf("pool %q: %v", name, err)
		}
	}
	if got, err := s.PoolByName(t.Context(), "partner"); err != nil || got != pools[1] {
		t.Errorf("pool %+v, %v", got, err)
	}
}

func TestRehash(t *testing.T) {
	s := openStore(t)
	user := addUser(t, s, "ada")
	core := session.New(s, session.DefaultRules(), quiet())
	in, err := core.Login(t.Context(), session.ByUser(user.ID), session.Login{User: user.ID, CredVersion: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ old, hash, want string }{{"", "first", "first"}, {"stale", "second", "first"}, {"first", "second", "second"}} {
		if err := s.Rehash(t.Context(), user.ID, c.old, c.hash); err != nil {
			t.Fatal(err)
		}
		_, u, err := s.Session(t.Context(), in.ID)
		if err != nil || u.PasswordHash != c.want || u.CredVersion != 1 {
			t.Errorf("user %+v, %v, want hash %s", u, err, c.want)
		}
		_, err = s.Update(t.Context(), user.ID, func(st session.State, _ time.Time) session.Change {
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

func TestOpen(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "not", "there?#%41 ışık")
	var wg sync.WaitGroup
	stores := make([]*Store, 4)
	for i := range stores { // several processes find no database at once
		wg.Go(func() {
			var err error
			if stores[i], err = Open(t.Context(), Options{Dir: dir, Log: quiet()}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if t.Failed() {
		return
	}
	if err := stores[0].SetMeta(t.Context(), "dev", "true"); err != nil {
		t.Fatal(err)
	}
	for _, s := range stores {
		defer s.Close()
		if s.Instance() == "" || s.Instance() != stores[0].Instance() {
			t.Errorf("instance %q, want %q", s.Instance(), stores[0].Instance())
		}
		if v, err := s.Meta(t.Context(), "dev"); err != nil || v != "true" {
			t.Errorf("meta %q, %v", v, err)
		}
		if v, err := s.Epoch(t.Context()); err != nil || v != "" {
			t.Errorf("epoch %q, %v, before the first run", v, err)
		}
		if err := s.Ping(t.Context()); err != nil {
			t.Error(err)
		}
	}
	for name, want := range map[string]fs.FileMode{".": 0o700, File: 0o600, File + "-wal": 0o600, File + "-shm": 0o600} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v, want %v", name, info.Mode(), err, want)
		}
	}
}

func TestADatabaseOfALaterVersionIsRefused(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(t.Context(), Options{Dir: dir, Log: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	err = s.write(t.Context(), func(t *tx) error {
		_, err := t.exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, 1)`)
		return err
	})
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), Options{Dir: dir, Log: quiet()}); err == nil || !strings.Contains(err.Error(), "later version") {
		t.Errorf("error %v", err)
	}
}

// A snapshot is of one commit, whatever is written meanwhile.
func TestP3_SnapshotIsOfOneCommit(t *testing.T) {
	s := openStore(t)
	core := session.New(s, session.DefaultRules(), quiet())
	limit := 20
	if err := core.ChangePool(t.Context(), session.ByCLI("test"), 1, session.PoolChange{Limit: &limit}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for _, name := range []string{"a", "b", "c", "d"} {
		user := addUser(t, s, name)
		wg.Go(func() {
			for ctx.Err() == nil {
				in, err := core.Login(t.Context(), session.ByCLI("test"), session.Login{User: user.ID, Issued: true})
				if err == nil {
					err = core.Register(t.Context(), session.ByUser(user.ID), session.Registration{User: user.ID, Session: in.ID, Conn: in.ID})
				}
				if err == nil {
					err = core.Leave(t.Context(), session.ByUser(user.ID), session.Disconnect{User: user.ID, Conn: in.ID, Clean: true})
				}
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for range 200 {
		p, entries, err := s.Snapshot(t.Context(), 1)
		held := 0
		for _, e := range entries {
			if e.State == session.Held {
				held++
			}
			if (e.State == session.Held) != (e.Connections > 0) {
				t.Errorf("entry %+v", e)
			}
		}
		if err != nil || p.Used() != len(entries) || p.Held != held {
			t.Errorf("pool %+v, entries %+v, %v", p, entries, err)
		}
	}
	cancel()
	wg.Wait()
	if _, _, err := s.Snapshot(t.Context(), 99); !errors.Is(err, session.ErrNoPool) {
		t.Errorf("no pool: %v", err)
	}
}

func TestDueIsIndexed(t *testing.T) {
	s := openStore(t)
	for name, query := range map[string]string{
		"expired":  `SELECT user_no FROM sessions WHERE ended_at IS NULL AND expires_at <= 1 ORDER BY expires_at LIMIT 1`,
		"lapsed":   `SELECT user_no FROM seats WHERE deadline IS NOT NULL AND deadline <= 1 ORDER BY deadline LIMIT 1`,
		"next":     `SELECT user_no FROM seats t WHERE t.pool_id = 1 AND t.state = 'grace' AND t.user_no <> 1 ORDER BY t.reclaim LIMIT 1`,
		"live":     `SELECT no FROM sessions s WHERE s.user_no = 1 AND s.ended_at IS NULL ORDER BY s.no`,
		"snapshot": `SELECT t.state FROM seats t WHERE t.pool_id = 1`,
		"prune":    `SELECT no FROM sessions WHERE ended_at IS NOT NULL AND expires_at <= 1 ORDER BY expires_at LIMIT 1`,
	} {
		var plan []string
		err := s.read(t.Context(), func(c *conn) error {
			return c.query(`EXPLAIN QUERY PLAN `+query, func(r row) error {
				plan = append(plan, r.string(3))
				return nil
			})
		})
		if err != nil || slices.ContainsFunc(plan, func(p string) bool { return strings.Contains(p, "SCAN") || strings.Contains(p, "TEMP") }) {
			t.Errorf("%s: %q, %v: want neither a scan nor a sort", name, plan, err)
		}
	}
}
