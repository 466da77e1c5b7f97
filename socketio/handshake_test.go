package socketio

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// A socket has its client's handshake data and encodes them like the reference.
func TestHandshake(t *testing.T) {
	seen := make(chan Handshake, 2)
	url, _ := serve(t, Config{}, func(s *Server) {
		n := s.Of("/")
		n.Use(func(_ context.Context, s *Socket, _ json.RawMessage) error { seen <- s.Handshake(); return nil })
		n.OnConnect(func(s *Socket) { seen <- s.Handshake(); s.Emit("handshake", s.Handshake()) })
	})
	p := dialWith(t, url, "&a=b&%26c=%3D&a=d", http.Header{"Authorization": {"Bearer x"}, "Origin": {"https://other"}})
	p.join(`{"token":"t"}`)
	for range 2 {
		h := receive(t, seen)
		if h.Query.Get("&c") != "=" || h.Header.Get("Authorization") != "Bearer x" || string(h.Auth) != `{"token":"t"}` ||
			h.Address != p.conn.LocalAddr().String() || h.Host == "" || h.Secure || time.Since(h.Time) > time.Hour {
			t.Errorf("got %+v", h)
		}
	}
	var h struct {
		Headers, Query map[string]any
		Auth           map[string]string
		URL, Address   string
		XDomain        bool
	}
	text := strings.TrimSuffix(strings.TrimPrefix(p.read(), `42["handshake",`), "]")
	if err := json.Unmarshal([]byte(text), &h); err != nil {
		t.Fatal(err)
	}
	if h.Query["&c"] != "=" || len(h.Query["a"].([]any)) != 2 || h.Headers["authorization"] != "Bearer x" || h.Auth["token"] != "t" || !h.XDomain ||
		!strings.HasPrefix(h.URL, "/socket.io/?EIO=4") {
		t.Errorf("got %s", text)
	}
}

// With NoHandshake the data are not kept; a check still receives the auth object.
func TestNoHandshake(t *testing.T) {
	seen := make(chan Handshake, 2)
	url, _ := serve(t, Config{NoHandshake: true}, func(s *Server) {
		n := s.Of("/")
		n.Use(func(_ context.Context, s *Socket, auth json.RawMessage) error {
			if string(auth) != `{"a":1}` {
				t.Errorf("auth %s", auth)
			}
			return nil
		})
		n.OnConnect(func(s *Socket) { seen <- s.Handshake() })
	})
	p := dial(t, url)
	p.join(`{"a":1}`)
	if h := receive(t, seen); h.Auth != nil || h.Header != nil {
		t.Errorf("kept %+v", h)
	}
}

// Sockets can be found by id, and listed, counted and disconnected by room.
func TestFind(t *testing.T) {
	connected, left := make(chan *Socket, 4), make(chan Reason, 4)
	url, s := serve(t, Config{}, func(s *Server) {
		s.Of("/").OnConnect(func(s *Socket) { connected <- s })
		s.Of("/").OnDisconnect(func(_ *Socket, why Reason) { left <- why })
	})
	n := s.Of("/")
	var peers []*peer
	var sockets []*Socket
	for range 3 {
		p := dial(t, url)
		p.join("")
		peers, sockets = append(peers, p), append(sockets, receive(t, connected))
	}
	sockets[0].Join("tea")
	sockets[1].Join("tea", "coffee")
	if n.Len() != 3 || len(n.Sockets()) != 3 || n.To("tea").Len() != 2 || n.To("tea").Except("coffee").Len() != 1 || n.To("milk").Len() != 0 {
		t.Errorf("%d sockets, %d in a room", n.Len(), n.To("tea").Len())
	}
	if n.Socket(sockets[2].ID()) != sockets[2] || n.Socket("x") != nil || !slices.Contains(n.To("tea").Sockets(), sockets[1]) {
		t.Error("not found, or another")
	}
	if got := n.To("tea").Disconnect(); got != 2 {
		t.Errorf("%d were sent away", got)
	}
	for _, p := range peers[:2] {
		p.expect("1")
		if why := receive(t, left); why != ServerDisconnect {
			t.Errorf("reason %q", why)
		}
	}
	if n.Len() != 1 || n.Socket(sockets[0].ID()) != nil || n.To("tea").Len() != 0 {
		t.Errorf("%d are left", n.Len())
	}
}

// A panic is logged even if no logger is set.
func TestSEC40_PanicIsLogged(t *testing.T) {
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	defer slog.SetDefault(before)
	url, _ := serve(t, Config{}, func(s *Server) {
		s.Of("/").On("x", func(context.Context, *Socket, Args, *Ack) { panic("boom") })
	})
	p := dial(t, url)
	p.join("")
	p.send(`42["x"]`)
	p.closed("1011")
	if text := log.String(); !strings.Contains(text, "level=ERROR") || !strings.Contains(text, "boom") {
		t.Errorf("logged %q", text)
	}
}
