package engineio

import (
	"runtime"
	"strings"
	"testing"

	"github.com/gobwas/ws"
)

// yield lets other goroutines run.
func yield() { runtime.Gosched() }

// [eio4:upgrade] with a pending poll, and with data queued during the upgrade.
func TestUpgrade(t *testing.T) {
	h := serve(t, Config{})
	q, l := h.polling()
	pending := h.get(q)
	waitPoll(t, l.conn)
	s := h.dial(strings.Replace(q, "polling", "websocket", 1))
	s.send("2probe")
	if got := s.text(); got != "3probe" {
		t.Fatalf("got %q", got)
	}
	if body := receive(t, pending); body != "6" {
		t.Errorf("pending poll: %q", body)
	}
	if _, body := h.do("GET", q, ""); body != "6" {
		t.Errorf("poll while probing: %q", body)
	}
	if status, _ := h.do("POST", q, "4by polling"); status != 200 || receive(t, l.messages) != "text:by polling" {
		t.Error("POST while probing was refused")
	}
	var many []*Payload
	for range 20 {
		many = append(many, Text([]byte("x")))
	}
	l.conn.Send(Concat(many...))
	if _, body := h.do("GET", q, ""); strings.Count(body, "4x") != 16 {
		t.Errorf("got %q", body)
	}
	l.conn.Send(Text([]byte("after")))
	s.send("5")
	for range 4 {
		if got := s.text(); got != "4x" {
			t.Errorf("got %q, want 4x", got)
		}
	}
	if got := s.text(); got != "4after" {
		t.Errorf("got %q", got)
	}
	s.send("4hello")
	if got := receive(t, l.messages); got != "text:hello" {
		t.Errorf("got %q", got)
	}
	if l.conn.Transport() != WebSocket {
		t.Error("transport is", l.conn.Transport())
	}
	// The old transport and a second upgrade are refused.
	if status, _ := h.do("GET", q, ""); status != 400 {
		t.Errorf("GET: %d", status)
	}
	if status, _ := h.do("POST", q, "4x"); status != 400 {
		t.Errorf("POST: %d", status)
	}
	h.dial(strings.Replace(q, "polling", "websocket", 1)).unwelcome()
	l.conn.Send(Text([]byte("still here")))
	if got := s.text(); got != "4still here" {
		t.Errorf("got %q", got)
	}
}

// [SEC-43] After any failure of a probe the polling session continues and another probe
// is allowed.
func TestSEC43_ProbeFails(t *testing.T) {
	h := serve(t, Config{})
	q, l := h.polling()
	wsq := strings.Replace(q, "polling", "websocket", 1)
	for name, fail := range map[string]func(s *socket){
		"garbage":   func(s *socket) { s.send("hello"); s.closed() },
		"message":   func(s *socket) { s.send("2probe"); s.text(); s.send("4x"); s.closed() },
		"binary":    func(s *socket) { s.frame(ws.OpBinary, true, "5"); s.closed() },
		"bad frame": func(s *socket) { s.raw("\xff\x00"); s.closed() },
		"close":     func(s *socket) { s.frame(ws.OpClose, true, "") },
		"reset":     func(s *socket) { s.send("2probe"); s.text() },
		"too many pings": func(s *socket) {
			for range 3 {
				s.frame(ws.OpPing, true, "")
			}
			s.closed()
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := h.dial(wsq)
			fail(s)
			s.conn.Close()
			until(t, l.conn, func() bool { return l.conn.transport.(*polling).probe == nil })
			l.conn.Send(Text([]byte(name)))
			if _, body := h.do("GET", q, ""); body != "4"+name {
				t.Errorf("got %q", body)
			}
		})
	}
	s := h.dial(wsq)
	s.send("2probe")
	s.text()
	h.dial(wsq).unwelcome() // one at a time
	s.send("5")
	s.send("4up")
	if got := receive(t, l.messages); got != "text:up" {
		t.Errorf("got %q", got)
	}
}

// [SEC-43] A reset at any byte of the upgrade leaves the session alive.
func TestSEC43_ResetAtEachByte(t *testing.T) {
	h := serve(t, Config{})
	q, l := h.polling()
	frame := string(ws.MustCompileFrame(ws.MaskFrame(ws.NewTextFrame([]byte("2probe")))))
	for n := range len(frame) {
		s := h.dial(strings.Replace(q, "polling", "websocket", 1))
		s.raw(frame[:n])
		reset(s)
		until(t, l.conn, func() bool { return l.conn.transport.(*polling).probe == nil })
	}
	l.conn.Send(Text([]byte("alive")))
	if _, body := h.do("GET", q, ""); body != "4alive" {
		t.Errorf("got %q", body)
	}
}

// End during an upgrade reaches the client on the transport that it chooses.
func TestEndDuringUpgrade(t *testing.T) {
	last := Concat(Text([]byte("last")), Text([]byte("words")))
	t.Run("client takes the websocket", func(t *testing.T) {
		h := serve(t, Config{})
		q, l := h.polling()
		s := h.dial(strings.Replace(q, "polling", "websocket", 1))
		s.send("2probe")
		s.text()
		l.conn.End(4007, "logged out", last)
		s.send("5")
		if got := []string{s.text(), s.text()}; got[0] != "4last" || got[1] != "4words" {
			t.Errorf("got %q", got)
		}
		if code := s.closed(); code != 4007 {
			t.Errorf("code %d", code)
		}
	})
	t.Run("client stays with polling", func(t *testing.T) {
		h := serve(t, Config{})
		q, l := h.polling()
		s := h.dial(strings.Replace(q, "polling", "websocket", 1))
		s.send("2probe")
		s.text()
		l.conn.End(4007, "logged out", last)
		if _, body := h.do("GET", q, ""); body != "4last\x1e4words" {
			t.Errorf("got %q", body)
		}
		s.send("5") // it had decided before End
		if code := s.closed(); code != 4007 {
			t.Errorf("code %d", code)
		}
	})
	t.Run("client is told to come back", func(t *testing.T) {
		h := serve(t, Config{})
		q, l := h.polling()
		s := h.dial(strings.Replace(q, "polling", "websocket", 1))
		s.send("2probe")
		s.text()
		l.conn.Close(4100, "draining")
		s.send("5") // an official client can be told only after this
		if code := s.closed(); code != 4100 {
			t.Errorf("code %d", code)
		}
	})
	t.Run("client is told to come back and polls", func(t *testing.T) {
		h := serve(t, Config{})
		q, l := h.polling()
		pending := h.get(q)
		waitPoll(t, l.conn)
		s := h.dial(strings.Replace(q, "polling", "websocket", 1))
		until(t, l.conn, func() bool { return l.conn.transport.(*polling).probe != nil }) // the client may see the answer first
		l.conn.Close(4100, "draining")
		if body := receive(t, pending); body != "1" {
			t.Errorf("got %q", body)
		}
		if code := s.closed(); code != 4100 {
			t.Errorf("code %d", code)
		}
	})
}
