package session_test

import (
	"testing"

	"github.com/turnike/turnike/internal/session/sessiontest"
)

func TestMemory(t *testing.T) {
	sessiontest.Run(t, func(testing.TB) sessiontest.Backend {
		m := sessiontest.NewMemory()
		return sessiontest.Backend{Open: func(testing.TB) sessiontest.Store { return m }}
	})
}
