package engineio

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"
)

// The cases of the protocol's own test suite, with their names:
// https://github.com/socketio/socket.io/tree/main/docs/engine.io-protocol/v4-test-suite
// Where the suite sleeps, these tests use fake time or wait for the event.

// suite is the echo server that the suite expects.
func suite(t *testing.T) *harness {
	t.Helper()
	return serveWith(t, Config{MaxPayload: 1000000}, sendBack)
}

func sendBack(c *Conn, data []byte, binary bool) {
	if binary {
		c.Send(Binary(data))
		return
	}
	c.Send(Text(data))
}

const suiteQuery = "EIO=4&transport=polling"

// suiteBeat is the suite's heartbeat interval.
var suiteBeat = Config{PingInterval: 300 * time.Millisecond, PingTimeout: 200 * time.Millisecond, MaxPayload: 1000000}

// opens checks an open packet.
func opens(t *testing.T, packet, upgrades string) {
	t.Helper()
	var v map[string]json.RawMessage
	if packet == "" || packet[0] != '0' || json.Unmarshal([]byte(packet[1:]), &v) != nil {
		t.Fatalf("open packet %q", packet)
	}
	if len(v) != 5 || len(v["sid"]) < 22 || v["sid"][0] != '"' {
		t.Errorf("open packet %q", packet)
	}
	for key, want := range map[string]string{"upgrades": upgrades, "pingInterval": "300", "pingTimeout": "200", "maxPayload": "1000000"} {
		if string(v[key]) != want {
			t.Errorf("%s is %s, want %s", key, v[key], want)
		}
	}
}

func TestSuiteHandshake(t *testing.T) {
	h := serve(t, suiteBeat)
	refused := func(t *testing.T, method string, queries ...string) {
		t.Helper()
		for _, q := range queries {
			if status, body := h.do(method, q, ""); status != 400 {
				t.Errorf("%s %s: %d %s", method, q, status, body)
			}
		}
	}
	notOpened := func(t *testing.T, queries ...string) {
		t.Helper()
		for _, q := range queries {
			if s, err := h.tryDial(q); err == nil {
				t.Errorf("%s was opened: %q", q, s.text())
			}
		}
	}
	t.Run("HTTP long-polling", func(t *testing.T) {
		t.Run("successfully opens a session", func(t *testing.T) {
			status, body := h.do("GET", suiteQuery, "")
			if status != 200 {
				t.Errorf("status %d", status)
			}
			opens(t, body, `["websocket"]`)
		})
		t.Run("fails with an invalid 'EIO' query parameter", func(t *testing.T) {
			refused(t, "GET", "transport=polling", "EIO=abc&transport=polling")
			q, _ := h.polling() // not in the suite: mandatory in each request
			sid := strings.TrimPrefix(q, suiteQuery)
			refused(t, "GET", "transport=polling"+sid, "EIO=3&transport=polling"+sid)
			refused(t, "POST", "transport=polling"+sid)
			notOpened(t, "transport=websocket"+sid)
		})
		t.Run("fails with an invalid 'transport' query parameter", func(t *testing.T) {
			refused(t, "GET", "EIO=4", "EIO=4&transport=abc")
		})
		t.Run("fails with an invalid request method", func(t *testing.T) {
			refused(t, "POST", suiteQuery)
			refused(t, "PUT", suiteQuery)
		})
	})
	t.Run("WebSocket", func(t *testing.T) {
		t.Run("successfully opens a session", func(t *testing.T) {
			opens(t, h.dial("EIO=4&transport=websocket").text(), `[]`)
		})
		t.Run("fails with an invalid 'EIO' query parameter", func(t *testing.T) {
			notOpened(t, "transport=websocket", "EIO=abc&transport=websocket")
		})
		t.Run("fails with an invalid 'transport' query parameter", func(t *testing.T) {
			notOpened(t, "EIO=4", "EIO=4&transport=abc")
		})
	})
}

