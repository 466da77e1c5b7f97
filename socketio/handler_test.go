package socketio

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// Functions may be added at any time: here for each client, and while events arrive.
func TestOnAtAnyTime(t *testing.T) {
	url, s := serve(t, Config{}, func(s *Server) {
		n := s.Of("/")
		n.OnConnect(func(*Socket) {
			n.On("x", func(context.Context, *Socket, Args, *Ack) {})
			n.Use(func(context.Context, *Socket, json.RawMessage) error { return nil })
			s.Of("later").OnConnect(func(*Socket) {})
		})
	})
	done := make(chan bool)
	for range 8 {
		go func() {
			defer func() { done <- true }()
			p := dial(t, url)
			p.join("")
			for range 50 {
				p.send(`42["x"]`)
			}
			p.send("40/later,")
			p.expectLater()
		}()
	}
	for range 8 {
		receive(t, done)
	}
	s.Of("/").On("after", func(_ context.Context, _ *Socket, _ Args, ack *Ack) { ack.Reply(1) })
	p := dial(t, url)
	p.join("")
	p.send(`421["after"]`)
	p.expect(`31[1]`)
}

// expectLater reads the answer to a CONNECT of /later.
func (p *peer) expectLater() {
	if got := p.read(); !strings.HasPrefix(got, `40/later,{"sid"`) {
		p.t.Errorf("got %q", got)
	}
}

// The handlers of an event run in order. Handlers of a socket run last and only for that
// socket. A handler that is added in OnConnect misses no event, even if the client sends
// at once.
func TestSeveralHandlers(t *testing.T) {
	url, _ := serve(t, Config{}, func(s *Server) {
		n := s.Of("chat") // is /chat
		say := func(what string) Handler {
			return func(_ context.Context, s *Socket, _ Args, ack *Ack) {
				s.Emit(what)
				ack.Reply(what)
			}
		}
		n.On("e", say("first"), Inline)
		n.On("e", say("second"))
		first := true
		n.OnConnect(func(s *Socket) {
			if first {
				s.On("e", say("own"))
				s.On("mine", say("mine"))
			}
			first = false
		})
	})
	eager, other := dial(t, url), dial(t, url)
	eager.send("40/chat,")
	eager.send(`42/chat,1["mine"]`)
	eager.send(`42/chat,2["e"]`)
	if got := eager.read(); !strings.HasPrefix(got, "40/chat,") {
		t.Fatalf("got %q", got)
	}
	eager.expect(`2/chat,["mine"]`, `3/chat,1["mine"]`, `2/chat,["first"]`, `3/chat,2["first"]`, `2/chat,["second"]`, `2/chat,["own"]`)
	other.send("40/chat,")
	other.read()
	other.send(`42/chat,1["mine"]`) // has no handler
	other.send(`42/chat,2["e"]`)
	other.expect(`2/chat,["first"]`, `3/chat,2["first"]`, `2/chat,["second"]`)
}

// [SEC-44] Leaving and entering a namespace at any rate does not end the connection, nor
// does entering many namespaces at once.
func TestSEC44_LeaveAndEnter(t *testing.T) {
	const many = 40
	gate := make(chan bool)
	url, _ := serve(t, Config{}, func(s *Server) {
		s.Of("/")
		for i := range many {
			s.Of(fmt.Sprint(i)).Use(func(context.Context, *Socket, json.RawMessage) error { <-gate; return nil })
		}
	})
	p := dial(t, url)
	for range many {
		p.join("")
		p.send("41")
	}
	for i := range many {
		p.send(fmt.Sprintf("40/%d,", i))
	}
	close(gate)
	for range many {
		if got := p.read(); !strings.HasPrefix(got, "40/") {
			t.Fatalf("got %q", got)
		}
	}
}

// A name that no client can send causes a panic at once.
func TestNamespaceNames(t *testing.T) {
	s := NewServer(Config{})
	if s.Of("chat") != s.Of("/chat") || s.Of("") != s.Of("/") || s.Of("chat").Name() != "/chat" {
		t.Error("names without a slash are others")
	}
	if p, err := EncodeEvent("chat", "e"); err != nil || wireText(p) != `42/chat,["e"]` {
		t.Errorf("encoded as %s, %v", wireText(p), err)
	}
	defer func() {
		if recover() == nil {
			t.Error("a name with a comma was taken")
		}
	}()
	s.Of("/a,b")
}
