package app

import (
	"cmp"
	"errors"
	"fmt"
	"syscall"
)

// listenError returns the error for an address that cannot be listened on. It names
// the key, the process that has the port, and how to choose another one.
func listenError(key, address, choose string, err error) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		owner := cmp.Or(portOwner(address), "another program")
		return fmt.Errorf("%s: %s is taken by %s; stop that, or choose another port with %s", key, address, owner, choose)
	}
	return fmt.Errorf("%s: %w", key, err)
}
