package webhttp

import (
	"fmt"
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

// TestSEC37_SlowReader checks that a client that does not read its answer is cut off.
// Sockets have deadlines of their own.
func TestSEC37_SlowReader(t *testing.T) {
	for path, want := range map[string]time.Duration{"/": answerDeadline, "/socket.io/": 2 * answerDeadline} {
		t.Run(path, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				var ended time.Duration
				here, stop := serveOne(func(w http.ResponseWriter, _ *http.Request) {
					_, _ = w.Write(make([]byte, 1<<20))
					ended = time.Since(start)
				})
				if _, err := io.WriteString(here, "GET "+path+" HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
					t.Fatal(err)
				}
				time.Sleep(2 * answerDeadline)
				here.Close()
				synctest.Wait()
				if ended != want {
					t.Errorf("the answer ended after %v, want %v", ended, want)
				}
				stop()
			})
		})
	}
}

// serveOne answers one connection with a handler behind the protection.
func serveOne(h http.HandlerFunc) (client net.Conn, stop func()) {
	p := Protection{Responder: &Responder{Log: slog.New(slog.DiscardHandler)}}
	server := &http.Server{Handler: p.Wrap(h)}
	l := one{make(chan net.Conn, 1), make(chan struct{})}
	go server.Serve(l)
	here, there := net.Pipe()
	l.conn <- there
	return here, func() {
		here.Close()
		server.Close()
		time.Sleep(time.Minute) // whatever still sleeps wakes up
	}
}

// TestSEC37_SlowBody checks the deadline of a body and its least speed.
func TestSEC37_SlowBody(t *testing.T) {
	for name, tt := range map[string]struct {
		bytes, perSecond int
		end              time.Duration
		whole            bool
	}{
		"quick":                   {bytes: 8 << 10, perSecond: 8 << 10, end: time.Second, whole: true},
		"as slow as it may be":    {bytes: 6 << 10, perSecond: 1 << 10, end: 6 * time.Second, whole: true},
		"a byte a second":         {bytes: 100, perSecond: 1, end: bodyGrace},
		"nothing at all":          {bytes: 100, perSecond: 0, end: bodyGrace},
		"fast enough, never done": {bytes: 1 << 20, perSecond: 2 << 10, end: bodyDeadline},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start, ended := time.Now(), make(chan error)
				here, stop := serveOne(func(_ http.ResponseWriter, r *http.Request) {
					_, err := io.ReadAll(r.Body)
					ended <- err
				})
				if _, err := fmt.Fprintf(here, "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n", tt.bytes); err != nil {
					t.Fatal(err)
				}
				go io.Copy(io.Discard, here)
				go func() {
					for left := tt.bytes; left > 0 && tt.perSecond > 0; left -= tt.perSecond {
						time.Sleep(time.Second)
						if _, err := here.Write(make([]byte, min(tt.perSecond, left))); err != nil {
							return // cut
						}
					}
				}()
				failed := <-ended
				took := time.Since(start).Truncate(time.Second)
				if took != tt.end || (failed == nil) != tt.whole {
					t.Errorf("ended after %v with %v, want %v", took, failed, tt.end)
				}
				stop()
			})
		})
	}
}
