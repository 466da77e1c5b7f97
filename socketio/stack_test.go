package socketio

import (
	"bufio"
	"context"
	"crypto/tls"
	"net"
	"net/http/httptest"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/gobwas/ws"
)

// BenchmarkStack measures the stacks of idle connections over TLS after garbage
// collection has shrunk them. Clients have no goroutine here; each server connection has
// its reader.
func BenchmarkStack(b *testing.B) {
	for _, bb := range []struct {
		name string
		send []string
		read int
	}{
		{"opened", nil, 1},
		{"connected", []string{"40"}, 2},
		{"connected by token", []string{`40{"token":"` + strings.Repeat("x", 400) + `"}`}, 2},
		{"event", []string{"40", `421["worker",{"a":1}]`}, 3},
		{"inline", []string{"40", `421["inline",{"a":1}]`}, 3},
		{"inline, then a heartbeat", []string{"40", `421["inline",{"a":1}]`, "3", `421["worker",{"a":1}]`}, 4},
	} {
		b.Run(bb.name, func(b *testing.B) {
			for b.Loop() {
				b.ReportMetric(stackOf(b, bb.send, bb.read), "stack-B/conn")
			}
		})
	}
}

// stackOf returns the bytes of stack of an idle connection after it has sent and read
// the given number of packets.
func stackOf(b *testing.B, send []string, read int) float64 {
	idle := runtime.NumGoroutine()
	before := stackInUse()
	s := NewServer(Config{})
	n := s.Of("/")
	reply := func(_ context.Context, _ *Socket, args Args, ack *Ack) {
		var v map[string]any
		if err := args[0].Decode(&v); err != nil {
			b.Error(err)
		}
		ack.Reply(v)
	}
	n.On("worker", reply)
	n.On("inline", reply, Inline)
	web := httptest.NewUnstartedServer(s)
	web.StartTLS()
	const count = 500
	conns := make([]net.Conn, 0, count)
	for range count {
		d := ws.Dialer{TLSConfig: &tls.Config{InsecureSkipVerify: true}}
		conn, br, _, err := d.Dial(b.Context(), strings.Replace(web.URL, "https", "wss", 1)+"/?EIO=4&transport=websocket")
		if err != nil {
			b.Fatal(err)
		}
		conns = append(conns, conn)
		if br == nil {
			br = bufio.NewReader(conn)
		}
		for _, m := range send {
			if err := ws.WriteFrame(conn, ws.MaskFrame(ws.NewTextFrame([]byte(m)))); err != nil {
				b.Fatal(err)
			}
		}
		for range read {
			h, err := ws.ReadHeader(br)
			if err != nil {
				b.Fatal(err)
			}
			br.Discard(int(h.Length))
		}
	}
	after := stackInUse()
	for _, c := range conns {
		c.Close()
	}
	s.Close(1001, "")
	web.Close()
	if err := s.Wait(context.Background()); err != nil {
		b.Error(err)
	}
	for runtime.NumGoroutine() > idle { // the next one begins with stacks as few
		runtime.Gosched()
	}
	return float64(after-before) / count
}

func stackInUse() int64 {
	for range 3 {
		runtime.GC()
	}
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.StackInuse)
}
