package app

import (
	"context"
	"log/slog"
	"strings"

	"github.com/turnike/turnike/internal/session"
)

// eventLogSize is the greatest number of events that wait to be logged.
const eventLogSize = 4096

// eventLog logs each audit event, and at level debug also the others. Its callers
// never wait: if events arrive faster than lines can be written, it skips some. The
// database has all of them.
type eventLog struct {
	log   *slog.Logger
	queue chan session.Event
	skip  func() // counts a skipped line
}

func newEventLog(log *slog.Logger, skip func()) *eventLog {
	return &eventLog{log: log, queue: make(chan session.Event, eventLogSize), skip: skip}
}

// note queues events. It never blocks.
func (l *eventLog) note(events []session.Event) {
	for _, e := range events {
		if e.Pool == session.SystemPool && e.Type == session.ServerStarted {
			continue // no user is ever inside this pool
		}
		if level(e) < slog.LevelInfo && !l.log.Enabled(context.Background(), slog.LevelDebug) {
			continue
		}
		select {
		case l.queue <- e:
		default:
			l.skip()
		}
	}
}

// run logs until ctx is done, then logs what is left in the queue.
func (l *eventLog) run(ctx context.Context) {
	for {
		select {
		case e := <-l.queue:
			l.write(e)
		case <-ctx.Done():
			for range len(l.queue) {
				l.write(<-l.queue)
			}
			return
		}
	}
}

func (l *eventLog) write(e session.Event) {
	attrs := []slog.Attr{slog.Int64("pool", int64(e.Pool)), slog.Int64("seq", e.LogSeq)}
	for _, a := range []struct{ key, value string }{
		{"by", e.By.String()}, {"user", e.Username}, {"session", e.Session}, {"socket", e.Conn}, {"code", string(e.Code)}, {"reason", e.Reason},
		{"successor", e.Successor}, {"device", e.Device}, {"remote", e.Address},
		{"status", string(e.Status)}, {"offline", e.OfflineReason},
	} {
		if a.value != "" {
			attrs = append(attrs, slog.String(a.key, a.value))
		}
	}
	if e.Type == session.UsersImported {
		attrs = append(attrs, slog.Int("count", e.Count))
	}
	if e.Type == session.LoginFailed {
		attrs = append(attrs, slog.Int("count", e.Count), slog.Int("throttled", e.Throttled))
	}
	if e.Status != "" || e.Type == session.PoolChanged {
		attrs = append(attrs, slog.Int("limit", e.Limit), slog.Int("used", e.Held+e.Grace+e.Offered))
	}
	l.log.LogAttrs(context.Background(), level(e), strings.ReplaceAll(string(e.Type), "_", " "), attrs...)
}

// level returns info for audit events, except for the accounts of an import: one
// line counts those.
func level(e session.Event) slog.Level {
	if e.Type.Audit() && e.Reason != session.ReasonImport {
		return slog.LevelInfo
	}
	return slog.LevelDebug
}
