package app

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/turnike/turnike/internal/config"
	"github.com/turnike/turnike/internal/logging"
)

// greetingReader collects what the server prints and reports the greeting.
type greetingReader struct {
	mu    sync.Mutex
	text  bytes.Buffer
	ready chan struct{} // closed by the last line of the greeting
}

func (r *greetingReader) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.text.Write(p)
	if strings.Contains(string(p), "Turnike is ready") {
		close(r.ready)
	}
	return len(p), nil
}

func (r *greetingReader) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

// TestServe starts a server without main, asks for its health by the running file,
// and stops it.
func TestServe(t *testing.T) {
	data := t.TempDir()
	cfg, err := config.Load(config.Sources{Data: data, Env: config.Environment{
		"TURNIKE_SERVER_LISTEN": "127.0.0.1:0", "TURNIKE_TLS_MODE": "off", "TURNIKE_PASSWORD_MEMORY": "7168", "TURNIKE_PASSWORD_TIME": "5"}})
	if err != nil {
		t.Fatal(err)
	}
	stderr := logging.NewQueue(io.Discard, logging.MaxQueued)
	defer stderr.Close(time.Second)
	out := &greetingReader{ready: make(chan struct{})}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- Serve(ctx, cfg, Options{Stdout: out, Stderr: stderr, Program: "turnike"}) }()
	select {
	case <-out.ready:
	case err := <-ended:
		t.Fatalf("it ended: %v\n%s", err, out)
	}
	if !strings.Contains(out.String(), "\n  admin ") {
		t.Errorf("no first account in %q", out)
	}
	server, err := ReadRunning(data)
	if err != nil || server.PID != os.Getpid() {
		t.Fatalf("the running file: %+v, %v", server, err)
	}
	for _, route := range []string{"healthz", "readyz"} {
		if err := server.Ask(t.Context(), data, route); err != nil {
			t.Error(err)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if _, err := ReadRunning(data); !errors.Is(err, ErrNotRunning) {
		t.Errorf("after the end: %v", err)
	}
}
