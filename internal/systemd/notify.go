package systemd

import (
	"context"
	"log/slog"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// Notifier tells the service manager.
type Notifier struct{ Log *slog.Logger }

// Ready says that the server serves.
func (n Notifier) Ready() { n.say(daemon.SdNotifyReady) }

// Stopping says that the server is about to end.
func (n Notifier) Stopping() { n.say(daemon.SdNotifyStopping) }

// Watch says that the server is alive for as long as it is, until ctx is done.
// Alive is asked twice in the time that the manager waits; when it fails nothing
// is said, and after that time the manager restarts the server.
func (n Notifier) Watch(ctx context.Context, alive func(context.Context) error) {
	limit, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		n.Log.Warn("the service manager's watchdog is not understood", "error", err)
		return
	}
	if limit <= 0 {
		return
	}
	tick := time.NewTicker(limit / 2)
	defer tick.Stop()
	for {
		ask, cancel := context.WithTimeout(ctx, limit/2)
		err := alive(ask)
		cancel()
		switch {
		case err == nil:
			n.say(daemon.SdNotifyWatchdog)
		case ctx.Err() == nil:
			n.Log.Error("not alive; the service manager is not told otherwise", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (n Notifier) say(state string) {
	if _, err := daemon.SdNotify(false, state); err != nil {
		n.Log.Warn("the service manager was not told", "state", state, "error", err)
	}
}