func TestSuiteMessage(t *testing.T) {
	h := suite(t)
	t.Run("HTTP long-polling", func(t *testing.T) {
		for name, payload := range map[string]string{
			"sends and receives a payload containing one plain text packet":             "4hello",
			"sends and receives a payload containing several plain text packets":        "4test1\x1e4test2\x1e4test3",
			"sends and receives a payload containing plain text and binary packets":     "4hello\x1ebAQIDBA==",
			"sends and receives a payload containing several plain text packets, UTF-8": "4€\x1e4ğüşiöç\x1e4🙂", // not in the suite
		} {
			t.Run(name, func(t *testing.T) {
				q, _ := h.polling()
				if status, body := h.do("POST", q, payload); status != 200 || body != "ok" {
					t.Errorf("POST: %d %q", status, body)
				}
				if status, body := h.do("GET", q, ""); status != 200 || body != payload {
					t.Errorf("GET: %d %q", status, body)
				}
			})
		}
		t.Run("closes the session upon invalid packet format", func(t *testing.T) {
			q, _ := h.polling()
			if status, body := h.do("POST", q, "abc"); status != 400 {
				t.Errorf("POST: %d %q", status, body)
			}
			if status, body := h.do("GET", q, ""); status != 400 {
				t.Errorf("GET: %d %q", status, body)
			}
		})
		t.Run("closes the session upon duplicate poll requests", func(t *testing.T) {
			q, l := h.polling()
			first := h.get(q)
			waitPoll(t, l.conn)
			if status, body := h.do("GET", q+"&t=burst", ""); status != 400 {
				t.Errorf("second poll: %d %q", status, body)
			}
			if body := receive(t, first); body != "1" {
				t.Errorf("first poll: %q", body)
			}
			if status, body := h.do("GET", q, ""); status != 400 {
				t.Errorf("third poll: %d %q", status, body)
			}
		})
		t.Run("closes the session upon cancelled polling request", func(t *testing.T) {
			q, l := h.polling()
			ctx, cancel := context.WithCancel(t.Context())
			req, err := http.NewRequestWithContext(ctx, "GET", h.url(q), nil)
			if err != nil {
				t.Fatal(err)
			}
			cancelled := make(chan error, 1)
			go func() {
				_, err := http.DefaultClient.Do(req)
				cancelled <- err
			}()
			waitPoll(t, l.conn)
			cancel()
			if receive(t, cancelled) == nil {
				t.Error("the poll was answered")
			}
			receive(t, l.closed)
			if status, body := h.do("GET", q, ""); status != 400 {
				t.Errorf("GET: %d %q", status, body)
			}
		})
	})
	t.Run("WebSocket", func(t *testing.T) {
		t.Run("sends and receives a plain text packet", func(t *testing.T) {
			s, _ := h.websocket()
			s.send("4hello")
			if got := s.text(); got != "4hello" {
				t.Errorf("got %q", got)
			}
		})
		t.Run("sends and receives a binary packet", func(t *testing.T) {
			s, _ := h.websocket()
			s.frame(ws.OpBinary, true, "\x01\x02\x03\x04")
			if f := s.read(); f.Header.OpCode != ws.OpBinary || string(f.Payload) != "\x01\x02\x03\x04" {
				t.Errorf("got %x %q", f.Header.OpCode, f.Payload)
			}
		})
		t.Run("closes the session upon invalid packet format", func(t *testing.T) {
			s, _ := h.websocket()
			s.send("abc")
			s.closed()
		})
	})
}

