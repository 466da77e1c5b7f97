package engineio

import (
	"net/http"
	"strings"
	"testing"

	"github.com/gobwas/ws"
)

// [SEC-46] A client that reads can receive one message or burst larger than MaxQueue, at
// any time, on each transport.
func TestBursts(t *testing.T) {
	for name, burst := range map[string]struct {
		messages, size int
	}{
		"one message":   {1, 300_000},
		"many messages": {3000, 100},
	} {
		send := func(c *Conn) {
			message := Text([]byte(strings.Repeat("x", burst.size)))
			for i := range burst.messages {
				if !c.Send(message) {
					t.Errorf("message %d was refused", i)
					return
				}
			}
		}
		for _, transport := range []string{Polling, WebSocket} {
			t.Run(name+"/"+transport, func(t *testing.T) {
				h := serve(t, Config{MaxQueue: 256 << 10})
				if transport == Polling {
					q, l := h.polling()
					send(l.conn)
					h.pollBytes(q, burst.messages*burst.size)
					return
				}
				s, l := h.websocket()
				send(l.conn)
				s.bytes(burst.messages * burst.size)
			})
			t.Run(name+"/"+transport+"/at connect", func(t *testing.T) {
				h := serve(t, Config{MaxQueue: 256 << 10})
				open := h.server.open
				h.server.open = func(c *Conn, r *http.Request) (Receiver, error) {
					send(c)
					return open(c, r)
				}
				if transport == Polling {
					status, body := h.do("GET", "EIO=4&transport=polling", "")
					if status != 200 {
						t.Fatalf("handshake: %d %s", status, body)
					}
					first, rest, _ := strings.Cut(body, "\x1e")
					q := "EIO=4&transport=polling&sid=" + sidOf(t, first)
					h.pollBytes(q, burst.messages*burst.size-strings.Count(rest, "x"))
					return
				}
				s := h.dial("EIO=4&transport=websocket")
				s.text() // open
				s.bytes(burst.messages * burst.size)
			})
		}
	}
}

// pollBytes polls until n letters x have arrived.
func (h *harness) pollBytes(query string, n int) {
	h.t.Helper()
	for n > 0 {
		status, body := h.do("GET", query, "")
		if status != 200 || !strings.Contains(body, "x") {
			h.t.Fatalf("%d bytes are missing: %d %.60q", n, status, body)
		}
		n -= strings.Count(body, "x")
	}
}

// bytes reads text frames until n letters x have arrived.
func (s *socket) bytes(n int) {
	s.t.Helper()
	for n > 0 {
		f := s.read()
		if f.Header.OpCode != ws.OpText {
			s.t.Fatalf("%d bytes are missing: %x %.60q", n, f.Header.OpCode, f.Payload)
		}
		n -= strings.Count(string(f.Payload), "x")
	}
}
