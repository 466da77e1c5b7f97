package session

import (
	"testing"
	"time"

	"github.com/turnike/turnike/internal/account"
)

func TestA7_WhatEndsAllSessions(t *testing.T) {
	yes, no, pool, hash, role := true, false, PoolID(2), "$argon2id$new", account.RoleAdmin
	for name, c := range map[string]struct {
		change   UserChange
		disabled bool
		code     Code // "" ends nothing
		event    bool
	}{
		"password":       {UserChange{PasswordHash: &hash}, false, PasswordChanged, true},
		"disable":        {UserChange{Disabled: &yes}, false, AccountDisabled, true},
		"delete":         {UserChange{Delete: true}, false, AccountDisabled, true},
		"role":           {UserChange{Role: &role}, false, RoleChanged, true},
		"pool":           {UserChange{Pool: &pool}, false, RoleChanged, true},
		"enable":         {UserChange{Disabled: &no}, true, "", true},
		"enable enabled": {UserChange{Disabled: &no}, false, "", false},
		"nothing":        {UserChange{}, false, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			st := given(live("one", time.Hour), connected("one", "c1"), live("two", time.Minute))
			if c.disabled {
				st = given()
				st.User.Disabled = true
			}
			ch := changeUser(st, DefaultRules(), start, c.change)
			after := then(t, st, ch)
			if !c.event {
				if !ch.Empty() {
					t.Errorf("changed %+v", ch)
				}
				return
			}
			last := ch.Events[len(ch.Events)-1]
			if last.Type != UserChanged || last.Code != c.code || ch.User == nil {
				t.Fatalf("event %+v, user %+v", last, ch.User)
			}
			if c.code == "" {
				if ch.User.CredVersion != 4 || ch.User.Disabled {
					t.Errorf("user %+v", ch.User)
				}
				return
			}
			if ch.User.CredVersion != 5 {
				t.Errorf("cred_version %d", ch.User.CredVersion)
			}
			if got := ended(ch); len(got) != 2 || got["one"] != c.code || got["two"] != c.code {
				t.Errorf("ended %v, want both as %s", got, c.code)
			}
			wantSeat(t, after, "", "")
			if len(after.Conns) != 0 || after.Pool.Used() != 0 {
				t.Errorf("state %+v", after)
			}
			// A login whose password was checked before is refused now.
			if _, _, err := admit(after, DefaultRules(), start, logIn("late")); err == nil {
				t.Error("an old credential check still opens a session")
			}
		})
	}
}

func TestS8_LoweringALimitKicksNobody(t *testing.T) {
	limit := 1
	st := given(live("one", time.Hour), others(3, 0))
	st.Pool.Limit = 5
	ch := changePool(st.Pool, start, PoolChange{Limit: &limit})
	wantEvents(t, ch, said{PoolChanged, "", "", "", ""})
	if p := ch.Pool; p.Limit != 1 || p.Used() != 3 || !p.LimitSet || p.LogSeq != 101 || p.PresenceSeq != 50 {
		t.Fatalf("pool %+v", p)
	}
	// A2: admissions stop until use is below the limit.
	for _, c := range []struct {
		used  int
		inner bool
	}{{3, false}, {2, false}, {1, false}, {0, true}} {
		st.Pool = ch.Pool
		st.Pool.Held = c.used
		_, err := register(st, DefaultRules(), start, reg("one", "c1"))
		if (err == nil) != c.inner {
			t.Errorf("at %d of 1: %v", c.used, err)
		}
	}
}

func TestPoolChange(t *testing.T) {
	five, names := 5, VisibilityCount
	p := Pool{ID: 1, Name: "default", Limit: 3, LogSeq: 7}
	for name, c := range map[string]struct {
		pool   Pool
		change PoolChange
		limit  int
		set    bool
		events int
	}{
		"by an operator":                {p, PoolChange{Limit: &five}, 5, true, 1},
		"by the configuration":          {p, PoolChange{Limit: &five, Configured: true}, 5, false, 1},
		"the operator's wins":           {Pool{ID: 1, Limit: 3, LimitSet: true}, PoolChange{Limit: &five, Configured: true}, 3, true, 0},
		"the same by the configuration": {Pool{ID: 1, Limit: 5}, PoolChange{Limit: &five, Configured: true}, 5, false, 0},
		"the same by an operator":       {Pool{ID: 1, Limit: 5}, PoolChange{Limit: &five}, 5, true, 1},
		"something else":                {p, PoolChange{Presence: &names}, 3, false, 1},
		"nothing":                       {p, PoolChange{}, 3, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			ch := changePool(c.pool, start, c.change)
			if ch.Pool.Limit != c.limit || ch.Pool.LimitSet != c.set || len(ch.Events) != c.events {
				t.Errorf("pool %+v, events %+v", ch.Pool, ch.Events)
			}
		})
	}
}