func TestSuiteHeartbeat(t *testing.T) {
	t.Run("HTTP long-polling", func(t *testing.T) {
		t.Run("sends ping/pong packets", func(t *testing.T) {
			inBubble(t, suiteBeat, func(b *bubble) {
				q := b.polling()
				for range 3 {
					if status, body := b.do("GET", q, ""); status != 200 || body != "2" {
						t.Errorf("GET: %d %q", status, body)
					}
					if status, body := b.do("POST", q, "3"); status != 200 {
						t.Errorf("POST: %d %q", status, body)
					}
				}
			})
		})
		t.Run("closes the session upon ping timeout", func(t *testing.T) {
			inBubble(t, suiteBeat, func(b *bubble) {
				q := b.polling()
				time.Sleep(suiteBeat.PingInterval + suiteBeat.PingTimeout)
				if status, body := b.do("GET", q, ""); status != 400 {
					t.Errorf("GET: %d %q", status, body)
				}
			})
		})
	})
	t.Run("WebSocket", func(t *testing.T) {
		t.Run("sends ping/pong packets", func(t *testing.T) {
			inBubble(t, suiteBeat, func(b *bubble) {
				s := b.websocket("EIO=4&transport=websocket")
				s.text() // open
				for range 3 {
					if got := s.text(); got != "2" {
						t.Errorf("got %q", got)
					}
					s.send("3")
				}
				s.conn.Close()
			})
		})
		t.Run("closes the session upon ping timeout", func(t *testing.T) {
			inBubble(t, suiteBeat, func(b *bubble) {
				s := b.websocket("EIO=4&transport=websocket")
				s.text() // open
				if got := s.text(); got != "2" {
					t.Errorf("got %q", got)
				}
				if f, err := s.tryRead(); err == nil {
					t.Errorf("got %x %q", f.Header.OpCode, f.Payload)
				}
				s.conn.Close()
			})
		})
	})
}

func TestSuiteClose(t *testing.T) {
	h := suite(t)
	t.Run("HTTP long-polling/forcefully closes the session", func(t *testing.T) {
		q, l := h.polling()
		poll := h.get(q)
		waitPoll(t, l.conn)
		if status, body := h.do("POST", q, "1"); status != 200 {
			t.Errorf("POST: %d %q", status, body)
		}
		if body := receive(t, poll); body != "6" {
			t.Errorf("poll: %q", body)
		}
		if status, body := h.do("GET", q, ""); status != 400 {
			t.Errorf("GET: %d %q", status, body)
		}
	})
	t.Run("WebSocket/forcefully closes the session", func(t *testing.T) {
		s, _ := h.websocket()
		s.send("1")
		s.closed()
	})
}

func TestSuiteUpgrade(t *testing.T) {
	h := suite(t)
	upgraded := func(t *testing.T, poll bool) (query string, s *socket) {
		t.Helper()
		q, _ := h.polling()
		s = h.dial(strings.Replace(q, "polling", "websocket", 1))
		s.send("2probe")
		if got := s.text(); got != "3probe" {
			t.Errorf("got %q", got)
		}
		if poll {
			if status, body := h.do("GET", q, ""); status != 200 || body != "6" {
				t.Errorf("GET: %d %q", status, body)
			}
		}
		s.send("5")
		return q, s
	}
	hello := func(t *testing.T, s *socket) {
		t.Helper()
		s.send("4hello")
		if got := s.text(); got != "4hello" {
			t.Errorf("got %q", got)
		}
	}
	t.Run("successfully upgrades from HTTP long-polling to WebSocket", func(t *testing.T) {
		_, s := upgraded(t, true)
		hello(t, s)
	})
	t.Run("ignores HTTP requests with same sid after upgrade", func(t *testing.T) {
		q, s := upgraded(t, false)
		hello(t, s) // ensures that the upgrade was read
		if status, body := h.do("GET", q, ""); status != 400 {
			t.Errorf("GET: %d %q", status, body)
		}
		hello(t, s)
	})
	t.Run("ignores WebSocket connection with same sid after upgrade", func(t *testing.T) {
		q, s := upgraded(t, false)
		hello(t, s)
		h.dial(strings.Replace(q, "polling", "websocket", 1)).unwelcome()
		hello(t, s)
	})
}
