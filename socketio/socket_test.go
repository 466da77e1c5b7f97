package socketio

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"github.com/turnike/turnike/engineio"
)

// echo registers the handlers that most tests need.
func echo(s *Server) {
	n := s.Of("/")
	n.On("echo", func(_ context.Context, s *Socket, args Args, ack *Ack) {
		if ack.Wanted() {
			ack.Reply(args.Any()...)
			return
		}
		s.Emit("echoed", args.Any()...)
	})
	n.On("inline", func(_ context.Context, s *Socket, args Args, ack *Ack) {
		ack.Reply(len(args))
	}, Inline)
}

func TestEventAndAck(t *testing.T) {
	url, _ := serve(t, Config{}, echo)
	p := dial(t, url)
	p.join("")
	p.send(`42["echo",1,"<a&b>",{"x":[ 1, null ]}]`)
	p.expect(`2["echoed",1,"<a&b>",{"x":[1,null]}]`)
	p.send(`4217["echo","yes"]`)
	p.expect(`317["yes"]`)
	p.send(`420["echo"]`)
	p.expect(`30[]`)
	p.send(`429007199254740992["inline",true]`)
	p.expect(`39007199254740992[1]`)
	p.send(`42["nobody knows this"]`)
	p.send(`421["\u0065cho","escaped name"]`)
	p.expect(`31["escaped name"]`)
}

func TestServerAsks(t *testing.T) {
	answers := make(chan string, 4)
	asked := make(chan bool)
	url, _ := serve(t, Config{MaxAcks: 1}, func(s *Server) {
		s.Of("/").OnConnect(func(s *Socket) {
			note := func(args Args, err error) {
				if err != nil {
					answers <- err.Error()
					return
				}
				answers <- args[0].String()
			}
			if err := s.EmitWithAckFunc(t.Context(), note, "question", 1); err != nil {
				answers <- err.Error()
			}
			if err := s.EmitWithAckFunc(t.Context(), note, "too much"); !errors.Is(err, ErrTooManyAcks) {
				t.Errorf("err %v", err)
			}
			close(asked)
		})
		s.Of("/").On("again", func(_ context.Context, s *Socket, _ Args, _ *Ack) {
			s.EmitWithAckFunc(t.Context(), func(_ Args, err error) { answers <- err.Error() }, "second")
		})
	})
	p := dial(t, url)
	p.join("")
	p.expect(`20["question",1]`)
	receive(t, asked)
	p.send(`439["stray"]`)
	p.send(`430["answer"]`)
	if got := receive(t, answers); got != `"answer"` {
		t.Errorf("got %s", got)
	}
	p.send(`42["again"]`)
	p.expect(`21["second"]`)
	p.conn.Close()
	if got := receive(t, answers); got != ErrNotConnected.Error() {
		t.Errorf("got %s", got)
	}
}

// Attachments in both directions, in order. [sio5:binary]
func TestBinary(t *testing.T) {
	url, _ := serve(t, Config{}, func(s *Server) {
		s.Of("/").On("bin", func(_ context.Context, s *Socket, args Args, ack *Ack) {
			var a, b []byte
			if args[0].Decode(&a) != nil || args[1].Decode(&struct{ In *[]byte }{&b}) != nil {
				t.Errorf("args %s", args)
			}
			if ack.Wanted() {
				ack.Reply(b, 1, Binary(a))
				return
			}
			s.Emit("nib", b, a)
		})
	})
	p := dial(t, url)
	p.join("")
	for _, head := range []struct{ send, want string }{
		{`452-["bin",{"_placeholder":true,"num":0},{"in": { "num" : 1 , "_placeholder" : true } }]`, `52-["nib",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`},
		{`452-8["bin",{"_placeholder":true,"num":0},{"in":{"_placeholder":true,"num":1}}]`, `62-8[{"_placeholder":true,"num":0},1,{"_placeholder":true,"num":1}]`},
	} {
		p.send(head.send)
		p.binary("\x00first")
		p.binary("second")
		p.expect(head.want, "b:second", "b:\x00first")
	}
}

