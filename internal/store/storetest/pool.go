package storetest

import (
	"errors"
	"testing"

	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/store"
)

func testPools(t *testing.T, b Backend) {
	s := b.Open(t)
	c := core(s)
	made, err := s.CreatePool(t.Context(), session.ByCLI("test"), "partner", 2)
	if err != nil || made.ID == Pool || made.Name != "partner" || made.Limit != 2 || !made.LimitSet || made.LogSeq != 1 {
		t.Fatalf("pool %+v, %v", made, err)
	}
	_, err = s.CreatePool(t.Context(), session.ByCLI("test"), "partner", 9)
	if e, ok := errors.AsType[*store.PoolExistsError](err); !ok || e.Name != "partner" || errors.Is(err, session.ErrUnavailable) {
		t.Errorf("a pool made twice: %v", err)
	}
	pools, err := s.Pools(t.Context())
	if err != nil || len(pools) != 2 || pools[0].Name != store.DefaultPool || pools[0].Limit != 3 || pools[1] != made {
		t.Errorf("pools %+v, %v", pools, err)
	}
	for _, name := range []string{"", "none"} {
		if _, err := s.PoolByName(t.Context(), name); !errors.Is(err, session.ErrNoPool) {
			t.Errorf("pool %q: %v", name, err)
		}
	}
	if got, err := s.PoolByName(t.Context(), "partner"); err != nil || got != made {
		t.Errorf("pool %+v, %v", got, err)
	}

	user, err := AddUser(t.Context(), s, "zoe", account.RoleUser, made.ID)
	if err != nil {
		t.Fatal(err)
	}
	err = s.DeletePool(t.Context(), session.ByCLI("test"), "partner")
	if e, ok := errors.AsType[*store.PoolInUseError](err); !ok || e.Name != "partner" || e.Users != 1 {
		t.Errorf("a pool with an account: %v", err)
	}
	if err := c.ChangeUser(t.Context(), session.ByCLI("test"), session.UserChange{User: user, Delete: true}); err != nil {
		t.Fatal(err)
	}
	if err := s.DeletePool(t.Context(), session.ByCLI("test"), "partner"); err != nil {
		t.Fatalf("a pool whose account is deleted: %v", err)
	}
	testDeletedPool(t, s, c, made.ID)
}

// testDeletedPool looks at a pool that was deleted and at its name.
func testDeletedPool(t *testing.T, s Store, c *session.Core, id session.PoolID) {
	if err := s.DeletePool(t.Context(), session.ByCLI("test"), "partner"); !errors.Is(err, session.ErrNoPool) {
		t.Errorf("deleted twice: %v", err)
	}
	if pools, err := s.Pools(t.Context()); err != nil || len(pools) != 1 {
		t.Errorf("pools %+v, %v", pools, err)
	}
	ada := addUser(t, s, "ada")
	if err := c.ChangeUser(t.Context(), session.ByCLI("test"), session.UserChange{User: ada, Pool: &id}); !errors.Is(err, session.ErrNoPool) {
		t.Errorf("an account moved into a deleted pool: %v", err)
	}
	events, err := s.EventsAfter(t.Context(), id, 0, 100)
	if err != nil || len(events) == 0 {
		t.Fatalf("its events: %v, %v", events, err)
	}
	if e := events[len(events)-1]; e.Type != session.PoolDeleted || e.Reason != "partner" {
		t.Errorf("its last event is %+v", e)
	}
	again, err := s.CreatePool(t.Context(), session.ByCLI("test"), "partner", 1)
	if err != nil || again.ID == id {
		t.Errorf("its name used again: %+v, %v", again, err)
	}
}

func testNotes(t *testing.T, b Backend) {
	s := b.Open(t)
	if v, err := s.Meta(t.Context(), "key"); err != nil || v != "" {
		t.Errorf("meta %q, %v", v, err)
	}
	for _, want := range []string{"one", "two ışık", ""} {
		if err := s.SetMeta(t.Context(), "key", want); err != nil {
			t.Fatal(err)
		}
		if v, err := s.Meta(t.Context(), "key"); err != nil || v != want {
			t.Errorf("meta %q, %v, want %q", v, err, want)
		}
	}
	if v, err := s.Epoch(t.Context()); err != nil || v != "" {
		t.Errorf("epoch %q, %v, before the first run", v, err)
	}
	if s.Instance() == "" {
		t.Error("the database has no id")
	}
	if err := errors.Join(s.Ping(t.Context()), s.Ready(t.Context())); err != nil {
		t.Error(err)
	}
}
