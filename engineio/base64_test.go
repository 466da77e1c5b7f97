package engineio

import (
	"bufio"
	"net/http"
	"strings"
	"testing"

	"github.com/gobwas/ws"
)

// [eio4:base64] A client that does not support binary frames sets b64 in the websocket
// request and receives text frames.
func TestBase64OverWebSocket(t *testing.T) {
	h := serveWith(t, Config{}, sendBack)
	mixed := Concat(Text([]byte("a")), Binary([]byte{1, 2, 3, 4}), Text([]byte("b")))
	exchange := func(t *testing.T, s *socket, c *Conn) {
		t.Helper()
		s.send("bAQIDBA==") // echoed
		if got := s.text(); got != "bAQIDBA==" {
			t.Errorf("got %q", got)
		}
		c.Send(mixed)
		c.Send(mixed)
		for range 2 {
			for _, want := range []string{"4a", "bAQIDBA==", "4b"} {
				if got := s.text(); got != want {
					t.Errorf("got %q, want %q", got, want)
				}
			}
		}
	}
	t.Run("from the start", func(t *testing.T) {
		s := h.dial("EIO=4&transport=websocket&b64=1")
		s.t = t
		s.text() // open
		exchange(t, s, h.accept().conn)
	})
	t.Run("after an upgrade", func(t *testing.T) {
		q, l := h.polling()
		s := h.dial(strings.Replace(q, "polling", "websocket", 1) + "&b64=1")
		s.t = t
		s.send("2probe")
		s.text()
		l.conn.Send(mixed) // queued before the websocket takes over
		s.send("5")
		for _, want := range []string{"4a", "bAQIDBA==", "4b"} {
			if got := s.text(); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		}
		exchange(t, s, l.conn)
	})
	t.Run("others are sent binary", func(t *testing.T) {
		s, _ := h.websocket()
		s.t = t
		s.send("bAQIDBA==")
		if f := s.read(); f.Header.OpCode != ws.OpBinary || string(f.Payload) != "\x01\x02\x03\x04" {
			t.Errorf("got %x %q", f.Header.OpCode, f.Payload)
		}
		s.send("b$$")
		if code := s.closed(); code != codeProtocol {
			t.Errorf("code %d", code)
		}
	})
}

// [RFC6455:4.2.2] The chosen subprotocol is the first of Config.Subprotocols that the
// client asks for, or none.
func TestSubprotocol(t *testing.T) {
	for _, tt := range []struct {
		ours, asked, want string
	}{
		{"", "a, b", ""},
		{"b,a", "a, b", "b"},
		{"b,a", "a", "a"},
		{"b,a", "c", ""},
		{"b,a", "", ""},
		{"b", "B", ""}, // names are case-sensitive
	} {
		cfg := Config{}
		if tt.ours != "" {
			cfg.Subprotocols = strings.Split(tt.ours, ",")
		}
		h := serve(t, cfg)
		for _, upgrade := range []bool{false, true} {
			q := "EIO=4&transport=websocket"
			if upgrade {
				polling, _ := h.polling()
				q = strings.Replace(polling, "polling", "websocket", 1)
			}
			header := "GET /engine.io/?" + q + " HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
				"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
			if tt.asked != "" {
				header += "Sec-WebSocket-Protocol: " + strings.ReplaceAll(tt.asked, ", ", "\r\nSec-WebSocket-Protocol: ") + "\r\n"
			}
			s := dialRaw(t, h, header+"\r\n")
			response, err := http.ReadResponse(bufio.NewReader(s.r), nil)
			if err != nil {
				t.Fatal(err)
			}
			got, sent := response.Header["Sec-Websocket-Protocol"]
			if response.StatusCode != 101 || sent != (tt.want != "") || sent && strings.Join(got, "|") != tt.want {
				t.Errorf("%+v, upgrade %v: %d %q", tt, upgrade, response.StatusCode, got)
			}
		}
	}
}
