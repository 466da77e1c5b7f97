package socketio

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// [SEC-39] Missing answers are given up: then as many new ones may be pending, and a
// late answer is not an error of the client.
func TestSEC39_AcksExpire(t *testing.T) {
	const most = 80 // more than maxIdle
	over := make(chan error, most)
	url, _ := serve(t, Config{MaxAcks: most, AckTimeout: time.Millisecond}, func(s *Server) {
		echo(s)
		s.Of("/").On("ask", func(_ context.Context, s *Socket, _ Args, ack *Ack) {
			for range most {
				if err := s.EmitWithAckFunc(t.Context(), func(_ Args, err error) { over <- err }, "q"); err != nil {
					t.Error(err)
				}
			}
			err := s.EmitWithAckFunc(t.Context(), nil, "q") // EmitWithAck would block: other tasks wait for this handler
			ack.Reply(fmt.Sprint(err))
		})
	})
	p := dial(t, url)
	p.join("")
	for round := range 3 {
		p.send(`421["ask"]`)
		for i := range most {
			p.expect(fmt.Sprintf(`2%d["q"]`, round*most+i))
		}
		p.expect(`31["` + ErrTooManyAcks.Error() + `"]`)
		for range most {
			if err := receive(t, over); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("err %v", err)
			}
		}
		for i := range most {
			p.send(fmt.Sprintf(`43%d[]`, round*most+i))
		}
	}
	p.send(`421["echo"]`)
	p.expect(`31[]`)
}

// EmitWithAck waits in a handler until the answer, the end of its context, or the end of
// the socket by either side.
func TestEmitWithAck(t *testing.T) {
	got := make(chan string, 4)
	url, _ := serve(t, Config{}, func(s *Server) {
		s.Of("/").On("ask", func(_ context.Context, s *Socket, _ Args, _ *Ack) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			s.On("cancel", func(context.Context, *Socket, Args, *Ack) { t.Error("handled while another handler runs") })
			args, err := s.EmitWithAck(ctx, "q", Binary("x"))
			got <- fmt.Sprint(args, err)
		})
		s.Of("/").On("ask in vain", func(_ context.Context, s *Socket, _ Args, _ *Ack) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			args, err := s.EmitWithAck(ctx, "q")
			got <- fmt.Sprint(args, err)
		})
		s.Of("/").OnDisconnect(func(s *Socket, _ Reason) {
			_, err := s.EmitWithAck(t.Context(), "q")
			got <- fmt.Sprint(err)
		})
	})
	for name, tt := range map[string]struct {
		ask, question string
		then          func(p *peer)
		want          string
	}{
		"answered":               {"ask", `51-0["q",{"_placeholder":true,"num":0}]`, func(p *peer) { p.send(`461-0[1,{"_placeholder":true,"num":0}]`); p.binary("yes") }, `[1 "eWVz"] <nil>`},
		"the client leaves":      {"ask", `51-0["q",{"_placeholder":true,"num":0}]`, func(p *peer) { p.send("41") }, "[] " + ErrNotConnected.Error()},
		"the connection is lost": {"ask", `51-0["q",{"_placeholder":true,"num":0}]`, func(p *peer) { p.conn.Close() }, "[] " + ErrNotConnected.Error()},
		"the context ends":       {"ask in vain", `20["q"]`, func(*peer) {}, "[] context canceled"},
	} {
		t.Run(name, func(t *testing.T) {
			p := dial(t, url)
			p.join("")
			p.send(`42["` + tt.ask + `"]`)
			p.expect(tt.question)
			if tt.question[0] == '5' {
				p.expect("b:x")
			}
			tt.then(p)
			if s := receive(t, got); s != tt.want {
				t.Errorf("got %s, want %s", s, tt.want)
			}
			p.conn.Close()
			if s := receive(t, got); s != ErrNotConnected.Error() {
				t.Errorf("after the end: %s", s)
			}
		})
	}
}

// [SEC-44] Packets without effect count for ten seconds.
func TestSEC44_Window(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c idleCount
		for range 3 {
			for range maxIdle {
				if !c.add() {
					t.Fatal("too early")
				}
			}
			if c.add() {
				t.Fatal("unbounded")
			}
			time.Sleep(idleWindow)
		}
	})
}
