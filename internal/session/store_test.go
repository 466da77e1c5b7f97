package session_test

import (
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"

	"github.com/turnike/turnike/internal/store/storetest"
)

func TestMemory(t *testing.T) {
	storetest.Run(t, func(testing.TB) storetest.Backend {
		m := storetest.NewMemory()
		return storetest.Backend{Open: func(testing.TB) storetest.Store { return m }}
	})
}

// TestModel drives the rules with random calls; rapid shrinks what it finds.
func TestModel(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		draw := func(what string, n int) int { return rapid.IntRange(0, n-1).Draw(r, what) }
		steps := rapid.IntRange(1, 60).Draw(r, "steps")
		var err error
		var stopped any // rapid ends a run by a panic, which must not end the bubble's goroutine
		synctest.Test(t, func(t *testing.T) {
			defer func() { stopped = recover() }()
			err = storetest.Model(t.Context(), storetest.NewMemory(), draw, steps)
		})
		if stopped != nil {
			panic(stopped)
		}
		if err != nil {
			r.Fatal(err)
		}
	})
}
