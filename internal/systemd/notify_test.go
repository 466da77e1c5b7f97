package systemd

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"testing"
)

// TestWatchdog: the manager is told once for each time that the server is alive,
// and not when it is not.
func TestWatchdog(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "notify")
	manager, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer manager.Close()
	t.Setenv("NOTIFY_SOCKET", socket)
	t.Setenv("WATCHDOG_USEC", "2000")
	n := Notifier{Log: slog.New(slog.DiscardHandler)}
	n.Ready()
	ctx, stop := context.WithCancel(t.Context())
	asked := 0
	n.Watch(ctx, func(context.Context) error {
		asked++
		switch asked {
		case 2, 3:
			return errors.New("the store does not answer")
		case 5:
			stop()
		}
		return nil
	})
	n.Stopping()
	var heard []string
	for b := make([]byte, 100); !slices.Contains(heard, "STOPPING=1"); {
		k, err := manager.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		heard = append(heard, string(b[:k]))
	}
	if want := []string{"READY=1", "WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1", "STOPPING=1"}; !slices.Equal(heard, want) {
		t.Errorf("%q, want %q", heard, want)
	}
}

// TestNoManager: without one nothing happens.
func TestNoManager(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "")
	n := Notifier{Log: slog.New(slog.DiscardHandler)}
	n.Ready()
	n.Watch(t.Context(), func(context.Context) error { t.Error("asked"); return nil })
	if l, err := Listener(); l != nil || err != nil {
		t.Error(l, err)
	}
}
