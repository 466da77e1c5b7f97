package engineio

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gobwas/ws"
)

// hijackable is a ResponseWriter over a pipe.
type hijackable struct {
	*httptest.ResponseRecorder
	conn net.Conn
}

func (h hijackable) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return h.conn, bufio.NewReadWriter(bufio.NewReader(h.conn), bufio.NewWriter(h.conn)), nil
}

// bubble is a server without a network, with fake time.
type bubble struct {
	t        *testing.T
	server   *Server
	listener *listener
}

func inBubble(t *testing.T, cfg Config, f func(b *bubble)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := &bubble{t: t}
		b.server = NewServer(cfg, func(c *Conn, _ *http.Request) (Receiver, error) {
			b.listener = &listener{conn: c, messages: make(chan string, 64), closed: make(chan Closure, 4)}
			return b.listener, nil
		})
		f(b)
		b.server.Close(1001, "over")
		if err := b.server.Wait(context.Background()); err != nil {
			t.Error(err)
		}
		if n := b.server.Len(); n != 0 {
			t.Errorf("%d connections left", n)
		}
	})
}

// do sends a request and returns the answer's status and body.
func (b *bubble) do(method, query, body string, header ...string) (int, string) {
	rec := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(b.t.Context(), method, "/engine.io/?"+query, strings.NewReader(body))
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	b.server.ServeHTTP(rec, r)
	return rec.Code, rec.Body.String()
}

func (b *bubble) polling() (query string) {
	_, body := b.do("GET", "EIO=4&transport=polling", "")
	return "EIO=4&transport=polling&sid=" + sidOf(b.t, body)
}

