package engineio

import (
	"encoding/json"
	"net"
	"strings"
	"testing"

	"github.com/gobwas/ws"
)

func TestWebSocketHandshake(t *testing.T) {
	h := serve(t, Config{})
	s := h.dial("EIO=4&transport=websocket")
	open := s.text()
	var v map[string]any
	if err := json.Unmarshal([]byte(open[1:]), &v); err != nil {
		t.Fatal(err)
	}
	if open[0] != '0' || len(v) != 5 || v["pingInterval"] != 25000.0 || v["pingTimeout"] != 20000.0 || v["maxPayload"] != 65536.0 {
		t.Errorf("open packet %s", open)
	}
	if up, ok := v["upgrades"].([]any); !ok || len(up) != 0 {
		t.Errorf("upgrades %v, want []", v["upgrades"])
	}
}

func TestWebSocketMessages(t *testing.T) {
	h := serve(t, Config{})
	s, l := h.websocket()
	long := strings.Repeat("ü", 20000)
	for _, text := range []string{"hello", "", long} {
		s.send("4" + text)
		if got := receive(t, l.messages); got != "text:"+text {
			t.Errorf("got %.40q, want %.40q", got, text)
		}
		l.conn.Send(Text([]byte(text)))
		if got := s.text(); got != "4"+text {
			t.Errorf("got %.40q, want %.40q", got, text)
		}
	}
	s.frame(ws.OpBinary, true, "\x01\x02\x00")
	if got := receive(t, l.messages); got != "binary:\x01\x02\x00" {
		t.Errorf("got %q", got)
	}
	l.conn.Send(Binary([]byte{1, 2, 3}))
	if f := s.read(); f.Header.OpCode != ws.OpBinary || string(f.Payload) != "\x01\x02\x03" {
		t.Errorf("got %x %q", f.Header.OpCode, f.Payload)
	}
}

// A message in fragments, with control frames in between. [RFC6455:5.4]
func TestWebSocketFragments(t *testing.T) {
	h := serve(t, Config{})
	s, l := h.websocket()
	s.frame(ws.OpText, false, "4hel")
	s.frame(ws.OpPing, true, "are you there?")
	s.frame(ws.OpContinuation, false, "")
	s.frame(ws.OpContinuation, true, strings.Repeat("lo", 3000))
	if f := s.read(); f.Header.OpCode != ws.OpPong || string(f.Payload) != "are you there?" {
		t.Errorf("got %x %q", f.Header.OpCode, f.Payload)
	}
	if got := receive(t, l.messages); got != "text:hel"+strings.Repeat("lo", 3000) {
		t.Errorf("got %.40q", got)
	}
}

func TestWebSocketPeerCloses(t *testing.T) {
	h := serve(t, Config{})
	s, l := h.websocket()
	s.frame(ws.OpClose, true, "\x0f\xa1bye") // 4001
	if code := s.closed(); code != 4001 {
		t.Errorf("echoed %d", code)
	}
	if why := receive(t, l.closed); why != (Closure{Code: 4001, Reason: "transport close"}) {
		t.Errorf("closed: %+v", why)
	}
	if l.conn.Send(Text([]byte("late"))) {
		t.Error("a message was taken after the end")
	}
	<-l.conn.Context().Done()
}

func TestWebSocketTransportLost(t *testing.T) {
	h := serve(t, Config{})
	s, l := h.websocket()
	s.conn.(*net.TCPConn).SetLinger(0)
	s.conn.Close()
	if why := receive(t, l.closed); why.Code != 1006 || why.Final {
		t.Errorf("closed: %+v", why)
	}
}

func TestWebSocketServerCloses(t *testing.T) {
	h := serve(t, Config{})
	s, l := h.websocket()
	l.conn.Send(Text([]byte("before")))
	l.conn.Close(4100, "draining")
	if got := s.text(); got != "4before" {
		t.Errorf("got %q", got)
	}
	if code := s.closed(); code != 4100 {
		t.Errorf("code %d", code)
	}
	if why := receive(t, l.closed); why != (Closure{Code: 4100, Reason: ReasonForcedClose, Detail: "draining"}) {
		t.Errorf("closed: %+v", why)
	}
}

func TestWebSocketEnd(t *testing.T) {
	h := serve(t, Config{})
	s, l := h.websocket()
	l.conn.Send(Text([]byte("before")))
	l.conn.End(4001, "replaced", Text([]byte("last words")))
	l.conn.Send(Text([]byte("after")))
	l.conn.End(4002, "again", Text([]byte("second last words")))
	s.send("4discarded")
	if got := []string{s.text(), s.text()}; got[0] != "4before" || got[1] != "4last words" {
		t.Errorf("got %q", got)
	}
	if code := s.closed(); code != 4001 {
		t.Errorf("code %d", code)
	}
	if why := receive(t, l.closed); !why.Final || why.Code != 4001 {
		t.Errorf("closed: %+v", why)
	}
	select {
	case m := <-l.messages:
		t.Errorf("delivered %q after the end", m)
	default:
	}
}
