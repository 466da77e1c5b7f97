package app

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/turnike/turnike/internal/config"
	"github.com/turnike/turnike/internal/logging"
)

// logs are the log of the server and the access log.
type logs struct {
	main   *slog.Logger
	access *slog.Logger   // nil when off
	level  *slog.LevelVar // of main
	usual  slog.Level     // as configured
	file   *logging.File  // of access; nil without

	queue       *logging.Queue // to stderr
	accessQueue *logging.Queue // to file; nil without
}

// openLogs opens the configured logs. No log line waits for its reader [I5].
func openLogs(cfg config.Config, stderr *logging.Queue, terminal bool) (*logs, error) {
	l := &logs{level: new(slog.LevelVar), queue: stderr}
	if err := l.usual.UnmarshalText([]byte(cfg.Log.Level)); err != nil {
		l.usual = slog.LevelInfo // validation has refused it before
	}
	l.level.Set(l.usual)
	opts := &slog.HandlerOptions{Level: l.level, ReplaceAttr: logging.Clean}
	l.main = newLogger(stderr, func(w io.Writer) slog.Handler {
		if cfg.Log.Format == config.FormatText || cfg.Log.Format == config.FormatAuto && terminal {
			return slog.NewTextHandler(w, opts)
		}
		return slog.NewJSONHandler(w, opts)
	})
	everything := func(w io.Writer) slog.Handler {
		return slog.NewJSONHandler(w, &slog.HandlerOptions{ReplaceAttr: logging.Clean})
	}
	switch cfg.Log.Access {
	case config.AccessOff:
	case config.AccessStderr:
		l.access = slog.New(everything(stderr))
	default:
		file, err := logging.OpenFile(cfg.Log.Access)
		if err != nil {
			return nil, fmt.Errorf("log.access: %w; name a file that can be written", err)
		}
		l.file, l.accessQueue = file, logging.NewQueue(file, logging.MaxQueued)
		l.access = newLogger(l.accessQueue, everything)
	}
	return l, nil
}

// newLogger returns a logger that writes to a queue. The queue reports in the same
// format how many lines it lost.
func newLogger(q *logging.Queue, format func(io.Writer) slog.Handler) *slog.Logger {
	q.Note(func(lost uint64) []byte {
		var line bytes.Buffer
		slog.New(format(&line)).Warn("lines were left out of the log", "lines", lost)
		return line.Bytes()
	})
	return slog.New(format(q))
}

// lost returns how many lines of both logs were dropped because nothing read them.
func (l *logs) lost() uint64 {
	n := l.queue.Lost()
	if l.accessQueue != nil {
		n += l.accessQueue.Lost()
	}
	return n
}

// close closes the access log, after its last lines as far as they can be written.
func (l *logs) close() error {
	if l.file == nil {
		return nil
	}
	l.accessQueue.Close(flushPatience)
	return l.file.Close()
}

// reopen opens the access log again after its file was moved away.
func (l *logs) reopen() {
	if l.file == nil {
		return
	}
	if err := l.file.Reopen(); err != nil {
		l.main.Error("the access log goes on in its old file", "error", err)
		return
	}
	l.main.Info("access log reopened")
}

// turnUp switches between level debug and the configured level at each SIGUSR1.
func (l *logs) turnUp(ctx context.Context) {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGUSR1)
	defer signal.Stop(asked)
	for {
		select {
		case <-ctx.Done():
			return
		case <-asked:
			next := slog.LevelDebug
			if l.level.Level() == slog.LevelDebug {
				next = l.usual
			}
			l.level.Set(next)
			l.main.Log(ctx, max(next, slog.LevelInfo), "log level changed", "to", next.String())
		}
	}
}
