package session_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/store/storetest"
)

// holder stands for the processes that hold connections.
type holder struct {
	asked []session.Pos
	err   error
}

func (h *holder) Await(_ context.Context, pos session.Pos) error {
	h.asked = append(h.asked, pos)
	return h.err
}

// An ending call returns once its commit is applied everywhere, and says so when
// that is not known.
func TestI2_AnEndWaitsUntilItIsApplied(t *testing.T) {
	store := storetest.NewMemory()
	user, err := store.AddUser(t.Context(), "ada", account.RoleUser, 1)
	if err != nil {
		t.Fatal(err)
	}
	core := session.New(store, session.DefaultRules(), slog.New(slog.DiscardHandler))
	var held holder
	core.ConfirmWith(&held)
	if _, err := core.Login(t.Context(), session.ByCLI("test"), session.Login{User: user, Issued: true}); err != nil {
		t.Fatal(err)
	}
	held.err = errors.New("a node does not answer")
	_, err = core.End(t.Context(), session.ByCLI("test"), session.Ending{User: user, Code: session.EndedByAdmin})
	if !errors.Is(err, session.ErrUnconfirmed) || !errors.Is(err, session.ErrUnavailable) || !errors.Is(err, held.err) {
		t.Errorf("error %v", err)
	}
	held.err = nil
	if n, err := core.End(t.Context(), session.ByCLI("test"), session.Ending{User: user, Code: session.EndedByAdmin}); n != 0 || err != nil {
		t.Errorf("%d sessions ended once more, %v", n, err)
	}
	if len(held.asked) != 2 || held.asked[0] <= 0 || held.asked[1] != held.asked[0]+1 {
		t.Errorf("positions %v: one for the login, the next for the end", held.asked)
	}
}
