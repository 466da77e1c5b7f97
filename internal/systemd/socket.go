package systemd

import (
	"fmt"
	"net"

	"github.com/coreos/go-systemd/v22/activation"
)

// Listener is the socket that the service manager opened for the server, nil when
// it opened none.
func Listener() (net.Listener, error) {
	all, err := activation.Listeners()
	if err != nil {
		return nil, fmt.Errorf("the service manager's socket: %w", err)
	}
	switch {
	case len(all) == 0:
		return nil, nil
	case len(all) > 1:
		return nil, fmt.Errorf("the service manager opened %d sockets: one is served, remove the others from the socket unit", len(all))
	case all[0] == nil:
		return nil, fmt.Errorf("the service manager's socket is not one that listens for connections: use ListenStream")
	}
	return all[0], nil
}