// websocket opens a websocket over a pipe.
func (b *bubble) websocket(query string) *socket {
	b.t.Helper()
	here, there := net.Pipe()
	r := httptest.NewRequestWithContext(b.t.Context(), "GET", "/engine.io/?"+query, nil)
	r.Header.Set("Connection", "keep-alive, Upgrade")
	r.Header.Set("Upgrade", "websocket")
	r.Header.Set("Sec-WebSocket-Version", "13")
	r.Header.Set("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
	go b.server.ServeHTTP(hijackable{httptest.NewRecorder(), there}, r)
	br := bufio.NewReader(here)
	resp, err := http.ReadResponse(br, r)
	if err != nil {
		b.t.Fatal(err)
	}
	// The example of RFC 6455, section 1.3.
	if resp.StatusCode != 101 || resp.Header.Get("Sec-WebSocket-Accept") != "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" {
		b.t.Fatalf("handshake: %v", resp)
	}
	b.t.Cleanup(func() { here.Close() })
	return &socket{t: b.t, conn: here, r: br}
}

var beat = Config{PingInterval: 10 * time.Second, PingTimeout: 5 * time.Second}

// [S5] [eio4:heartbeat] Only pongs to the server's pings keep a connection alive.
func TestS5_HeartbeatWebSocket(t *testing.T) {
	inBubble(t, beat, func(b *bubble) {
		start := time.Now()
		s := b.websocket("EIO=4&transport=websocket")
		s.text() // open
		for i := range 3 {
			if got := s.text(); got != "2" {
				t.Fatalf("got %q, want a ping", got)
			}
			if at := time.Since(start).Round(time.Second); at != time.Duration(i)*11*time.Second+10*time.Second {
				t.Errorf("ping %d after %v", i, at)
			}
			time.Sleep(time.Second)
			s.send("3")
		}
		if got := s.text(); got != "2" {
			t.Fatalf("got %q, want a ping", got)
		}
		go func() {
			for range 4 {
				time.Sleep(time.Second)
				s.send("4traffic") // does not keep it alive
			}
		}()
		asked := time.Now()
		if _, err := s.tryRead(); err == nil {
			t.Error("still open")
		}
		if took := time.Since(asked).Round(100 * time.Millisecond); took != 5*time.Second {
			t.Errorf("closed after %v", took)
		}
		if why := <-b.listener.closed; why.Reason != "ping timeout" {
			t.Errorf("closed: %+v", why)
		}
		s.conn.Close()
	})
}

func TestS5_HeartbeatPolling(t *testing.T) {
	inBubble(t, beat, func(b *bubble) {
		q := b.polling()
		for range 3 {
			if status, body := b.do("GET", q, ""); status != 200 || body != "2" {
				t.Fatalf("poll: %d %q", status, body)
			}
			if status, _ := b.do("POST", q, "3"); status != 200 {
				t.Fatalf("pong: %d", status)
			}
		}
		// Exactly at the deadline, because the reference suite polls at this moment.
		time.Sleep(beat.PingInterval + beat.PingTimeout)
		if status, _ := b.do("GET", q, ""); status != 400 {
			t.Errorf("GET afterwards: %d", status)
		}
		if why := <-b.listener.closed; why.Reason != "ping timeout" {
			t.Errorf("closed: %+v", why)
		}
	})
}

// K4: the connection is cut after 2 s if the peer does not close or does not read.
func TestEndIsHardAfterTwoSeconds(t *testing.T) {
	for _, reads := range []bool{true, false} {
		inBubble(t, Config{}, func(b *bubble) {
			s := b.websocket("EIO=4&transport=websocket")
			s.text()
			b.listener.conn.End(4001, "", Text([]byte("last")))
			ended := time.Now()
			if reads {
				s.text()
				s.read() // the close frame, not answered
			}
			if err := b.server.Wait(b.t.Context()); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(ended).Round(100 * time.Millisecond); took != 2*time.Second {
				t.Errorf("reads %v: gone after %v", reads, took)
			}
			s.conn.Close()
		})
	}
}

// K4: the last payload is kept for 60 s.
func TestEndLingersAMinute(t *testing.T) {
	for _, tt := range []struct {
		after time.Duration
		body  string
	}{{59 * time.Second, "4last"}, {60 * time.Second, `{"code":1,"message":"Session ID unknown"}`}} {
		inBubble(t, Config{}, func(b *bubble) {
			q := b.polling()
			b.listener.conn.End(4001, "", Text([]byte("last")))
			time.Sleep(tt.after)
			if _, body := b.do("GET", q, ""); body != tt.body {
				t.Errorf("after %v: %q", tt.after, body)
			}
		})
	}
}

// [SEC-43] An upgrade that does not finish is given up; the session continues.
func TestSEC43_UpgradeTimeout(t *testing.T) {
	inBubble(t, Config{}, func(b *bubble) {
		q := b.polling()
		start := time.Now()
		s := b.websocket(strings.Replace(q, "polling", "websocket", 1))
		s.send("2probe")
		if got := s.text(); got != "3probe" {
			t.Fatalf("got %q", got)
		}
		if f := s.read(); f.Header.OpCode != ws.OpClose || string(f.Payload) != "\x03\xf0" {
			t.Errorf("got %x %q, want 1008", f.Header.OpCode, f.Payload)
		}
		if took := time.Since(start).Round(100 * time.Millisecond); took != 10*time.Second {
			t.Errorf("closed after %v", took)
		}
		s.conn.Close()
		synctest.Wait()
		b.listener.conn.Send(Text([]byte("alive")))
		if _, body := b.do("GET", q, ""); body != "4alive" {
			t.Errorf("got %q", body)
		}
	})
}

// [SEC-38] A message must arrive within 10 s of its first byte; waiting for a message
// has no limit.
func TestSEC38_MessageDeadline(t *testing.T) {
	frame := string(ws.MustCompileFrame(ws.MaskFrame(ws.NewTextFrame([]byte("4" + strings.Repeat("x", 300))))))
	for name, part := range map[string]string{"one byte": frame[:1], "half": frame[:150], "a fragment": "\x01\x81abcd\x55"} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, Config{PingInterval: time.Hour}, func(b *bubble) {
				s := b.websocket("EIO=4&transport=websocket")
				s.text()
				time.Sleep(time.Minute)
				s.raw(frame)
				time.Sleep(time.Minute)
				s.raw(part)
				started := time.Now()
				if _, err := s.tryRead(); err == nil {
					t.Error("still open")
				}
				if took := time.Since(started); took != 10*time.Second {
					t.Errorf("closed after %v", took)
				}
				if got := <-b.listener.messages; len(got) != 305 {
					t.Errorf("got %q", got)
				}
				s.conn.Close()
			})
		})
	}
}

