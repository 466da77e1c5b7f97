package sqlite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/turnike/turnike/internal/session"
)

// lines is a log that can be read while it is written.
type lines struct {
	mu   sync.Mutex // guards text
	text bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lines) count(what string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text.String(), what)
}

// full makes the database refuse to grow, and fills it.
func (s *scene) full(t *testing.T) {
	t.Helper()
	s.limit(t, 0)
	for i := range 1000 {
		if s.SetMeta(t.Context(), fmt.Sprint("filler", i), strings.Repeat("x", 3000)) != nil {
			return
		}
	}
	t.Fatal("the database does not get full")
}

// Only a write that is committed ends the state that nothing can be written, and
// both ends of it are said once.
func TestAFullDatabaseIsDownUntilAWriteCommits(t *testing.T) {
	var log lines
	s := openScene(t, prepareScene(t), func(o *Options) {
		o.Log, o.watch = slog.New(slog.NewTextHandler(&log, nil)), time.Millisecond
	})
	if err := s.Ready(t.Context()); err != nil {
		t.Fatalf("before: %v", err)
	}
	s.full(t)
	for range 5 {
		// Nothing is written for a name that there is not, nor for one that is refused.
		if _, err := s.core.Login(t.Context(), session.ByCLI("test"), session.Login{User: "nobody", Issued: true}); err == nil {
			t.Error("nobody logged in")
		}
		if err := s.Ready(t.Context()); !errors.Is(err, session.ErrUnavailable) || !s.Stats().Down {
			t.Fatalf("ready: %v, down: %v", err, s.Stats().Down)
		}
		if err := s.SetMeta(t.Context(), "more", strings.Repeat("x", 30000)); !errors.Is(err, session.ErrUnavailable) {
			t.Errorf("writing to a full database: %v", err)
		}
	}
	if err := s.Ping(t.Context()); err != nil {
		t.Errorf("it can be read: %v", err)
	}
	if down, up := log.count("cannot be written"), log.count("can be written again"); down != 1 || up != 0 {
		t.Errorf("said %d times that it cannot be written, %d times that it can again", down, up)
	}
	s.limit(t, 1<<30)
	for s.Ready(t.Context()) != nil { // nobody writes but the store itself
		if err := t.Context().Err(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Millisecond)
	}
	if down, up := log.count("cannot be written"), log.count("can be written again"); down != 1 || up != 1 || s.Stats().Down {
		t.Errorf("said %d times that it cannot be written, %d times that it can again", down, up)
	}
	if rest, err := s.Meta(context.Background(), metaProbe); err != nil || rest != "" {
		t.Errorf("%d bytes of the probe are left, %v", len(rest), err)
	}
}

// A server whose file was deleted would answer logins that are gone with it.
func TestADeletedDatabaseIsNotWritten(t *testing.T) {
	for name, replace := range map[string]func(file string) error{
		"deleted": os.Remove,
		"replaced": func(file string) error {
			return errors.Join(os.WriteFile(file+".new", nil, 0o600), os.Rename(file+".new", file))
		},
	} {
		t.Run(name, func(t *testing.T) {
			var log lines
			s := openScene(t, prepareScene(t), func(o *Options) {
				o.Log, o.watch = slog.New(slog.NewTextHandler(&log, nil)), time.Millisecond
			})
			file := filepath.Join(s.opts.Dir, File)
			if err := os.Link(file, file+".kept"); err != nil {
				t.Fatal(err)
			}
			if err := replace(file); err != nil {
				t.Fatal(err)
			}
			if err := s.Ready(t.Context()); !errors.Is(err, session.ErrUnavailable) {
				t.Errorf("ready: %v", err)
			}
			for log.count("was removed or replaced") == 0 { // also by an idle server
				time.Sleep(time.Millisecond)
			}
			if _, err := s.core.Login(t.Context(), session.ByCLI("test"), session.Login{User: s.ids["bob"], Issued: true}); !errors.Is(err, session.ErrUnavailable) {
				t.Errorf("login: %v", err)
			}
			if info, err := os.Stat(file); err == nil && info.Size() > 0 {
				t.Error("a new database was made in the place of the old one")
			}
			if err := os.Rename(file+".kept", file); err != nil {
				t.Fatal(err)
			}
			for s.Ready(t.Context()) != nil {
				time.Sleep(time.Millisecond)
			}
			if n := log.count("was removed or replaced"); n != 1 {
				t.Errorf("said %d times", n)
			}
			s.checkLog(t)
		})
	}
}
