package socketio

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// answer reads the answer to a CONNECT.
func (p *peer) answer() (sid, pid string) {
	p.t.Helper()
	var in struct{ SID, PID string }
	text := p.read()
	if err := json.Unmarshal([]byte(strings.TrimPrefix(text, "40")), &in); err != nil {
		p.t.Fatalf("connect answered %q", text)
	}
	return in.SID, in.PID
}

// hear reads an event of one argument and an offset.
func (p *peer) hear() (what, offset string) {
	p.t.Helper()
	var in []string
	text := p.read()
	if err := json.Unmarshal([]byte(strings.TrimPrefix(text, "42")), &in); err != nil || len(in) != 3 {
		p.t.Fatalf("got %q", text)
	}
	return in[1], in[2]
}

// A client that lost its connection recovers its id, rooms, value and missed events. A
// client that left, returns too late, or sends an unknown offset or secret starts a new
// socket.
func TestRecovery(t *testing.T) {
	type left struct{ id, reason string }
	connected, gone := make(chan *Socket, 8), make(chan left, 8)
	url, server := serve(t, Config{RecoverFor: time.Hour, MaxRecover: 2}, func(s *Server) {
		n := s.Of("/")
		n.Use(func(_ context.Context, s *Socket, auth json.RawMessage) error {
			if strings.Contains(string(auth), "refuse") {
				return &ConnectError{Message: "no"}
			}
			return nil
		})
		n.OnConnect(func(s *Socket) { connected <- s })
		n.OnDisconnect(func(s *Socket, why Reason) { gone <- left{s.ID(), string(why)} })
	})
	n := server.Of("/")
	back := func(pid, offset, more string) *peer {
		p := dial(t, url)
		p.send(fmt.Sprintf(`40{"pid":%q,"offset":%q%s}`, pid, offset, more))
		return p
	}
	p := dial(t, url)
	p.send("40")
	id, pid := p.answer()
	s := receive(t, connected)
	if s.Recovered() || pid == "" {
		t.Fatalf("recovered %v, pid %q", s.Recovered(), pid)
	}
	s.Join("tea")
	s.SetValue("ada")
	s.Emit("e", "first")
	n.To("tea").Emit("e", "second")
	_, offset := p.hear()
	p.hear()
	p.conn.Close()
	receive(t, gone)
	n.To("tea").Emit("e", "third")
	n.To("coffee").Emit("e", "not for it")
	n.Without(s).Emit("e", "not for it")
	n.Emit("e", "fourth")

	refused := back(pid, offset, `,"refuse":1`)
	refused.expect(`4{"message":"no"}`)
	p = back(pid, offset, "")
	if gotID, gotPID := p.answer(); gotID != id || gotPID != pid {
		t.Errorf("came back as %s", gotID)
	}
	for _, want := range []string{"second", "third", "fourth"} {
		if got, _ := p.hear(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	s = receive(t, connected)
	if !s.Recovered() || s.Value() != "ada" || fmt.Sprint(s.Rooms()) != "[tea]" || n.Socket(id) != s || n.To("tea").Len() != 1 {
		t.Errorf("recovered %v, value %v, rooms %v", s.Recovered(), s.Value(), s.Rooms())
	}
	s.Emit("e", "fifth")
	_, offset = p.hear()

	// While it is connected, no other socket can recover its state.
	for _, other := range []*peer{back(pid, offset, ""), back("x", offset, "")} {
		if got, _ := other.answer(); got == id {
			t.Error("two have one state")
		}
		receive(t, connected)
	}
	p.send("41") // it leaves: no state is kept
	receive(t, gone)
	p = back(pid, offset, "")
	if got, _ := p.answer(); got == id || receive(t, connected).Recovered() {
		t.Error("one that left has recovered")
	}
}

// The kept events of a socket and the number of kept sockets are bounded.
func TestRecoveryIsBounded(t *testing.T) {
	r := &rooms{maxLost: 2}
	event := func(i int) sent {
		p, err := EncodeEvent("/", "e", i)
		if err != nil {
			t.Fatal(err)
		}
		return sent{fmt.Sprint(i), p}
	}
	for i := range 5 {
		p := &past{pid: fmt.Sprint(i), until: time.Now().Add(time.Hour)}
		for k := range maxKept + 3 {
			p.add(event(k))
		}
		if _, ok := p.after("2"); ok || len(p.events) != maxKept {
			t.Fatalf("%d events are kept", len(p.events))
		}
		if missed, ok := p.after(fmt.Sprint(maxKept)); !ok || len(missed) != 2 {
			t.Fatalf("missed %d, %v", len(missed), ok)
		}
		r.lost = append(r.lost, p)
		r.expire()
	}
	if len(r.lost) != 2 || r.lost[1].pid != "4" {
		t.Errorf("%d sockets are kept", len(r.lost))
	}
	r.lost[0].until = time.Now().Add(-time.Second)
	if r.expire(); len(r.lost) != 1 {
		t.Errorf("%d are kept though one is over", len(r.lost))
	}
}