func TestAlarm(t *testing.T) {
	inBubble(t, Config{}, func(b *bubble) {
		b.polling()
		c := b.listener.conn
		rang := make(chan time.Time, 4)
		ring := func() { rang <- time.Now() }
		start := time.Now()
		c.SetAlarm(start.Add(3*time.Second), ring)
		c.SetAlarm(start.Add(2*time.Second), ring)
		if at := (<-rang).Sub(start).Round(100 * time.Millisecond); at != 2*time.Second {
			t.Errorf("rang after %v", at)
		}
		c.SetAlarm(time.Now().Add(time.Second), ring)
		c.SetAlarm(time.Time{}, nil)
		c.SetAlarm(time.Now().Add(time.Second), func() { panic("in an alarm") })
		time.Sleep(2 * time.Second)
		if len(rang) != 0 {
			t.Error("rang although taken back")
		}
		if why := <-b.listener.closed; why.Code != 1011 {
			t.Errorf("a panic in an alarm: %+v", why)
		}
	})
}

// [SEC-46] A peer that does not read delays no other. It is closed if more than MaxQueue
// is queued and it has taken nothing for StallTimeout, or if a write takes too long.
func TestSEC46_SlowConsumer(t *testing.T) {
	overflown := 0
	cfg := Config{MaxQueue: 1000, OverflowCode: 4101, OnOverflow: func(*Conn) { overflown++ }, PingInterval: time.Hour}
	inBubble(t, cfg, func(b *bubble) {
		s := b.websocket("EIO=4&transport=websocket")
		s.text()
		synctest.Wait() // the open packet is no longer counted
		c, start := b.listener.conn, time.Now()
		snapshot := Text([]byte(strings.Repeat("s", 5000))).Snapshot()
		if !c.Send(snapshot) {
			t.Error("a snapshot did not fit")
		}
		synctest.Wait()                                  // it is being written
		message := Text([]byte(strings.Repeat("x", 97))) // 100 bytes
		for i := range 11 {
			if !c.Send(message) {
				t.Errorf("message %d did not fit", i)
			}
		}
		if time.Since(start) != 0 {
			t.Errorf("sending took %v", time.Since(start))
		}
		time.Sleep(c.server.cfg.StallTimeout - time.Millisecond)
		if !c.Send(message) {
			t.Error("closed although it had no time to read")
		}
		time.Sleep(time.Millisecond)
		if c.Send(message) || overflown != 1 {
			t.Errorf("one more message fitted; overflown %d", overflown)
		}
		if why := <-b.listener.closed; why.Code != 4101 {
			t.Errorf("closed: %+v", why)
		}
		s.conn.Close()
	})
	inBubble(t, cfg, func(b *bubble) {
		s := b.websocket("EIO=4&transport=websocket")
		s.text()
		b.listener.conn.Send(Text([]byte("x")))
		start := time.Now()
		why := <-b.listener.closed
		if took := time.Since(start); why.Detail != "write failed" || took > 10*time.Second || took < 5*time.Second {
			t.Errorf("closed: %+v after %v", why, took)
		}
		s.conn.Close()
	})
}

// [SEC-46] However fast messages arrive, at most MaxBurst plus one message and one write
// are queued for a peer.
func TestSEC46_Burst(t *testing.T) {
	for _, transport := range []string{Polling, WebSocket} {
		inBubble(t, Config{MaxQueue: 1000, OverflowCode: 4101, PingInterval: time.Hour}, func(b *bubble) {
			if transport == Polling {
				b.polling()
			} else {
				s := b.websocket("EIO=4&transport=websocket")
				defer s.conn.Close()
				s.text()
			}
			synctest.Wait()
			message, sent := Text([]byte(strings.Repeat("x", 97))), 0
			for b.listener.conn.Send(message) {
				if queued := int(b.server.Queued()); queued > 4100+maxWrite {
					t.Fatalf("%d bytes wait", queued)
				}
				sent++
			}
			if sent < 40 {
				t.Errorf("%d messages fitted", sent)
			}
			if why := <-b.listener.closed; why.Code != 4101 {
				t.Errorf("closed: %+v", why)
			}
		})
	}
}

