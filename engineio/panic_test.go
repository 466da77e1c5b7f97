package engineio

import (
	"bytes"
	"errors"
	"io"
	"log"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// [SEC-40] A panic in a receiver closes only that connection, on each transport.
func TestSEC40_Panic(t *testing.T) {
	var panics atomic.Int32
	h := serveWith(t, Config{OnPanic: func(v any, stack []byte) {
		if v == "boom" && bytes.Contains(stack, []byte("panic_test.go")) {
			panics.Add(1)
		}
	}}, func(c *Conn, data []byte, _ bool) {
		if string(data) == "boom" {
			panic("boom")
		}
		c.Send(Text(data))
	})
	healthy, _ := h.websocket()
	s, l := h.websocket()
	s.send("4boom")
	if code := s.closed(); code != 1011 {
		t.Errorf("code %d", code)
	}
	receive(t, l.closed)
	q, l := h.polling()
	if status, _ := h.do("POST", q, "4boom"); status != 500 {
		t.Errorf("POST: %d", status)
	}
	receive(t, l.closed)
	healthy.send("4alive")
	if got := healthy.text(); got != "4alive" {
		t.Errorf("got %q", got)
	}
	if n := panics.Load(); n != 2 {
		t.Errorf("%d panics were reported", n)
	}
}

// trapped is a listener whose connections panic on demand, like a defect in a decoder,
// in TLS or in a writer.
type trapped struct {
	net.Listener
	inline bool // connections can be written to inline

	mu    sync.Mutex // guards conns
	conns map[string]*trap
}

// trap is a connection that panics once after it was armed.
type trap struct {
	net.Conn
	read, write atomic.Bool
}

func (l *trapped) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	t := &trap{Conn: c}
	l.conns[c.RemoteAddr().String()] = t
	if l.inline {
		return deep{t}, nil
	}
	return t, nil
}

// of returns the server's side of a client's connection.
func (l *trapped) of(s *socket) *trap {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.conns[s.conn.LocalAddr().String()]
}

func (t *trap) Read(p []byte) (int, error) {
	n, err := t.Conn.Read(p)
	if t.read.Swap(false) {
		panic("read")
	}
	return n, err
}

func (t *trap) Write(p []byte) (int, error) {
	if t.write.Swap(false) {
		panic("write")
	}
	return t.Conn.Write(p)
}

// deep exposes the underlying connection, as TLS does.
type deep struct{ *trap }

func (d deep) NetConn() net.Conn { return d.Conn }

// serveTrapped starts a server on a trapped listener; each message is broadcast to all
// connections.
func serveTrapped(t *testing.T, inline bool) (*harness, *trapped, <-chan any) {
	panics := make(chan any, 8)
	l := &trapped{inline: inline, conns: make(map[string]*trap)}
	var h *harness
	h = serveOn(t, Config{CloseTimeout: 50 * time.Millisecond, OnPanic: func(v any, _ []byte) { panics <- v }}, func(_ *Conn, data []byte, _ bool) {
		for _, other := range h.server.all() {
			other.Send(Text(data))
		}
	}, func(below net.Listener) net.Listener {
		l.Listener = below
		return l
	})
	return h, l, panics
}

