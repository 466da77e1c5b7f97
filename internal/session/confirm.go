package session

import (
	"context"
	"fmt"
)

// Confirmer knows which commits have been applied by every process that holds
// connections, so that none of them serves an ended session any more [I2].
type Confirmer interface {
	// Await returns once every commit up to pos is applied, or with an error when
	// that cannot be known in time.
	Await(ctx context.Context, pos Pos) error
}

// ConfirmWith sets whom commands ask before they answer. Without one, a commit
// counts as applied as soon as the store returns: in a single process the listener
// has applied it by then [K6]. It is set once, before anything is served.
func (c *Core) ConfirmWith(by Confirmer) { c.confirm = by }

// await waits until a commit is applied, outside of any lock. Error:
// ErrUnconfirmed; the change is durable all the same.
func (c *Core) await(ctx context.Context, pos Pos) error {
	if c.confirm == nil || pos == 0 {
		return nil
	}
	if err := c.confirm.Await(ctx, pos); err != nil {
		return fmt.Errorf("%w: %w", ErrUnconfirmed, err)
	}
	return nil
}
