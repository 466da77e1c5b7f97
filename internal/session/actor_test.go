package session_test

import (
	"errors"
	"log/slog"
	"testing"

	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/store/storetest"
)

// Each command takes who gives it: those who have no right to it change nothing,
// and the others are named in every event.
func TestEveryCommandHasItsActor(t *testing.T) {
	ada := func(h house) session.Actor { return session.ByUser(h.user) }
	bob := func(house) session.Actor { return session.ByUser("somebody else") }
	cli := func(house) session.Actor { return session.ByCLI("root@host") }
	all := map[string]func(house) session.Actor{"the user": ada, "another user": bob, "the command line": cli,
		"the configuration": func(house) session.Actor { return session.ByConfig() },
		"the system":        func(house) session.Actor { return session.BySystem() },
		"a key":             func(house) session.Actor { return session.Actor{Kind: session.KindKey, ID: "key"} },
		"none":              func(house) session.Actor { return session.Actor{} }}
	seven := 7
	for name, c := range map[string]struct {
		run func(house, session.Actor) error
		may []string
	}{
		"login": {func(h house, by session.Actor) error {
			_, err := h.core.Login(h.Context(), by, session.Login{User: h.user, CredVersion: 1})
			return err
		}, []string{"the user"}},
		"issue": {func(h house, by session.Actor) error {
			_, err := h.core.Login(h.Context(), by, session.Login{User: h.user, Issued: true})
			return err
		}, []string{"the command line"}},
		"register": {func(h house, by session.Actor) error {
			return h.core.Register(h.Context(), by, session.Registration{User: h.user, Session: h.session, Conn: "second"})
		}, []string{"the user"}},
		"leave": {func(h house, by session.Actor) error {
			return h.core.Leave(h.Context(), by, session.Disconnect{User: h.user, Conn: "first"})
		}, []string{"the user"}},
		"end": {func(h house, by session.Actor) error {
			_, err := h.core.End(h.Context(), by, session.Ending{User: h.user, Code: session.EndedByAdmin})
			return err
		}, []string{"the user", "the command line"}},
		"change of the user": {func(h house, by session.Actor) error {
			return h.core.ChangeUser(h.Context(), by, session.UserChange{User: h.user, Disabled: new(true)})
		}, []string{"the command line"}},
		"change of the pool": {func(h house, by session.Actor) error {
			return h.core.ChangePool(h.Context(), by, 1, session.PoolChange{Limit: &seven})
		}, []string{"the command line"}},
		"configuration of the pool": {func(h house, by session.Actor) error {
			return h.core.ChangePool(h.Context(), by, 1, session.PoolChange{Limit: &seven, Configured: true})
		}, []string{"the configuration"}},
		"note of the keys": {func(h house, by session.Actor) error {
			return h.core.NoteKeys(h.Context(), by, "rotated")
		}, []string{"the command line"}},
	} {
		t.Run(name, func(t *testing.T) {
			for who, actor := range all {
				h := openHouse(t)
				by := actor(h)
				allowed := false
				for _, may := range c.may {
					allowed = allowed || who == may
				}
				err := c.run(h, by)
				if allowed != (err == nil) || (err != nil && !errors.Is(err, session.ErrForbidden)) {
					t.Errorf("by %s: error %v", who, err)
				}
				if allowed != (len(*h.events) > 0) {
					t.Errorf("by %s: %d events", who, len(*h.events))
				}
				if by.Kind == session.KindUser {
					by.Name = "ada"
				}
				for _, e := range *h.events {
					if e.By != by {
						t.Errorf("by %s: event %s is by %+v", who, e.Type, e.By)
					}
				}
			}
		})
	}
}

// house is a core on which ada is inside.
type house struct {
	*testing.T
	core          *session.Core
	user, session string
	events        *[]session.Event // that came later
}

func openHouse(t *testing.T) house {
	t.Helper()
	store := storetest.NewMemory()
	h := house{T: t, core: session.New(store, session.DefaultRules(), slog.New(slog.DiscardHandler)), events: new([]session.Event)}
	var err error
	if h.user, err = store.AddUser(t.Context(), "ada", account.RoleUser, 1); err != nil {
		t.Fatal(err)
	}
	in, err := h.core.Login(t.Context(), session.ByCLI("test"), session.Login{User: h.user, Issued: true})
	if err != nil {
		t.Fatal(err)
	}
	h.session = in.ID
	if err := h.core.Register(t.Context(), session.ByUser(h.user), session.Registration{User: h.user, Session: in.ID, Conn: "first"}); err != nil {
		t.Fatal(err)
	}
	if err := store.Listen("test", func(events []session.Event) { *h.events = append(*h.events, events...) }); err != nil {
		t.Fatal(err)
	}
	return h
}

// What is over is ended by the system, whoever happens to find it; a seat that is
// taken from its owner is taken by who needs it.
func TestWhatIsOverIsEndedByTheSystem(t *testing.T) {
	core, events, user := pastLife(t)
	if _, err := core.Login(t.Context(), session.ByUser(user), session.Login{User: user, CredVersion: 1}); err != nil {
		t.Fatal(err)
	}
	want := []session.ActorKind{session.KindSystem, session.KindUser}
	if len(*events) != len(want) {
		t.Fatalf("events %+v", *events)
	}
	for i, e := range *events {
		if e.By.Kind != want[i] {
			t.Errorf("event %s is by %s, want %s", e.Type, e.By, want[i])
		}
	}
}

// pastLife is a core with a user whose session has expired.
func pastLife(t *testing.T) (*session.Core, *[]session.Event, string) {
	t.Helper()
	store := storetest.NewMemory()
	rules := session.DefaultRules()
	rules.Lifetime = 0 // over at once
	core := session.New(store, rules, slog.New(slog.DiscardHandler))
	user, err := store.AddUser(t.Context(), "ada", account.RoleUser, 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := core.Login(t.Context(), session.ByCLI("test"), session.Login{User: user, Issued: true}); err != nil {
		t.Fatal(err)
	}
	events := new([]session.Event)
	if err := store.Listen("test", func(batch []session.Event) { *events = append(*events, batch...) }); err != nil {
		t.Fatal(err)
	}
	return core, events, user
}
