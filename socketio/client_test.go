package socketio

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"
)

// patience is the timeout of waits; a passing test never reaches it.
const testPatience = 20 * time.Second

// serve runs a server until the test ends.
func serve(t *testing.T, cfg Config, register func(s *Server)) (url string, s *Server) {
	t.Helper()
	s = NewServer(cfg)
	register(s)
	web := httptest.NewServer(s)
	t.Cleanup(func() {
		s.Close(1001, "over")
		ctx, cancel := context.WithTimeout(context.Background(), testPatience)
		defer cancel()
		if err := s.Wait(ctx); err != nil {
			t.Errorf("server still busy: %v", err)
		}
		web.CloseClientConnections()
		web.Close()
	})
	return web.URL, s
}

func receive[T any](t *testing.T, ch <-chan T) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(testPatience):
		t.Fatal("nothing came")
		panic("unreachable")
	}
}

// peer is a websocket client that speaks Engine.IO.
type peer struct {
	t    *testing.T
	conn net.Conn
}

func dial(t *testing.T, url string) *peer {
	t.Helper()
	return dialWith(t, url, "", nil)
}

// dialWith is dial with more in the query and the headers.
func dialWith(t *testing.T, url, query string, header http.Header) *peer {
	t.Helper()
	d := ws.Dialer{Timeout: testPatience, Header: ws.HandshakeHeaderHTTP(header)}
	conn, br, _, err := d.Dial(t.Context(), strings.Replace(url, "http", "ws", 1)+"/socket.io/?EIO=4&transport=websocket"+query)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	p := &peer{t, conn}
	if br != nil {
		p.conn = early{conn, br}
	}
	conn.SetDeadline(time.Now().Add(testPatience))
	if open := p.read(); !strings.HasPrefix(open, "0{") {
		t.Fatalf("open packet %q", open)
	}
	return p
}

// early is a connection of which some bytes were already read.
type early struct {
	net.Conn
	r io.Reader
}

func (e early) Read(p []byte) (int, error) { return e.r.Read(p) }

// join connects to a namespace and returns the socket id.
func (p *peer) join(auth string) string {
	p.t.Helper()
	p.send("40" + auth)
	got := p.read()
	sid, ok := strings.CutPrefix(got, `40{"sid":"`)
	if !ok {
		p.t.Fatalf("connect answered %q", got)
	}
	return strings.TrimSuffix(sid, `"}`)
}

func (p *peer) send(text string)   { p.frame(ws.OpText, text) }
func (p *peer) binary(data string) { p.frame(ws.OpBinary, data) }

func (p *peer) frame(op ws.OpCode, data string) {
	p.t.Helper()
	f := ws.MaskFrame(ws.NewFrame(op, true, []byte(data)))
	if _, err := p.conn.Write(ws.MustCompileFrame(f)); err != nil {
		p.t.Logf("write: %v", err) // the server may have closed already
	}
}

// read reads one frame: text as it is, binary after "b:", close as "close:4001".
func (p *peer) read() string {
	p.t.Helper()
	h, err := ws.ReadHeader(p.conn)
	if err != nil {
		p.t.Fatalf("read: %v", err)
	}
	data := make([]byte, h.Length)
	if _, err := io.ReadFull(p.conn, data); err != nil {
		p.t.Fatalf("read: %v", err)
	}
	switch h.OpCode {
	case ws.OpBinary:
		return "b:" + string(data)
	case ws.OpClose:
		code, _ := ws.ParseCloseFrameData(data)
		p.frame(ws.OpClose, string(data))
		return fmt.Sprintf("close:%d", code)
	}
	return string(data)
}

// expect reads frames and compares them. Messages are given without their 4.
func (p *peer) expect(want ...string) {
	p.t.Helper()
	for _, w := range want {
		got := p.read()
		if !strings.HasPrefix(got, "close:") && !strings.HasPrefix(got, "b:") {
			got = strings.TrimPrefix(got, "4")
		}
		if got != w {
			p.t.Fatalf("got %q, want %q", got, w)
		}
	}
}

// closed expects the close frame, then the end of the connection.
func (p *peer) closed(code string) {
	p.t.Helper()
	p.expect("close:" + code)
	if n, err := p.conn.Read(make([]byte, 1)); err == nil {
		p.t.Fatalf("%d bytes after the close frame", n)
	}
}
