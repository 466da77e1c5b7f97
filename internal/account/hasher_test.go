package account

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/turnike/turnike/internal/counter"
)

// gate is a hash that runs until it is opened.
type gate chan struct{}

func (g gate) compute() { <-g }

func newTestHasher(t *testing.T, config HasherConfig) *Hasher {
	t.Helper()
	config.Parameters = Parameters{Memory: 64, Time: 1, Threads: 1}
	hasher, err := NewHasher(config)
	if err != nil {
		t.Fatal(err)
	}
	return hasher
}

// TestSEC05_DummyHash has every way in which a login can have no hash to check.
func TestSEC05_DummyHash(t *testing.T) {
	hasher := newTestHasher(t, HasherConfig{})
	hash, err := hasher.Hash(t.Context(), "correct horse battery")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, hash, password string
		dummy, failed        bool
	}{
		{"unknown or disabled account", "", "correct horse battery", true, false},
		{"unknown account, the dummy's password", "", "dummy", true, false},
		{"empty password", "", "", true, false},
		{"too long a password", hash, string(make([]byte, MaxPasswordBytes+1)), true, false},
		{"broken hash", "$argon2id$broken", "correct horse battery", true, true},
		{"wrong password", hash, "incorrect", false, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			before := hasher.Stats()
			ok, rehash, err := hasher.Verify(t.Context(), test.hash, test.password)
			if ok || rehash || (err != nil) != test.failed {
				t.Errorf("Verify = %v, %v, %v", ok, rehash, err)
			}
			after := hasher.Stats()
			if after.Hashes != before.Hashes+1 {
				t.Errorf("%d hashes were computed, not one", after.Hashes-before.Hashes)
			}
			if ran := after.Dummies != before.Dummies; ran != test.dummy {
				t.Errorf("the dummy ran: %v", ran)
			}
		})
	}
}

// TestSEC05_DummyCost: the dummy costs what a real hash costs, pepper or not.
func TestSEC05_DummyCost(t *testing.T) {
	hasher, err := NewHasher(HasherConfig{})
	if err != nil {
		t.Fatal(err)
	}
	fresh := newArgon2id(nil, hasher.parameters, "")
	dummy := hasher.dummy
	if dummy.Parameters != fresh.Parameters || len(dummy.salt) != len(fresh.salt) || len(dummy.key) != len(fresh.key) {
		t.Errorf("dummy %+v, fresh %+v", dummy.Parameters, fresh.Parameters)
	}
}

// TestSEC02_Queue fills the slots and the queue: the next caller is turned
// away at once, those in the queue after Wait, and those before them are served
// in their order.
func TestSEC02_Queue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hasher := newTestHasher(t, HasherConfig{Slots: 2, Queue: 3})
		running := make(gate)
		var callers sync.WaitGroup
		for range 2 {
			callers.Go(func() {
				if err := hasher.run(t.Context(), false, running.compute); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()

		var guard sync.Mutex
		var order []int
		for i := range 3 {
			callers.Go(func() {
				err := hasher.run(t.Context(), false, func() {
					guard.Lock()
					defer guard.Unlock()
					order = append(order, i)
				})
				if err != nil {
					t.Error(err)
				}
			})
			synctest.Wait()
		}
		if got, want := counted(hasher), (Stats{Slots: 2, Running: 2, Queued: 3}); !reflect.DeepEqual(got, want) {
			t.Errorf("full: %+v, want %+v", got, want)
		}
		start := time.Now()
		if err := hasher.run(t.Context(), false, func() { t.Error("ran") }); !errors.Is(err, ErrBusy) || time.Since(start) != 0 {
			t.Errorf("one too many: %v after %v", err, time.Since(start))
		}

		running <- struct{}{} // one slot becomes free and serves the queue
		synctest.Wait()
		if !slices.Equal(order, []int{0, 1, 2}) {
			t.Errorf("served in the order %v", order)
		}
		close(running)
		callers.Wait()
		if got, want := counted(hasher), (Stats{Slots: 2, Hashes: 5, Busy: 1}); !reflect.DeepEqual(got, want) {
			t.Errorf("after: %+v, want %+v", got, want)
		}
		if w := hasher.Stats().Waits; w.Count != 5 {
			t.Errorf("%d waits are counted, want 5", w.Count)
		}
	})
}

