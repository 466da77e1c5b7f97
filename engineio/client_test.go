package engineio

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"
)

// patience is the timeout of a test's waits; a passing test never reaches it.
const patience = 20 * time.Second

// probe is the receiver of the tests: it records all calls.
type listener struct {
	conn     *Conn
	messages chan string
	closed   chan Closure
	on       func(c *Conn, data []byte, binary bool)
}

func (l *listener) Message(data []byte, binary bool) {
	if l.on != nil {
		l.on(l.conn, data, binary)
		return
	}
	kind := "text:"
	if binary {
		kind = "binary:"
	}
	l.messages <- kind + string(data)
}

func (l *listener) Closed(why Closure) { l.closed <- why }

// harness is a server on a real port and the connections it received.
type harness struct {
	t      *testing.T
	server *Server
	http   *httptest.Server
	opened chan *listener
	on     func(c *Conn, data []byte, binary bool)
}

func serve(t *testing.T, cfg Config) *harness {
	return serveWith(t, cfg, nil)
}

func serveWith(t *testing.T, cfg Config, on func(c *Conn, data []byte, binary bool)) *harness {
	t.Helper()
	return serveOn(t, cfg, on, func(l net.Listener) net.Listener { return l })
}

// serveOn is serveWith on a given listener.
func serveOn(t *testing.T, cfg Config, on func(c *Conn, data []byte, binary bool), wrap func(net.Listener) net.Listener) *harness {
	t.Helper()
	h := &harness{t: t, opened: make(chan *listener, 64), on: on}
	h.server = NewServer(cfg, func(c *Conn, r *http.Request) (Receiver, error) {
		l := &listener{conn: c, messages: make(chan string, 64), closed: make(chan Closure, 4), on: on}
		h.opened <- l
		return l, nil
	})
	h.http = httptest.NewUnstartedServer(h.server)
	h.http.Listener = wrap(h.http.Listener)
	h.http.Start()
	t.Cleanup(func() {
		h.server.Close(1001, "over")
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := h.server.Wait(ctx); err != nil {
			t.Errorf("server still busy: %v", err)
		}
		if n := h.server.Queued(); n != 0 {
			t.Errorf("%d bytes still on the books", n)
		}
		h.http.CloseClientConnections()
		h.http.Close()
	})
	return h
}

func (h *harness) url(query string) string { return h.http.URL + "/engine.io/?" + query }

// accept waits for a new connection.
func (h *harness) accept() *listener {
	h.t.Helper()
	return receive(h.t, h.opened)
}

func receive[T any](t *testing.T, ch <-chan T) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(patience):
		t.Fatal("nothing came")
		panic("unreachable")
	}
}

// do sends an HTTP request and returns status and body.
func (h *harness) do(method, query, body string, header ...string) (int, string) {
	h.t.Helper()
	var r io.Reader = strings.NewReader(body)
	if len(header) > 0 && header[0] == "Transfer-Encoding" {
		r, header = io.MultiReader(r), nil // hide the length from the client
	}
	ctx, cancel := context.WithTimeout(h.t.Context(), patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, h.url(query), r)
	if err != nil {
		h.t.Fatal(err)
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "text/plain;charset=UTF-8")
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return resp.StatusCode, string(data)
}

// polling opens a polling connection and returns its session's query.
func (h *harness) polling() (query string, l *listener) {
	h.t.Helper()
	status, body := h.do("GET", "EIO=4&transport=polling", "")
	if status != 200 || !strings.HasPrefix(body, "0") {
		h.t.Fatalf("handshake: %d %q", status, body)
	}
	return "EIO=4&transport=polling&sid=" + sidOf(h.t, body), h.accept()
}

func sidOf(t *testing.T, open string) string {
	t.Helper()
	var v struct {
		SID string `json:"sid"`
	}
	if err := json.Unmarshal([]byte(open[1:]), &v); err != nil || v.SID == "" {
		t.Fatalf("open packet %q: %v", open, err)
	}
	return v.SID
}

// get polls in the background.
func (h *harness) get(query string) <-chan string {
	ch := make(chan string, 1)
	go func() {
		_, body := h.do("GET", query, "")
		ch <- body
	}()
	return ch
}

// socket is a websocket client that checks what it reads.
type socket struct {
	t    *testing.T
	conn net.Conn
	r    io.Reader
}