// [SEC-46] A peer that reads is never closed as slow, however slowly it reads and
// however large the message is.
func TestSEC46_SlowButReading(t *testing.T) {
	inBubble(t, Config{MaxQueue: 1000, PingInterval: time.Hour}, func(b *bubble) {
		s := b.websocket("EIO=4&transport=websocket")
		s.text()
		c := b.listener.conn
		large := Text([]byte(strings.Repeat("x", 300_000)))
		if !c.Send(large) {
			t.Fatal("an empty queue did not take one message")
		}
		buf := make([]byte, maxWrite)
		for left := large.Len(); left > 0; {
			time.Sleep(2 * time.Second) // each piece takes less than StallTimeout
			n, err := io.ReadFull(s.r, buf[:min(left, maxWrite)])
			if err != nil {
				t.Fatal(err)
			}
			left -= n
			synctest.Wait() // the next piece is being written
			if !c.Send(Text([]byte("more"))) {
				t.Fatal("closed although it reads")
			}
		}
		for range 19 {
			if got := s.text(); got != "4more" {
				t.Errorf("got %q", got)
			}
		}
		s.conn.Close()
	})
	inBubble(t, Config{MaxQueue: 1000, PingInterval: time.Hour}, func(b *bubble) {
		q := b.polling()
		for range 50 {
			time.Sleep(4 * time.Second)
			for range 11 {
				if !b.listener.conn.Send(Text([]byte(strings.Repeat("x", 97)))) {
					t.Fatal("closed although it polls")
				}
			}
			b.do("GET", q, "")
		}
	})
}

// [SEC-46] All queues together are bounded: the connection with the longest queue is
// closed.
func TestSEC46_TotalCap(t *testing.T) {
	inBubble(t, Config{MaxQueueTotal: 2000, OverflowCode: 4101, PingInterval: time.Hour}, func(b *bubble) {
		var all []*listener
		for range 3 {
			b.polling()
			all = append(all, b.listener)
		}
		for i, size := range []int{500, 900, 700} {
			all[i].conn.Send(Text(make([]byte, size)))
		}
		if why := <-all[1].closed; why.Code != 4101 {
			t.Errorf("closed: %+v", why)
		}
		if all[0].conn.Ended() || all[2].conn.Ended() {
			t.Error("others were closed, too")
		}
	})
}

// After Wait no connection and no goroutine is left, whatever was in progress.
func TestServerClose(t *testing.T) {
	inBubble(t, Config{}, func(b *bubble) {
		q := b.polling()
		s := b.websocket(strings.Replace(q, "polling", "websocket", 1))
		s.send("2probe")
		s.text()
		lingering := b.polling()
		b.listener.conn.End(4001, "", Text([]byte("last")))
		b.server.Close(4100, "draining")
		if status, _ := b.do("GET", lingering, ""); status != 400 {
			t.Errorf("GET: %d", status)
		}
		if status, _ := b.do("GET", "EIO=4&transport=polling", ""); status != 503 {
			t.Errorf("a new connection: %d", status)
		}
		s.send("5")
		if code := s.closed(); code != 4100 {
			t.Errorf("code %d", code)
		}
		s.conn.Close()
		ctx, cancel := context.WithCancel(b.t.Context())
		cancel()
		_ = b.server.Wait(ctx) // may return at once
	})
}

// Bytes that arrive with the handshake are not lost.
func TestEarlyBytes(t *testing.T) {
	here, there := net.Pipe()
	defer here.Close()
	r := &frameReader{conn: there, early: []byte("\x81\x82abcd" + string([]byte{'4' ^ 'a', 'x' ^ 'b'}) + "\x81\x82abcd\x00"), limit: 100, timeout: time.Second, pool: &NewServer(Config{}, nil).buffers}
	if _, data, err := r.next(); err != nil || string(data) != "4x" {
		t.Fatalf("%q %v", data, err)
	}
	go io.WriteString(here, "\x00")
	if _, data, err := r.next(); err != nil || string(data) != "ab" {
		t.Fatalf("%q %v", data, err)
	}
}

// CloseOver spreads the closes over a time: one millisecond apart or less. When the
// context ends, the rest is closed at once.
func TestServerCloseOver(t *testing.T) {
	for _, c := range []struct{ over, cancel, want time.Duration }{
		{time.Second, time.Hour, 4 * time.Millisecond},
		{time.Millisecond, time.Hour, 800 * time.Microsecond},
		{0, time.Hour, 0},
		{time.Second, 1500 * time.Microsecond, 1500 * time.Microsecond},
	} {
		inBubble(t, Config{}, func(b *bubble) {
			for range 5 {
				b.polling()
			}
			ctx, cancel := context.WithTimeout(context.Background(), c.cancel)
			defer cancel()
			start := time.Now()
			b.server.CloseOver(ctx, c.over, 4100, "draining")
			if took := time.Since(start); took != c.want {
				t.Errorf("over %v: took %v, want %v", c.over, took, c.want)
			}
			if err := b.server.Wait(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
}