func TestNamespaces(t *testing.T) {
	reasons := make(chan Reason, 4)
	url, _ := serve(t, Config{}, func(s *Server) {
		echo(s)
		a := s.Of("/admin")
		a.Use(func(_ context.Context, _ *Socket, auth json.RawMessage) error {
			switch string(auth) {
			case `{"token":"good"}`:
				return nil
			case "":
				return &ConnectError{Message: "no token", Data: map[string]any{"code": "invalid_token", "retry": false}}
			}
			return errors.New("secret detail")
		})
		a.On("hi", func(_ context.Context, s *Socket, _ Args, ack *Ack) { s.Emit("ho", s.Namespace().Name()) })
		a.OnDisconnect(func(_ *Socket, why Reason) { reasons <- why })
	})
	p := dial(t, url)
	p.send("40/random")
	p.expect(`4/random,{"message":"Invalid namespace"}`)
	p.send("40/admin")
	p.expect(`4/admin,{"message":"no token","data":{"code":"invalid_token","retry":false}}`)
	p.send(`40/admin,{"token":"bad"}`)
	p.expect(`4/admin,{"message":"internal error"}`)
	p.join("")
	p.send(`40/admin,{"token":"good"}`)
	if got := p.read(); !strings.HasPrefix(got, `40/admin,{"sid":"`) {
		t.Fatalf("got %q", got)
	}
	p.send(`42/admin,["hi"]`)
	p.expect(`2/admin,["ho","/admin"]`)
	p.send("41/admin")
	if why := receive(t, reasons); why != ClientDisconnect {
		t.Errorf("reason %v", why)
	}
	p.send(`42/admin,["hi"]`) // ignored: it had been connected
	p.send(`421["echo"]`)     // the main namespace stays connected
	p.expect(`31[]`)
}

// A socket has a different id in each namespace, and no namespace is entered without a
// CONNECT. [sio5:sid] [sio5:explicit]
func TestSocketID(t *testing.T) {
	connected := make(chan *Socket, 4)
	url, _ := serve(t, Config{}, func(s *Server) {
		echo(s)
		for _, name := range []string{"/", "/admin"} {
			s.Of(name).OnConnect(func(s *Socket) { connected <- s })
		}
	})
	p := dial(t, url)
	p.send("40/admin,")
	told := p.read()
	admin := receive(t, connected)
	if told != `40/admin,{"sid":"`+admin.ID()+`"}` || admin.Namespace().Name() != "/admin" {
		t.Errorf("got %q for %q", told, admin.ID())
	}
	if id := p.join(""); id != receive(t, connected).ID() || id == admin.ID() || id == admin.Conn().ID() || admin.ID() == admin.Conn().ID() {
		t.Errorf("id %q beside %q on %q", id, admin.ID(), admin.Conn().ID())
	}
	p = dial(t, url)
	p.send("40/admin,")
	p.read()
	p.send(`42["echo"]`)
	p.closed("1008")
}

// The server may disconnect a socket: the client receives DISCONNECT, the connection and
// the other namespaces stay, and it may connect again. [sio5:disconnect]
func TestServerDisconnects(t *testing.T) {
	reasons := make(chan Reason, 4)
	url, _ := serve(t, Config{}, func(s *Server) {
		echo(s)
		n := s.Of("/admin")
		n.On("enough", func(_ context.Context, s *Socket, _ Args, ack *Ack) {
			if !s.Disconnect() || s.Disconnect() {
				t.Error("Disconnect says something else")
			}
			ack.Reply("too late")
		})
		n.OnDisconnect(func(_ *Socket, why Reason) { reasons <- why })
	})
	p := dial(t, url)
	p.join("")
	for range 2 {
		p.send("40/admin,")
		if got := p.read(); !strings.HasPrefix(got, `40/admin,{"sid":"`) {
			t.Fatalf("got %q", got)
		}
		p.send(`42/admin,1["enough"]`)
		p.expect("1/admin,")
		if why := receive(t, reasons); why != ServerDisconnect {
			t.Errorf("reason %v", why)
		}
	}
	p.send(`421["echo"]`)
	p.expect(`31[]`)
}

// Temporary refusals only close the transport, so that the client reconnects.
func TestCloseErrorClosesOnly(t *testing.T) {
	url, _ := serve(t, Config{}, func(s *Server) {
		s.Of("/").Use(func(context.Context, *Socket, json.RawMessage) error { return &CloseError{Code: 4101, Reason: "later"} })
	})
	p := dial(t, url)
	p.send("40")
	p.closed("4101")
}

