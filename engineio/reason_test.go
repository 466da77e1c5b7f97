package engineio

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// Ends of a connection are named as in the reference server.
func TestReasons(t *testing.T) {
	cfg := Config{PingInterval: 10 * time.Second, PingTimeout: 5 * time.Second, MaxQueue: 10, MaxBurst: 10}
	ws := func(f func(b *bubble, s *socket)) func(*bubble) {
		return func(b *bubble) {
			s := b.websocket("EIO=4&transport=websocket")
			s.text() // open
			f(b, s)
			synctest.Wait()
			s.conn.Close()
		}
	}
	post := func(bodies ...string) func(*bubble) {
		return func(b *bubble) {
			q := b.polling()
			for _, body := range bodies {
				b.do("POST", q, body)
			}
		}
	}
	for name, tt := range map[string]struct {
		do             func(*bubble)
		reason, detail string
	}{
		"a missed pong":            {func(b *bubble) { b.polling(); time.Sleep(15 * time.Second) }, ReasonPingTimeout, ""},
		"a close packet":           {post("1"), ReasonTransportClose, ""},
		"a close packet, ws":       {ws(func(_ *bubble, s *socket) { s.send("1"); s.read() }), ReasonTransportClose, ""},
		"a close frame":            {ws(func(_ *bubble, s *socket) { s.raw(masked(0x88, "")); s.read() }), ReasonTransportClose, ""},
		"the end of the stream":    {ws(func(_ *bubble, s *socket) { s.conn.Close() }), ReasonTransportClose, ""},
		"an unknown packet":        {post("9"), ReasonParseError, "unknown packet type"},
		"an unknown packet, ws":    {ws(func(_ *bubble, s *socket) { s.send("9"); s.read() }), ReasonParseError, "unknown packet type"},
		"bad base64":               {post("b$"), ReasonParseError, "invalid base64"},
		"a frame that is not one":  {ws(func(_ *bubble, s *socket) { s.raw(masked(0xc1, "4")); s.read() }), ReasonTransportError, "non-zero rsv bits with no extension negotiated"},
		"unasked packets":          {post("3", "3", "3"), ReasonForcedClose, "too many unsolicited packets"},
		"a peer that is behind":    {func(b *bubble) { b.polling(); flood(b.listener.conn) }, ReasonForcedClose, "slow consumer"},
		"the owner":                {func(b *bubble) { b.polling(); b.listener.conn.Close(4100, "draining") }, ReasonForcedClose, "draining"},
		"the owner, for good":      {func(b *bubble) { b.polling(); b.listener.conn.End(4001, "replaced", nil) }, ReasonForcedClose, "replaced"},
		"the owner, for a fault":   {func(b *bubble) { b.polling(); b.listener.conn.Abort(1008, "flood") }, ReasonForcedClose, "flood"},
		"the server's end":         {func(b *bubble) { b.polling(); b.server.Close(4100, "draining") }, ReasonServerShutdown, "draining"},
		"a panic":                  {func(b *bubble) { b.polling(); b.listener.conn.Go(func() { panic("boom") }) }, ReasonForcedClose, "internal error"},
		"a body of the wrong type": {func(b *bubble) { q := b.polling(); b.do("POST", q, "4a", "Content-Type", "image/png") }, ReasonTransportError, "invalid content type"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := cfg
			cfg.OnPanic = func(any, []byte) {}
			cfg.OnOverflow = func(*Conn) {}
			inBubble(t, cfg, func(b *bubble) {
				tt.do(b)
				if why := <-b.listener.closed; why.Reason != tt.reason || !strings.Contains(why.Detail, tt.detail) {
					t.Errorf("closed: %+v, want %q (%s)", why, tt.reason, tt.detail)
				}
			})
		})
	}
}

// flood sends until Send refuses a payload.
func flood(c *Conn) {
	for c.Send(Text([]byte("0123456789"))) {
	}
}

// The request that opened a connection can be read as long as the connection lives.
func TestRequest(t *testing.T) {
	h := serve(t, Config{})
	if _, err := h.tryDial("EIO=4&transport=websocket&tenant=7", "X-Device", "a", "Cookie", "lang=tr"); err != nil {
		t.Fatal(err)
	}
	c := h.accept().conn
	r := c.Request()
	lang, err := r.Cookie("lang")
	if err != nil || lang.Value != "tr" || r.Header.Get("X-Device") != "a" || r.URL.Query().Get("tenant") != "7" ||
		r.RemoteAddr != c.RemoteAddr() || r.Host == "" || r.Method != http.MethodGet {
		t.Errorf("request %+v", r)
	}
	c.Close(1001, "")
	<-r.Context().Done() // the connection's context

	h = serve(t, Config{ForgetRequest: true})
	h.polling()
	_, l := h.polling()
	if r := l.conn.Request(); r != nil {
		t.Errorf("request %+v", r)
	}
}
