package socketio

import (
	"context"
	"encoding/json"
	"github.com/gobwas/ws"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/turnike/turnike/engineio"
)

// [SEC-39] The decoder's rules, each at its limit and just above it.
func TestSEC39_Decoder(t *testing.T) {
	cfg := Config{}.withDefaults()
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	for _, tt := range []struct {
		in string
		ok bool
	}{
		{`0`, true}, {`0{"token":"x"}`, true}, {`0/admin`, true}, {`0/admin,`, true}, {`0/admin,{}`, true},
		{`0[]`, false}, {`0"x"`, false}, {`01`, false}, {`0{}{}`, false}, {`0null`, false},
		{`1`, true}, {`1/a,`, true}, {`1{}`, false}, {`11`, false},
		{`2["a"]`, true}, {`2["a",1]`, true}, {`2/a,12["a"]`, true}, {` 2["a"]`, false},
		{`2`, false}, {`2[]`, false}, {`2[1]`, false}, {`2[null,"a"]`, false}, {`2{}`, false}, {`2{"a"]`, false}, {`2["a"}`, false}, {`2 ["a"]`, false}, {`0 {}`, false}, {`2["a"`, false}, {`2["a"]x`, false}, {`2["a",]`, false},
		{`2["connect"]`, false}, {`2["disconnect"]`, false}, {`2["connect_error"]`, false}, {`2["disconnecting"]`, false}, {`2["newListener"]`, false}, {`2["removeListener"]`, false}, {`2["\u0063onnect"]`, false},
		{`29007199254740992["a"]`, true}, {`29007199254740993["a"]`, false}, {`2` + strings.Repeat("9", 40) + `["a"]`, false},
		{`30[]`, true}, {`3[]`, false}, {`30{}`, false},
		{`4{}`, false}, {`7`, false}, {`a`, false}, {``, false}, {`-1`, false},
		{`51-["a",{"_placeholder":true,"num":0}]`, true}, {`510-["a"]`, true}, {`511-["a"]`, false}, {`50-["a"]`, false}, {`5-["a"]`, false}, {`5["a"]`, false}, {`5999999999999-["a"]`, false}, {`51`, false}, {`51-`, false}, {`61-1[]`, true}, {`61-[]`, false},
		{`2["a",` + deep(32) + `]`, true}, {`2["a",` + deep(33) + `]`, false}, {`0{"a":` + deep(31) + `}`, true}, {`0{"a":` + deep(32) + `}`, false},
		{`2["a",` + strings.Repeat(`{"a":`, 32) + `1` + strings.Repeat("}", 32) + `]`, true}, {`2["a",` + strings.Repeat(`{"a":`, 33) + `1` + strings.Repeat("}", 33) + `]`, false},
		{`51-["a",` + strings.Repeat("[", 32) + `{"_placeholder":true,"num":0}` + strings.Repeat("]", 32) + `]`, true},
		{`51-["a",` + strings.Repeat("[", 32) + `{"_placeholder":true "num":0}` + strings.Repeat("]", 32) + `]`, false},
		{`51-["a",` + strings.Repeat("[", 32) + `{"_placeholder":true,"num":[]}` + strings.Repeat("]", 32) + `]`, false},
		{`2["a",` + strings.Repeat("[", 32) + `{"_placeholder":true,"num":0}` + strings.Repeat("]", 32) + `]`, false},
	} {
		if _, err := decodePacket([]byte(tt.in), &cfg); (err == nil) != tt.ok {
			t.Errorf("%.60s: err %v, want ok %v", tt.in, err, tt.ok)
		}
	}
}