// TestSEC07_First: however many strangers wait, as many as there are slots are
// ahead of who comes first, and their full queue turns nobody else away.
func TestSEC07_First(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hasher := newTestHasher(t, HasherConfig{Slots: 1, Queue: 50})
		running := make(gate)
		var callers sync.WaitGroup
		var order []string // written in the one slot
		run := func(who string, first bool) {
			callers.Go(func() {
				if err := hasher.run(t.Context(), first, func() { <-running; order = append(order, who) }); err != nil {
					t.Error(err)
				}
			})
			synctest.Wait()
		}
		for range 51 {
			run("stranger", false)
		}
		if err := hasher.run(t.Context(), false, func() {}); !errors.Is(err, ErrBusy) {
			t.Errorf("one stranger too many: %v", err)
		}
		run("owner", true)
		run("another owner", true)
		close(running)
		callers.Wait()
		if at := slices.Index(order, "owner"); at != 1 {
			t.Errorf("%d were ahead of the owner", at)
		}
		if at := slices.Index(order, "another owner"); at > 3 || len(order) != 53 {
			t.Errorf("%d were ahead of the other owner, %d came in", at, len(order))
		}
		if got := hasher.Stats(); got.Queued != 0 || got.Running != 0 {
			t.Errorf("after: %+v", got)
		}
	})
}

func TestSEC02_Wait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hasher := newTestHasher(t, HasherConfig{Slots: 1})
		running := make(gate)
		var callers sync.WaitGroup
		callers.Go(func() {
			if err := hasher.run(t.Context(), false, running.compute); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		start := time.Now()
		_, err := hasher.Hash(t.Context(), "correct horse battery")
		if !errors.Is(err, ErrBusy) || time.Since(start) != 20*time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		close(running)
		callers.Wait()
		if _, err := hasher.Hash(t.Context(), "correct horse battery"); err != nil {
			t.Errorf("after the rush: %v", err)
		}
		if got := hasher.Stats(); got.Queued != 0 || got.Running != 0 || got.Busy != 1 {
			t.Errorf("after: %+v", got)
		}
	})
}

// TestSEC02_Leave: a caller who gives up leaves the queue at once and is not
// counted as turned away.
func TestSEC02_Leave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hasher := newTestHasher(t, HasherConfig{Slots: 1, Queue: 1})
		running := make(gate)
		var callers sync.WaitGroup
		callers.Go(func() {
			if err := hasher.run(t.Context(), false, running.compute); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()

		ctx, cancel := context.WithCancel(t.Context())
		callers.Go(func() {
			if _, _, err := hasher.Verify(ctx, "", "x"); !errors.Is(err, context.Canceled) {
				t.Errorf("the one who left: %v", err)
			}
		})
		synctest.Wait()
		cancel()
		synctest.Wait()
		if got := hasher.Stats(); got.Queued != 0 || got.Busy != 0 {
			t.Errorf("after leaving: %+v", got)
		}
		if _, _, err := hasher.Verify(ctx, "", "x"); !errors.Is(err, context.Canceled) {
			t.Errorf("one who comes cancelled: %v", err)
		}
		short, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		if _, err := hasher.Hash(short, "x"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("one with a deadline of its own: %v", err)
		}
		close(running)
		callers.Wait()
	})
}

func TestSlotAfterPanic(t *testing.T) {
	hasher := newTestHasher(t, HasherConfig{Slots: 1})
	func() {
		defer func() {
			if recover() == nil {
				t.Error("no panic")
			}
		}()
		_ = hasher.run(t.Context(), false, func() { panic("test") })
	}()
	if _, err := hasher.Hash(t.Context(), "correct horse battery"); err != nil {
		t.Error(err)
	}
	if got := hasher.Stats(); got.Running != 0 {
		t.Errorf("%+v", got)
	}
}

// counted are the figures but for the waits.
func counted(h *Hasher) Stats {
	s := h.Stats()
	s.Waits = counter.Buckets{}
	return s
}
