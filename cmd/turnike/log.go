package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/term"

	"github.com/turnike/turnike/internal/logbook"
)

// The values of LogConfig.Format.
const (
	formatAuto = "auto" // text on a terminal, JSON elsewhere
	formatJSON = "json"
	formatText = "text"
)

// The values of LogConfig.Access that name no file.
const (
	accessOff    = "off"
	accessStderr = "stderr"
)

// logs are where everything is written down.
type logs struct {
	main   *slog.Logger
	access *slog.Logger   // nil when off
	level  *slog.LevelVar // of main
	usual  slog.Level     // as configured
	file   *logbook.File  // of access; nil without
}

// openLogs begins to log as configured.
func openLogs(cfg Config, stderr io.Writer) (*logs, error) {
	l := &logs{level: new(slog.LevelVar)}
	if err := l.usual.UnmarshalText([]byte(cfg.Log.Level)); err != nil {
		l.usual = slog.LevelInfo // the configuration has refused it before
	}
	l.level.Set(l.usual)
	opts := &slog.HandlerOptions{Level: l.level, ReplaceAttr: logbook.Clean}
	f, ok := stderr.(*os.File)
	terminal := ok && term.IsTerminal(int(f.Fd()))
	if cfg.Log.Format == formatText || cfg.Log.Format == formatAuto && terminal {
		l.main = slog.New(slog.NewTextHandler(stderr, opts))
	} else {
		l.main = slog.New(slog.NewJSONHandler(stderr, opts))
	}
	everything := &slog.HandlerOptions{ReplaceAttr: logbook.Clean}
	switch cfg.Log.Access {
	case accessOff:
	case accessStderr:
		l.access = slog.New(slog.NewJSONHandler(stderr, everything))
	default:
		file, err := logbook.OpenFile(cfg.Log.Access)
		if err != nil {
			return nil, fmt.Errorf("log.access: %w; name a file that can be written", err)
		}
		l.file, l.access = file, slog.New(slog.NewJSONHandler(file, everything))
	}
	return l, nil
}

// close ends the access log.
func (l *logs) close() error {
	if l.file == nil {
		return nil
	}
	return l.file.Close()
}

// reopen goes on in a new file after the old one was moved away.
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

// turnUp logs everything after SIGUSR1, and as configured after the next one.
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
