package main

import (
	"errors"
	"fmt"
	"syscall"
)

// listenError names the key of an address that cannot be listened on, and by what
// another one is chosen.
func listenError(key, address, choose string, err error) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%s: %s is taken by another program; stop that, or choose another port with %s", key, address, choose)
	}
	return fmt.Errorf("%s: %w", key, err)
}
