package socketio

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/turnike/turnike/engineio"
)

// lobby lets clients join and leave rooms and reports when they have left.
func lobby(gone chan *Socket) func(s *Server) {
	return func(s *Server) {
		n := s.Of("/")
		names := func(args Args) []string {
			var v []string
			for _, a := range args {
				v = append(v, strings.Trim(a.String(), `"`))
			}
			return v
		}
		n.On("join", func(_ context.Context, s *Socket, args Args, ack *Ack) {
			s.Join(names(args)...)
			ack.Reply(s.Rooms())
		})
		n.On("leave", func(_ context.Context, s *Socket, args Args, ack *Ack) {
			s.Leave(names(args)...)
			ack.Reply(s.Rooms())
		})
		n.OnDisconnect(func(s *Socket, _ Reason) { gone <- s })
	}
}

// The receivers of each event: each row is one event, each column one client.
func TestRooms(t *testing.T) {
	gone := make(chan *Socket, 8)
	url, server := serve(t, Config{}, lobby(gone))
	n := server.Of("/")
	var peers []*peer
	var sockets []*Socket
	for _, rooms := range []string{`"blue"`, `"blue","red","blue"`, `"red"`, ``} {
		p := dial(t, url)
		id := p.join("")
		if rooms != "" {
			p.send(`420["join",` + rooms + `]`)
			p.expect(map[string]string{`"blue"`: `30[["blue"]]`, `"blue","red","blue"`: `30[["blue","red"]]`, `"red"`: `30[["red"]]`}[rooms])
		}
		// The newest client may be entered shortly after its answer.
		peers = append(peers, p)
		sockets = append(sockets, await(t, n, id))
	}
	for i, tt := range []struct {
		to    Broadcast
		heard []int
	}{
		{Broadcast{namespace: n}, []int{0, 1, 2, 3}},
		{n.To(), []int{0, 1, 2, 3}},
		{n.To("blue"), []int{0, 1}},
		{n.To("blue", "red"), []int{0, 1, 2}},
		{n.To("blue").To("red"), []int{0, 1, 2}},
		{n.To("blue").Except("red"), []int{0}},
		{n.Except("red"), []int{0, 3}},
		{n.Except("red", "blue"), []int{3}},
		{n.To("nobody"), nil},
		{n.Except("nobody").Without(sockets[1]), []int{0, 2, 3}},
		{n.Without(sockets[3], sockets[0]), []int{1, 2}},
		{n.To("red").Without(sockets[1]), []int{2}},
	} {
		if err := tt.to.Emit("event", i); err != nil {
			t.Fatal(err)
		}
		want, err := EncodeEvent("/", "event", i)
		if err != nil {
			t.Fatal(err)
		}
		for who, p := range peers {
			if slices.Contains(tt.heard, who) {
				p.expect(wireText(want)[1:])
			}
		}
	}
	peers[1].send(`421["leave","blue","nowhere"]`)
	peers[1].expect(`31[["red"]]`)
	if sent := n.To("blue").Send(event1(t)); sent != 1 {
		t.Errorf("sent to %d", sent)
	}
	peers[0].expect(`2["one"]`)
	if err := n.Emit("all", make(chan int)); err == nil {
		t.Error("a channel was encoded")
	}
	if sent := n.Send(event1(t)); sent != 4 {
		t.Errorf("sent to %d", sent)
	}
	for _, p := range peers {
		p.expect(`2["one"]`)
	}

	// Every kind of end removes the socket from all rooms.
	peers[0].send("41")
	peers[1].conn.Close()
	sockets[2].End(4001, "", nil)
	sockets[3].Disconnect()
	for range 4 {
		s := receive(t, gone)
		if s.Join("late"); len(s.Rooms()) != 0 {
			t.Errorf("rooms %q after the end", s.Rooms())
		}
	}
	if r := &n.rooms; len(r.all)+len(r.members) != 0 {
		t.Errorf("left behind: %v %v", r.all, r.members)
	}
	if sent := n.Send(event1(t)); sent != 0 {
		t.Errorf("sent to %d", sent)
	}
}

func event1(t *testing.T) *engineio.Payload {
	t.Helper()
	p, err := EncodeEvent("/", "one")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// await waits until a socket receives events of its namespace.
func await(t *testing.T, n *Namespace, id string) *Socket {
	t.Helper()
	for t.Context().Err() == nil {
		for s := range (Broadcast{namespace: n}).sockets() {
			if s.ID() == id {
				return s
			}
		}
	}
	t.Fatal("never came in")
	return nil
}

// No event of a room precedes the answer to CONNECT, even if the socket joined the room
// during the checks.
func TestRoomJoinedInCheck(t *testing.T) {
	joined, checked := make(chan *Socket), make(chan bool)
	url, server := serve(t, Config{}, func(s *Server) {
		s.Of("/").Use(func(_ context.Context, s *Socket, _ json.RawMessage) error {
			s.Join("early")
			joined <- s
			<-checked
			return nil
		})
		s.Of("/").OnConnect(func(s *Socket) { joined <- s })
	})
	p := dial(t, url)
	p.send("40")
	receive(t, joined)
	n := server.Of("/")
	if sent := n.To("early").Send(event1(t)); sent != 0 {
		t.Errorf("sent to %d", sent)
	}
	checked <- true
	receive(t, joined)
	if sent := n.To("early").Send(event1(t)); sent != 1 {
		t.Errorf("sent to %d", sent)
	}
	p.expectConnect()
	p.expect(`2["one"]`)
}

// Concurrent joins, broadcasts and ends.
func TestRoomsAtOnce(t *testing.T) {
	gone := make(chan *Socket, 64)
	url, server := serve(t, Config{}, lobby(gone))
	n := server.Of("/")
	for range 10 {
		p := dial(t, url)
		s := await(t, n, p.join(""))
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range 20 {
					s.Join("a", "b")
					n.To("a", "b").Except("c").Send(event1(t))
					s.Leave("a")
				}
			})
		}
		wg.Go(func() { s.End(4001, "", nil) })
		wg.Wait()
		receive(t, gone)
		s.Join("late")
		if r := &n.rooms; len(r.all)+len(r.members) != 0 {
			t.Fatalf("left behind: %v %v", r.all, r.members)
		}
	}
}
