package engineio

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gobwas/ws"
)

// closeWith is the body of a close frame.
func closeWith(code int) string {
	return string(binary.BigEndian.AppendUint16(nil, uint16(code)))
}

// [RFC6455:7.4] A close frame is answered with its own code if that code is valid on the
// wire, otherwise with 1002; before and after an upgrade.
func TestCloseCodes(t *testing.T) {
	for _, tt := range []struct {
		codes []int
		valid bool
	}{
		{[]int{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999}, true},
		{[]int{0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 5001, 9999, 65535}, false},
	} {
		for _, code := range tt.codes {
			want := code
			if !tt.valid {
				want = codeProtocol
			}
			inBubble(t, Config{}, func(b *bubble) {
				s := b.websocket("EIO=4&transport=websocket")
				s.text() // open
				s.raw(masked(0x88, closeWith(code)))
				if got := s.closed(); got != want {
					t.Errorf("%d was answered with %d, want %d", code, got, want)
				}
				if why := <-b.listener.closed; why.Code != want {
					t.Errorf("%d: closed %+v", code, why)
				}
				s.conn.Close()
			})
			inBubble(t, Config{}, func(b *bubble) {
				probe := b.websocket(strings.Replace(b.polling(), "polling", "websocket", 1))
				probe.raw(masked(0x88, closeWith(code)))
				if got := probe.closed(); got != want {
					t.Errorf("a probe: %d was answered with %d, want %d", code, got, want)
				}
				probe.conn.Close()
			})
		}
	}
}

// A code of the application that is not valid on the wire is not sent.
func TestCloseCodesOfTheOwner(t *testing.T) {
	for _, code := range []int{0, 999, 1005, 1006, 1015, 2500, 5000, 65536 + 1000, -1} {
		inBubble(t, Config{}, func(b *bubble) {
			s := b.websocket("EIO=4&transport=websocket")
			s.text() // open
			b.listener.conn.Close(code, "reason")
			if f := s.read(); f.Header.OpCode != ws.OpClose || len(f.Payload) != 0 {
				t.Errorf("code %d: %x %q", code, f.Header.OpCode, f.Payload)
			}
			s.conn.Close()
		})
	}
}

// pings returns PING frames with the bodies "0" to "n-1".
func pings(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(masked(0x89, strconv.Itoa(i)))
	}
	return b.String()
}

// pongs reads PONG frames up to the one with the given body and returns their number.
func (s *socket) pongs(last string) (n int) {
	s.t.Helper()
	for {
		f := s.read()
		switch {
		case f.Header.OpCode == ws.OpText && string(f.Payload) == "2":
			continue // a heartbeat of the server's
		case f.Header.OpCode != ws.OpPong:
			s.t.Fatalf("got %x %q, want a pong", f.Header.OpCode, f.Payload)
		}
		n++
		if string(f.Payload) == last {
			return n
		}
	}
}

// [RFC6455:5.5.2] [SEC-44] The newest PING is answered, even if many arrive at once, as
// after a stalled link. Unsolicited PONGs are allowed. [RFC6455:5.5.3]
func TestPings(t *testing.T) {
	h := serve(t, Config{})
	for _, n := range []int{1, 3, 5, 100, 2000} {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			s, l := h.websocket()
			s.t = t
			s.raw(pings(n) + strings.Repeat(masked(0x8a, "x"), 5))
			s.pongs(strconv.Itoa(n - 1))
			s.send("4alive")
			if got := receive(t, l.messages); got != "text:alive" {
				t.Errorf("got %q", got)
			}
			q, l := h.polling()
			probe := h.dial(strings.Replace(q, "polling", "websocket", 1))
			probe.t = t
			probe.raw(pings(n) + masked(0x8a, "x") + masked(0x8a, "x") + masked(0x8a, "x"))
			probe.pongs(strconv.Itoa(n - 1))
			probe.send("2probe")
			if got := probe.text(); got != "3probe" {
				t.Errorf("got %q", got)
			}
			probe.send("5")
			probe.send("4alive")
			if got := receive(t, l.messages); got != "text:alive" {
				t.Errorf("got %q", got)
			}
		})
	}
}

// [RFC6455:5.5.3] While the peer reads nothing, only the answer to the newest PING is
// queued, and it is sent first.
func TestPingsWhileNothingIsRead(t *testing.T) {
	inBubble(t, Config{MaxQueue: 100}, func(b *bubble) {
		s := b.websocket("EIO=4&transport=websocket")
		s.text()        // open
		synctest.Wait() // the open packet is no longer counted
		b.listener.conn.Send(Text([]byte("first")))
		synctest.Wait() // it is being written
		b.listener.conn.Send(Text([]byte("second")))
		s.raw(pings(300))
		synctest.Wait()
		if got := s.text(); got != "4first" {
			t.Errorf("got %q", got)
		}
		if n := s.pongs("299"); n != 1 {
			t.Errorf("%d pongs", n)
		}
		if got := s.text(); got != "4second" {
			t.Errorf("got %q", got)
		}
		s.conn.Close()
	})
}

// [SEC-44] A flood of control frames is read no faster than controlRate; the
// peer is not closed for it.
func TestSEC44_ControlFramesArePaced(t *testing.T) {
	inBubble(t, Config{PingInterval: time.Hour}, func(b *bubble) {
		s := b.websocket("EIO=4&transport=websocket")
		s.text() // open
		start := time.Now()
		const flood = controlBurst + 3*controlRate
		go s.raw(strings.Repeat(masked(0x8a, ""), flood) + masked(0x89, "last"))
		s.pongs("last")
		if took := time.Since(start).Round(time.Second / 10); took != 3*time.Second {
			t.Errorf("took %v", took)
		}
		s.send("4alive")
		if got := <-b.listener.messages; got != "text:alive" {
			t.Errorf("got %q", got)
		}
		// End is not delayed by the limited rate.
		go s.raw(strings.Repeat(masked(0x8a, ""), 2*flood))
		synctest.Wait()
		b.listener.conn.Close(4100, "draining")
		if code := s.closed(); code != 4100 {
			t.Errorf("code %d", code)
		}
		s.conn.Close()
	})
}

// The rate is limited, not the total number of frames.
func TestSEC44_PingsForAnHour(t *testing.T) {
	inBubble(t, Config{PingInterval: time.Hour + time.Minute}, func(b *bubble) {
		s := b.websocket("EIO=4&transport=websocket")
		s.text() // open
		for i := range 3600 {
			body := fmt.Sprint(i)
			for range 4 { // four a second
				s.raw(masked(0x89, body))
				s.pongs(body)
			}
			time.Sleep(time.Second)
		}
		s.conn.Close()
	})
}
