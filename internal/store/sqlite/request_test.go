package sqlite

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/turnike/turnike/internal/session"
)

// A batch is decided pool by pool; what no rule decides keeps its place.
func TestABatchIsSortedByPool(t *testing.T) {
	s := openStore(t)
	ada := addUser(t, s, "ada") // of the pool default
	second, err := s.CreatePool(t.Context(), session.ByCLI("test"), "second", 1)
	if err != nil {
		t.Fatal(err)
	}
	var order []string
	ofPool := func(name string, id session.PoolID) step {
		return step{name: name, run: func(ctx context.Context) error {
			_, err := s.UpdatePool(ctx, id, func(p session.Pool, _ time.Time) session.Change {
				order = append(order, name)
				return session.Change{Pool: p}
			})
			return err
		}}
	}
	ofUser := func(name, user string) step {
		return step{name: name, run: func(ctx context.Context) error {
			_, err := s.Update(ctx, user, func(st session.State, _ time.Time) session.Change {
				order = append(order, name)
				return session.Change{Pool: st.Pool}
			})
			return err
		}}
	}
	function := step{name: "function", run: func(ctx context.Context) error {
		return s.write(ctx, func(*tx) error {
			order = append(order, "function")
			return nil
		})
	}}
	answers := (&scene{Store: s}).together(t, []step{ofPool("second 1", second.ID), ofUser("ada 1", ada.ID), ofPool("second 2", second.ID),
		function, ofPool("second 3", second.ID), ofUser("ada 2", ada.ID)})
	for i, err := range answers {
		if err != nil {
			t.Errorf("request %d: %v", i, err)
		}
	}
	if want := []string{"ada 1", "second 1", "second 2", "function", "ada 2", "second 3"}; !slices.Equal(order, want) {
		t.Errorf("order %v, want %v", order, want)
	}
}
