package server

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// one accepts one connection.
type one struct {
	conn chan net.Conn
	done chan struct{}
}

func (l one) Accept() (net.Conn, error) {
	select {
	case c := <-l.conn:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l one) Close() error   { close(l.done); return nil }
func (l one) Addr() net.Addr { return &net.TCPAddr{} }

// TestSEC37_SlowReader: a client that does not read its answer is let go. What a
// socket waits for is not the middleware's business.
func TestSEC37_SlowReader(t *testing.T) {
	for path, want := range map[string]time.Duration{"/": answerDeadline, "/socket.io/": 2 * answerDeadline} {
		t.Run(path, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				var ended time.Duration
				m := Middleware{SocketPath: "/socket.io/", Log: slog.New(slog.DiscardHandler)}
				server := &http.Server{Handler: m.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					_, _ = w.Write(make([]byte, 1<<20))
					ended = time.Since(start)
				}))}
				l := one{make(chan net.Conn, 1), make(chan struct{})}
				go server.Serve(l)
				here, there := net.Pipe()
				l.conn <- there
				if _, err := io.WriteString(here, "GET "+path+" HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
					t.Fatal(err)
				}
				time.Sleep(2 * answerDeadline)
				here.Close()
				synctest.Wait()
				if ended != want {
					t.Errorf("the answer ended after %v, want %v", ended, want)
				}
				server.Close()
				synctest.Wait()
			})
		})
	}
}