// [SEC-39] Packets that the decoder accepts but the connection refuses.
func TestSEC39_ClosedFor(t *testing.T) {
	for name, tt := range map[string]struct {
		send []string
		code string
	}{
		"event before connect":          {[]string{`42["a"]`}, "1008"},
		"ack before connect":            {[]string{`430[]`}, "1008"},
		"disconnect before connect":     {[]string{`41`}, "1008"},
		"binary out of nowhere":         {[]string{`40`, "b:x"}, "1008"},
		"text among attachments":        {[]string{`40`, `451-["a"]`, `42["a"]`}, "1008"},
		"two binary packets":            {[]string{`40`, `451-["a"]`, `451-["a"]`}, "1008"},
		"attachments past the limit":    {[]string{`40`, `452-["a"]`, "b:" + strings.Repeat("x", 40000), "b:" + strings.Repeat("x", 25537)}, "1008"},
		"placeholder out of range":      {[]string{`40`, `451-["a",{"_placeholder":true,"num":1}]`, "b:x"}, "1008"},
		"placeholder used twice":        {[]string{`40`, `451-["a",{"_placeholder":true,"num":0},{"_placeholder":true,"num":0}]`, "b:x"}, "1008"},
		"placeholder as name":           {[]string{`40`, `451-[{"_placeholder":true,"num":0}]`, "b:x"}, "1002"},
		"not a packet (CVE-2023-32695)": {[]string{`40`, `42[{"toString":"x"}]`}, "1002"},
		"many refused connects":         {strings.Split(strings.Repeat("40/no ", maxIdle)+"40/no", " "), "1008"},
		"many repeated connects":        {strings.Split(strings.Repeat("40 ", maxIdle+1)+"40", " "), "1008"},
		"connects after leaving":        {strings.Split(strings.Repeat("40 41 ", maxIdle+1)+"40", " "), "1008"},
		"many answers to nothing":       {append([]string{"40"}, strings.Split(strings.Repeat("430[] ", maxIdle)+"430[]", " ")...), "1008"},
		"connect error":                 {[]string{`44{"message":"x"}`}, "1002"},
	} {
		t.Run(name, func(t *testing.T) {
			url, _ := serve(t, Config{}, func(s *Server) { s.Of("/") })
			p := dial(t, url)
			for _, m := range tt.send {
				if data, ok := strings.CutPrefix(m, "b:"); ok {
					p.binary(data)
				} else {
					p.send(m)
				}
			}
			for {
				if got := p.read(); strings.HasPrefix(got, "close:") {
					if got != "close:"+tt.code {
						t.Errorf("got %s, want %s", got, tt.code)
					}
					return
				}
			}
		})
	}
}

// [SEC-44] Packets without effect are allowed up to their limit.
func TestSEC44_IdlePackets(t *testing.T) {
	url, _ := serve(t, Config{}, func(s *Server) {
		s.Of("/").On("echo", func(_ context.Context, _ *Socket, args Args, ack *Ack) { ack.Reply(args[0]) })
	})
	p := dial(t, url)
	p.join("")
	for range maxIdle {
		p.send("40")
		p.send("430[]")
	}
	p.send(`421["echo",1]`)
	p.expect("31[1]")
}

// [SEC-42] Config.Closed is called for each connection that Open accepted, and for no
// other.
func TestSEC42_OpenAndClosed(t *testing.T) {
	closed := make(chan any, 8)
	n := 0
	url, _ := serve(t, Config{
		Open: func(c *engineio.Conn, _ *http.Request) error {
			if n++; n == 2 {
				return &engineio.HTTPError{Status: http.StatusServiceUnavailable}
			}
			c.SetValue(n)
			return nil
		},
		Closed: func(c *engineio.Conn) { closed <- c.Value() },
	}, func(s *Server) { s.Of("/") })
	p := dial(t, url)
	if _, _, _, err := ws.Dial(t.Context(), strings.Replace(url, "http", "ws", 1)+"/socket.io/?EIO=4&transport=websocket"); err == nil {
		t.Error("the second was let in")
	}
	q := dial(t, url)
	q.join("")
	p.conn.Close()
	if got := receive(t, closed); got != 1 {
		t.Errorf("closed %v", got)
	}
	q.send("9")
	if got := receive(t, closed); got != 3 {
		t.Errorf("closed %v", got)
	}
}

// expectConnect reads the answer to a CONNECT.
func (p *peer) expectConnect() {
	p.t.Helper()
	if got := p.read(); !strings.HasPrefix(got, `40{"sid":"`) {
		p.t.Fatalf("connect answered %q", got)
	}
}

