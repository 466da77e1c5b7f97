package engineio

import (
	"bytes"
	"runtime"
	"strconv"
	"testing"
)

// A reader that has delivered a message is replaced at the next pong and keeps the bytes
// read ahead. A reader that only answered pings continues.
func TestReaderIsReplaced(t *testing.T) {
	readers := make(chan string, 8)
	h := serveWith(t, Config{}, func(*Conn, []byte, bool) {
		var buf [64]byte
		stack := buf[:runtime.Stack(buf[:], false)]
		readers <- string(bytes.Fields(stack)[1]) // goroutine N [running]: …
	})
	s, _ := h.websocket()
	pong := masked(0x81, "3") // unsolicited: two per second are allowed
	s.raw(masked(0x81, "4a") + masked(0x81, "4b") + pong + masked(0x81, "4c"))
	a, b, c := receive(t, readers), receive(t, readers), receive(t, readers)
	if a != b {
		t.Errorf("readers %s and %s without a pong", a, b)
	}
	if b == c {
		t.Errorf("reader %s was not replaced", b)
	}
}

// All messages arrive in order, whichever goroutine reads.
func TestReaderIsReplacedInOrder(t *testing.T) {
	inBubble(t, beat, func(b *bubble) {
		s := b.websocket("EIO=4&transport=websocket")
		s.text() // open
		for i := range 5 {
			if got := s.text(); got != "2" {
				t.Fatalf("got %q, want a ping", got)
			}
			n := strconv.Itoa(i)
			s.raw(masked(0x81, "4a"+n) + masked(0x81, "3") + masked(0x81, "4b"+n))
			for _, want := range []string{"text:a" + n, "text:b" + n} {
				if got := <-b.listener.messages; got != want {
					t.Errorf("got %q, want %q", got, want)
				}
			}
		}
		s.conn.Close()
		<-b.listener.closed
	})
}