// [SEC-40] A panic while writing to a connection ends that connection, not the one whose
// message is sent, both inline and in a flusher.
func TestSEC40_Writer(t *testing.T) {
	for name, inline := range map[string]bool{"inline": true, "flusher": false} {
		t.Run(name, func(t *testing.T) {
			h, l, panics := serveTrapped(t, inline)
			healthy, _ := h.websocket()
			victim, v := h.websocket()
			l.of(victim).write.Store(true)
			healthy.send("4news")
			if got := receive(t, panics); got != "write" {
				t.Errorf("reported %v", got)
			}
			if why := receive(t, v.closed); why.Code != codeAbnormal {
				t.Errorf("closed: %+v", why)
			}
			if _, err := victim.tryRead(); !cut(err) {
				t.Errorf("the victim reads %v", err)
			}
			healthy.send("4more")
			for _, want := range []string{"4news", "4more"} {
				if got := healthy.text(); got != want {
					t.Errorf("got %q, want %q", got, want)
				}
			}
		})
	}
	t.Run("polling", func(t *testing.T) {
		h, l, panics := serveTrapped(t, true)
		h.http.Config.ErrorLog = log.New(io.Discard, "", 0)
		healthy, _ := h.websocket()
		query, v := h.polling()
		poll := dialRaw(t, h, "GET /engine.io/?"+query+" HTTP/1.1\r\nHost: x\r\n\r\n")
		waitPoll(t, v.conn)
		l.of(poll).write.Store(true)
		healthy.send("4news")
		if got := receive(t, panics); got != "write" {
			t.Errorf("reported %v", got)
		}
		receive(t, v.closed)
		if status, _ := h.do("GET", query, ""); status != 400 {
			t.Errorf("the session is still there: %d", status)
		}
		if got := healthy.text(); got != "4news" {
			t.Errorf("got %q", got)
		}
	})
}

// [SEC-40] A panic while reading from a connection, before or after an upgrade, ends
// only that connection.
func TestSEC40_Reader(t *testing.T) {
	h, l, panics := serveTrapped(t, true)
	healthy, _ := h.websocket()
	victim, v := h.websocket()
	l.of(victim).read.Store(true)
	victim.send("4x")
	if got := receive(t, panics); got != "read" {
		t.Errorf("reported %v", got)
	}
	if code := victim.closed(); code != codeInternal {
		t.Errorf("code %d", code)
	}
	receive(t, v.closed)

	query, v := h.polling()
	probe := h.dial(query[:len("EIO=4&transport=")] + "websocket" + query[len("EIO=4&transport=polling"):])
	l.of(probe).read.Store(true)
	probe.send("2probe")
	if got := receive(t, panics); got != "read" {
		t.Errorf("reported %v", got)
	}
	receive(t, v.closed)
	if _, err := probe.tryRead(); !cut(err) {
		t.Errorf("the probe reads %v", err)
	}
	healthy.send("4alive")
	if got := healthy.text(); got != "4alive" {
		t.Errorf("got %q", got)
	}
}

// cut reports whether a connection was closed before the test's deadline.
func cut(err error) bool { return err != nil && !errors.Is(err, os.ErrDeadlineExceeded) }

// dialRaw opens a connection and writes a request.
func dialRaw(t *testing.T, h *harness, request string) *socket {
	t.Helper()
	conn, err := net.Dial("tcp", h.http.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	s := &socket{t: t, conn: conn, r: conn}
	s.raw(request)
	return s
}

// Without OnPanic and OnOverflow, panics and overflows are logged, by default with
// slog.Default.
func TestLoggedByDefault(t *testing.T) {
	var out syncBuffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&out, nil)))
	defer slog.SetDefault(before)
	h := serveWith(t, Config{MaxQueue: 10, MaxBurst: 10}, func(*Conn, []byte, bool) { panic("boom") })
	s, l := h.websocket()
	s.send("4x")
	receive(t, l.closed)
	if log := out.String(); !strings.Contains(log, `level=ERROR msg="engineio: panic" value=boom`) || !strings.Contains(log, "panic_test.go") {
		t.Errorf("logged %q", log)
	}
	_, l = h.polling()
	for l.conn.Send(Text([]byte("hello"))) {
	}
	receive(t, l.closed)
	if log := out.String(); !strings.Contains(log, `level=WARN msg="engineio: closing a connection that is behind" remote=127.0.0.1:`) || strings.Contains(log, l.conn.ID()) {
		t.Errorf("logged %q", log)
	}
}

// syncBuffer is a buffer that goroutines may share.
type syncBuffer struct {
	mu sync.Mutex // guards b
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
