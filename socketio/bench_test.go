package socketio

import (
	"bufio"
	"context"
	"net"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gobwas/ws"

	"github.com/turnike/turnike/engineio"
)

type status struct {
	Username string `json:"username"`
	Status   string `json:"status"`
	Seq      int    `json:"seq"`
}

func BenchmarkEncodeEvent(b *testing.B) {
	b.ReportAllocs()
	v := status{"ayşe", "online", 17}
	for b.Loop() {
		if _, err := EncodeEvent("/", "user_status", v); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeEvent(b *testing.B) {
	b.ReportAllocs()
	cfg := Config{}.withDefaults()
	data := []byte(`217["ping_manual",{"sent":1234567890,"text":"hello"}]`)
	for b.Loop() {
		if _, err := decodePacket(data, &cfg); err != nil {
			b.Fatal(err)
		}
	}
}

// bencher runs a server and dials websockets for benchmarks.
func bencher(b *testing.B, register func(n *Namespace)) (dial func() (net.Conn, *bufio.Reader)) {
	s := NewServer(Config{})
	register(s.Of("/"))
	web := httptest.NewServer(s)
	b.Cleanup(func() {
		s.Close(1001, "")
		web.CloseClientConnections()
		web.Close()
		if err := s.Wait(context.Background()); err != nil {
			b.Error(err)
		}
	})
	return func() (net.Conn, *bufio.Reader) {
		conn, br, _, err := ws.Dial(context.Background(), strings.Replace(web.URL, "http", "ws", 1)+"/?EIO=4&transport=websocket")
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { conn.Close() })
		if br == nil {
			br = bufio.NewReader(conn)
		}
		if _, err := conn.Write(ws.MustCompileFrame(ws.MaskFrame(ws.NewTextFrame([]byte("40"))))); err != nil {
			b.Fatal(err)
		}
		for range 2 { // the open packet, the answer to CONNECT
			h, err := ws.ReadHeader(br)
			if err != nil {
				b.Fatal(err)
			}
			br.Discard(int(h.Length))
		}
		return conn, br
	}
}

func benchmarkEcho(b *testing.B, opts ...Option) {
	dial := bencher(b, func(n *Namespace) {
		n.On("echo", func(_ context.Context, _ *Socket, args Args, ack *Ack) { ack.Reply(args[0]) }, opts...)
	})
	conn, br := dial()
	frame := ws.MustCompileFrame(ws.MaskFrame(ws.NewTextFrame([]byte(`427["echo",{"sent":1234567890}]`))))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := conn.Write(frame); err != nil {
			b.Fatal(err)
		}
		h, err := ws.ReadHeader(br)
		if err != nil {
			b.Fatal(err)
		}
		br.Discard(int(h.Length))
	}
}

func BenchmarkEcho(b *testing.B)       { benchmarkEcho(b) }
func BenchmarkEchoInline(b *testing.B) { benchmarkEcho(b, Inline) }

// One event, encoded once, to 100 sockets; the result is the time for all of them.
func BenchmarkFanOut100(b *testing.B) {
	var sockets []*Socket
	joined := make(chan *Socket)
	dial := bencher(b, func(n *Namespace) { n.OnConnect(func(s *Socket) { joined <- s }) })
	var received atomic.Int64
	for range 100 {
		_, br := dial()
		sockets = append(sockets, <-joined)
		go func() {
			for {
				h, err := ws.ReadHeader(br)
				if err != nil {
					return
				}
				br.Discard(int(h.Length))
				received.Add(1)
			}
		}()
	}
	b.ReportAllocs()
	for b.Loop() {
		p, err := EncodeEvent("/", "user_status", status{"ayşe", "online", 17})
		if err != nil {
			b.Fatal(err)
		}
		for _, s := range sockets {
			s.Send(p)
		}
	}
}

var _ engineio.Receiver = (*client)(nil)