// dial opens a websocket with a query.
func (h *harness) dial(query string) *socket {
	h.t.Helper()
	s, status := h.tryDial(query)
	if s == nil {
		h.t.Fatalf("handshake refused: %v", status)
	}
	return s
}

func (h *harness) tryDial(query string, header ...string) (*socket, error) {
	h.t.Helper()
	hdr := http.Header{}
	for i := 0; i+1 < len(header); i += 2 {
		hdr.Set(header[i], header[i+1])
	}
	d := ws.Dialer{Timeout: patience, Header: ws.HandshakeHeaderHTTP(hdr)}
	url := strings.Replace(h.url(query), "http", "ws", 1)
	conn, br, _, err := d.Dial(h.t.Context(), url)
	if err != nil {
		return nil, err
	}
	h.t.Cleanup(func() { conn.Close() })
	s := &socket{t: h.t, conn: conn, r: conn}
	if br != nil {
		early, _ := br.Peek(br.Buffered())
		s.r = io.MultiReader(bytes.NewReader(bytes.Clone(early)), conn)
	}
	conn.SetReadDeadline(time.Now().Add(patience))
	return s, nil
}

// websocket opens a websocket connection and reads its open packet.
func (h *harness) websocket() (*socket, *listener) {
	h.t.Helper()
	s := h.dial("EIO=4&transport=websocket")
	if open := s.text(); !strings.HasPrefix(open, "0{") {
		h.t.Fatalf("open packet %q", open)
	}
	return s, h.accept()
}

// send sends a masked text frame.
func (s *socket) send(text string) { s.frame(ws.OpText, true, text) }

func (s *socket) frame(op ws.OpCode, fin bool, data string) {
	s.t.Helper()
	f := ws.MaskFrame(ws.NewFrame(op, fin, []byte(data)))
	s.raw(string(ws.MustCompileFrame(f)))
}

func (s *socket) raw(data string) {
	s.t.Helper()
	if _, err := io.WriteString(s.conn, data); err != nil {
		s.t.Logf("write: %v", err) // the server may have closed already
	}
}

// read reads one frame; an error ends the test.
func (s *socket) read() ws.Frame {
	s.t.Helper()
	f, err := s.tryRead()
	if err != nil {
		s.t.Fatalf("read: %v", err)
	}
	return f
}

func (s *socket) tryRead() (ws.Frame, error) {
	h, err := ws.ReadHeader(s.r)
	if err != nil {
		return ws.Frame{}, err
	}
	if err := ws.CheckHeader(h, ws.StateClientSide); err != nil {
		s.t.Fatalf("bad frame: %v", err)
	}
	data := make([]byte, h.Length)
	_, err = io.ReadFull(s.r, data)
	return ws.Frame{Header: h, Payload: data}, err
}

// text reads a text frame.
func (s *socket) text() string {
	s.t.Helper()
	f := s.read()
	if f.Header.OpCode != ws.OpText {
		s.t.Fatalf("got opcode %x %q, want text", f.Header.OpCode, f.Payload)
	}
	return string(f.Payload)
}

// closed reads up to the close frame, answers it, and checks that the connection ends.
func (s *socket) closed() (code int) {
	s.t.Helper()
	for {
		f := s.read()
		if f.Header.OpCode != ws.OpClose {
			continue
		}
		status, _ := ws.ParseCloseFrameData(f.Payload)
		s.raw(string(ws.MustCompileFrame(ws.MaskFrame(ws.NewCloseFrame(f.Payload)))))
		if f, err := s.tryRead(); err == nil {
			s.t.Fatalf("frame after the close frame: %x %q", f.Header.OpCode, f.Payload)
		}
		return int(status)
	}
}

// unwelcome sends a probe and checks that it is closed without another frame.
func (s *socket) unwelcome() {
	s.t.Helper()
	s.send("2probe")
	f := s.read()
	if code, _ := ws.ParseCloseFrameData(f.Payload); f.Header.OpCode != ws.OpClose || code != codePolicy {
		s.t.Errorf("got %x %q, want the close code 1008", f.Header.OpCode, f.Payload)
	}
	s.conn.Close()
}

// reset closes a client's connection with a TCP reset.
func reset(s *socket) {
	s.conn.(*net.TCPConn).SetLinger(0)
	s.conn.Close()
}