// K2, K3, K4: the last payload, DISCONNECT, the close code; nothing else.
func TestEnd(t *testing.T) {
	type end struct {
		reason Reason
		again  bool
	}
	ends := make(chan end, 4)
	started := make(chan *Socket, 1)
	release := make(chan struct{})
	url, _ := serve(t, Config{}, func(s *Server) {
		n := s.Of("/")
		n.On("block", func(ctx context.Context, s *Socket, _ Args, ack *Ack) {
			started <- s
			<-ctx.Done()
			<-release
			s.Emit("too late")
			ack.Reply("too late")
		})
		n.On("never", func(context.Context, *Socket, Args, *Ack) { t.Error("handled after the end") })
		n.OnDisconnect(func(s *Socket, why Reason) { ends <- end{why, s.End(4999, "", nil)} })
	})
	p := dial(t, url)
	p.join("")
	p.send(`421["block"]`)
	s := receive(t, started)
	p.send(`42["never"]`)
	last, err := EncodeEvent("/", "session_ended", map[string]any{"code": "replaced"})
	if err != nil {
		t.Fatal(err)
	}
	if !s.End(4001, "replaced", last) { // the handler is still running
		t.Error("End did nothing")
	}
	if s.End(4002, "again", last) {
		t.Error("a second End did something")
	}
	p.expect(`2["session_ended",{"code":"replaced"}]`, "1")
	p.closed("4001")
	close(release)
	if got := receive(t, ends); got != (end{ServerDisconnect, false}) {
		t.Errorf("got %+v", got)
	}
}