// [SEC-40] A panic anywhere closes only that connection, and its end is reported.
func TestSEC40_Panic(t *testing.T) {
	panics := make(chan any, 8)
	ends := make(chan Reason, 8)
	url, _ := serve(t, Config{Engine: engineio.Config{OnPanic: func(v any, _ []byte) { panics <- v }}}, func(s *Server) {
		n := s.Of("/")
		n.Use(func(_ context.Context, _ *Socket, auth json.RawMessage) error {
			if len(auth) > 0 {
				panic("use")
			}
			return nil
		})
		n.On("worker", func(context.Context, *Socket, Args, *Ack) { panic("worker") })
		n.On("inline", func(context.Context, *Socket, Args, *Ack) { panic("inline") }, Inline)
		n.OnEvent(func(_ *Socket, event string, _ *Ack) bool {
			if event == "hook" {
				panic("hook")
			}
			return true
		})
		n.OnDisconnect(func(_ *Socket, why Reason) { ends <- why })
		n.OnDisconnect(func(*Socket, Reason) { panic("end") })
	})
	for _, event := range []string{"worker", "inline", "hook"} {
		p := dial(t, url)
		p.join("")
		p.send(`42["` + event + `"]`)
		p.closed("1011")
		if got := receive(t, panics); got != event {
			t.Errorf("reported %v", got)
		}
		if why := receive(t, ends); why != ForcedClose {
			t.Errorf("reason %v", why)
		}
		if got := receive(t, panics); got != "end" {
			t.Errorf("reported %v", got)
		}
	}
	p := dial(t, url)
	p.send(`40{"a":1}`)
	p.closed("1011")
}

// [SEC-36] A connection without CONNECT is closed after the timeout, also after it left
// its namespaces.
func TestSEC36_ConnectTimeout(t *testing.T) {
	url, _ := serve(t, Config{ConnectTimeout: 50 * time.Millisecond}, func(s *Server) { s.Of("/") })
	p := dial(t, url)
	p.closed("1008")
	p = dial(t, url)
	p.join("")
	p.send("41")
	p.closed("1008")
}

// [I7] A handler that does not finish stops reading from the client; End still works.
func TestQueueIsBounded(t *testing.T) {
	sockets := make(chan *Socket, 1)
	handled := make(chan bool, 100)
	url, _ := serve(t, Config{MaxEvents: 2}, func(s *Server) {
		n := s.Of("/")
		n.On("slow", func(ctx context.Context, s *Socket, _ Args, _ *Ack) {
			select {
			case sockets <- s:
				<-ctx.Done()
			default:
			}
			handled <- true
		})
	})
	p := dial(t, url)
	p.join("")
	for range 20 {
		p.send(`42["slow"]`)
	}
	s := receive(t, sockets)
	if !s.End(4001, "", nil) {
		t.Error("End did nothing")
	}
	p.expect("1")
	p.closed("4001")
	receive(t, handled)
	if len(handled) != 0 {
		t.Error("events were handled after the end")
	}
}

// The OnEvent function may drop an event, answer it, and end the socket.
func TestOnEvent(t *testing.T) {
	url, _ := serve(t, Config{}, func(s *Server) {
		n := s.Of("/")
		n.OnUnknown(func(_ context.Context, s *Socket, event string, args Args, ack *Ack) {
			ack.Reply("unknown", event, args[0])
		})
		n.OnEvent(func(s *Socket, event string, ack *Ack) bool {
			switch event {
			case "limited":
				ack.Reply("slow down")
				return false
			case "flood":
				s.Conn().Abort(1008, "flood")
				return false
			}
			return true
		})
	})
	p := dial(t, url)
	p.join("")
	p.send(`421["limited"]`)
	p.expect(`31["slow down"]`)
	p.send(`422["what",7]`)
	p.expect(`32["unknown","what",7]`)
	p.send(`42["flood"]`)
	p.closed("1008")
}

func TestEncodeLikeJavaScript(t *testing.T) {
	for _, tt := range []struct {
		args []any
		want string
	}{
		{[]any{"<>&'\u2028\u2029\"\\", "\\u2028"}, "2[\"e\",\"<>&'\u2028\u2029\\\"\\\\\",\"\\\\u2028\"]"},
		{[]any{map[string]any{"a": json.RawMessage(" [ 1 ] ")}, json.RawMessage(" { } "), json.RawMessage(nil)}, `2["e",{"a":[1]},{},null]`},
		{[]any{nil, true, 1.5, []int{}}, `2["e",null,true,1.5,[]]`},
		{[]any{struct{ B Binary }{Binary("x")}}, "51-[\"e\",{\"B\":{\"_placeholder\":true,\"num\":0}}]\x1ebeA=="},
	} {
		p, err := EncodeEvent("/", "e", tt.args...)
		if err != nil {
			t.Fatal(err)
		}
		if got := wireText(p); got != "4"+tt.want {
			t.Errorf("got %s, want 4%s", got, tt.want)
		}
	}
	if _, err := EncodeEvent("/", "e", make(chan int)); err == nil {
		t.Error("a channel was encoded")
	}
}
