package session_test

import (
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"

	"github.com/turnike/turnike/internal/session/sessiontest"
)

func TestMemory(t *testing.T) {
	sessiontest.Run(t, func(testing.TB) sessiontest.Backend {
		m := sessiontest.NewMemory()
		return sessiontest.Backend{Open: func(testing.TB) sessiontest.Store { return m }}
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
			err = sessiontest.Model(t.Context(), sessiontest.NewMemory(), draw, steps)
		})
		if stopped != nil {
			panic(stopped)
		}
		if err != nil {
			r.Fatal(err)
		}
	})
}