// The client's DISCONNECT is handled after the events before it. [S3]
func TestLeaveAfterEvents(t *testing.T) {
	log := make(chan string, 8)
	url, _ := serve(t, Config{}, func(s *Server) {
		n := s.Of("/")
		n.On("work", func(ctx context.Context, s *Socket, args Args, _ *Ack) {
			if ctx.Err() != nil {
				t.Error("context cancelled before its turn")
			}
			log <- args[0].String()
		})
		n.OnDisconnect(func(_ *Socket, why Reason) { log <- string(why) })
	})
	p := dial(t, url)
	p.join("")
	p.send(`42["work",1]`)
	p.send(`42["work",2]`)
	p.send("41")
	p.send(`42["work",3]`)
	p.conn.Close()
	for _, want := range []string{"1", "2", "client namespace disconnect"} {
		if got := receive(t, log); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// The reason of a socket's end is named as in the reference server.
func TestReasons(t *testing.T) {
	for name, tt := range map[string]struct {
		end  func(p *peer, s *Server)
		want Reason
	}{
		"the client leaves":                {func(p *peer, _ *Server) { p.send("41") }, ClientDisconnect},
		"the connection breaks off":        {func(p *peer, _ *Server) { p.conn.Close() }, TransportClose},
		"the client closes":                {func(p *peer, _ *Server) { p.frame(ws.OpClose, "\x03\xe8") }, TransportClose},
		"the client closes as by protocol": {func(p *peer, _ *Server) { p.frame(ws.OpClose, "\x03\xea") }, TransportClose},
		"Engine.IO close":                  {func(p *peer, _ *Server) { p.send("1") }, TransportClose},
		"no Engine.IO packet":              {func(p *peer, _ *Server) { p.send("9") }, ParseError},
		"no Socket.IO packet":              {func(p *peer, _ *Server) { p.send("4nonsense") }, ForcedClose},
		"a panic":                          {func(p *peer, _ *Server) { p.send(`42["panic"]`) }, ForcedClose},
		"too long a message":               {func(p *peer, _ *Server) { p.send("4" + strings.Repeat("x", 70000)) }, TransportError},
		"no pong":                          {func(*peer, *Server) {}, PingTimeout},
		"Disconnect":                       {func(p *peer, _ *Server) { p.send(`42["leave"]`) }, ServerDisconnect},
		"End":                              {func(p *peer, _ *Server) { p.send(`42["end"]`) }, ServerDisconnect},
		"the owner closes the connection":  {func(p *peer, _ *Server) { p.send(`42["close"]`) }, ForcedClose},
		"the server closes":                {func(_ *peer, s *Server) { s.Close(4100, "draining") }, ServerShutdown},
	} {
		t.Run(name, func(t *testing.T) {
			reasons := make(chan Reason, 2)
			var cfg Config
			if tt.want == PingTimeout {
				cfg.Engine.PingInterval, cfg.Engine.PingTimeout = time.Millisecond, time.Millisecond
			}
			cfg.Engine.Logger = slog.New(slog.DiscardHandler)
			url, s := serve(t, cfg, func(s *Server) {
				n := s.Of("/")
				n.OnDisconnect(func(_ *Socket, why Reason) { reasons <- why })
				n.On("panic", func(context.Context, *Socket, Args, *Ack) { panic("boom") })
				n.On("leave", func(_ context.Context, s *Socket, _ Args, _ *Ack) { s.Disconnect() })
				n.On("end", func(_ context.Context, s *Socket, _ Args, _ *Ack) { s.End(4001, "enough", nil) })
				n.On("close", func(_ context.Context, s *Socket, _ Args, _ *Ack) { s.Conn().Close(4000, "go away") })
			})
			p := dial(t, url)
			p.send("40")
			for tt.want != PingTimeout && !strings.HasPrefix(p.read(), "40") {
			}
			tt.end(p, s)
			if why := receive(t, reasons); why != tt.want {
				t.Errorf("reason %q, want %q", why, tt.want)
			}
		})
	}
}

// An acknowledgement and other packets in one payload.
func TestAckPayload(t *testing.T) {
	url, _ := serve(t, Config{}, func(s *Server) {
		s.Of("/").On("register", func(_ context.Context, s *Socket, _ Args, ack *Ack) {
			a, err := ack.Payload(map[string]bool{"ok": true})
			if err != nil {
				t.Error(err)
			}
			b, err := EncodeEvent("/", "response", map[string]bool{"ok": true})
			if err != nil {
				t.Error(err)
			}
			s.Send(engineio.Concat(a, nil, b))
			ack.Reply("twice")
		})
	})
	p := dial(t, url)
	p.join("")
	p.send(`420["register"]`)
	p.expect(`30[{"ok":true}]`, `2["response",{"ok":true}]`)
	p.send(`42["register"]`)
	p.expect(`2["response",{"ok":true}]`)
}

// Events that a client sends before the answer to its CONNECT wait for the answer.
func TestEagerClient(t *testing.T) {
	checked := make(chan bool)
	url, _ := serve(t, Config{}, func(s *Server) {
		echo(s)
		s.Of("/").Use(func(context.Context, *Socket, json.RawMessage) error { <-checked; return nil })
		s.Of("/no").Use(func(context.Context, *Socket, json.RawMessage) error { <-checked; return &ConnectError{Message: "no"} })
	})
	p := dial(t, url)
	p.send("40/no")
	p.send(`42/no,["echo"]`)
	p.send("40")
	p.send(`421["inline"]`)
	checked <- true
	p.expect(`4/no,{"message":"no"}`)
	checked <- true
	p.expectConnect()
	p.expect("31[0]")
}

// Work that a check started for a socket can be undone, also if the client disconnects
// before the answer.
func TestLostWhileChecked(t *testing.T) {
	for name, lose := range map[string]struct {
		by   func(p *peer)
		want Reason
	}{
		"aborted":    {func(p *peer) { p.conn.Close() }, TransportClose},
		"disconnect": {func(p *peer) { p.send("41") }, ClientDisconnect},
	} {
		t.Run(name, func(t *testing.T) {
			reasons, checking := make(chan Reason, 2), make(chan bool)
			url, _ := serve(t, Config{}, func(s *Server) {
				n := s.Of("/")
				n.Use(func(ctx context.Context, _ *Socket, _ json.RawMessage) error {
					checking <- true
					<-ctx.Done()
					return nil
				})
				n.OnConnect(func(*Socket) { t.Error("connected") })
				n.OnDisconnect(func(_ *Socket, why Reason) { reasons <- why })
			})
			p := dial(t, url)
			p.send("40")
			<-checking
			lose.by(p)
			if why := receive(t, reasons); why != lose.want {
				t.Errorf("reason %v", why)
			}
		})
	}
}

// K3: a socket that is ended during the checks of its CONNECT still receives the reason.
func TestEndWhileChecked(t *testing.T) {
	last, err := EncodeEvent("/", "session_ended")
	if err != nil {
		t.Fatal(err)
	}
	url, _ := serve(t, Config{}, func(s *Server) {
		s.Of("/").Use(func(_ context.Context, s *Socket, _ json.RawMessage) error {
			s.End(4001, "replaced", last)
			return errors.New("it is over")
		})
	})
	p := dial(t, url)
	p.join("")
	p.expect(`2["session_ended"]`, "1")
	p.closed("4001")
}

// End of a socket that has left does not affect a newer socket of the same connection.
func TestEndAfterLeaving(t *testing.T) {
	started, ends := make(chan *Socket, 1), make(chan Reason, 1)
	url, _ := serve(t, Config{}, func(s *Server) {
		echo(s)
		s.Of("/").On("block", func(ctx context.Context, s *Socket, _ Args, _ *Ack) {
			started <- s
			<-ctx.Done()
		})
		s.Of("/").OnDisconnect(func(_ *Socket, why Reason) { ends <- why })
	})
	p := dial(t, url)
	p.join("")
	p.send(`42["block"]`)
	old := receive(t, started)
	p.send("41")
	p.join("")
	if !old.End(4009, "connection_replaced", nil) {
		t.Error("End did nothing")
	}
	if why := receive(t, ends); why != ClientDisconnect {
		t.Errorf("reason %v", why)
	}
	p.send(`421["echo"]`)
	p.expect(`31[]`)
}
