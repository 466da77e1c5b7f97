package main

import (
	"context"
	"log/slog"
	"strings"

	"github.com/turnike/turnike/internal/session"
)

// eventLogSize is how many events may wait to be logged.
const eventLogSize = 4096

// eventLog writes a line for each event of the audit trail, and at level debug
// for the others. Who hands it events never waits for it: when they come faster
// than their lines can be made, some are skipped. The database has them all.
type eventLog struct {
	log   *slog.Logger
	queue chan session.Event
	skip  func() // counts a line that is left out
}

func newEventLog(log *slog.Logger, skip func()) *eventLog {
	return &eventLog{log: log, queue: make(chan session.Event, eventLogSize), skip: skip}
}

// note takes events; it never blocks.
func (l *eventLog) note(events []session.Event) {
	for _, e := range events {
		if e.Pool == session.SystemPool && e.Type == session.ServerStarted {
			continue // nobody is ever inside it
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

// run logs until ctx is done, and then what is left.
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

// level is info for the audit trail, but for each account of an import: one line
// counts them.
func level(e session.Event) slog.Level {
	if e.Type.Audit() && e.Reason != session.ReasonImport {
		return slog.LevelInfo
	}
	return slog.LevelDebug
}
