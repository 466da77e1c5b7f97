package engineio

import (
	"encoding/binary"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/gobwas/ws"
)

// masked returns a client's frame with an arbitrary first byte.
func masked(first byte, data string) string {
	f := ws.MaskFrame(ws.NewFrame(0, true, []byte(data)))
	b := ws.MustCompileFrame(f)
	b[0] = first
	return string(b)
}

// lengthOf returns the header of a masked text frame with a 64-bit length.
func lengthOf(n uint64) string {
	return "\x81\xff" + string(binary.BigEndian.AppendUint64(nil, n)) + "mask"
}

// [SEC-38] and a corpus from CVEs of similar servers: each input closes its connection
// with its code; the server and other connections continue.
func TestSEC38_HostileFrames(t *testing.T) {
	h := serve(t, Config{})
	healthy, other := h.websocket()
	for name, tt := range map[string]struct {
		input string
		code  int
	}{
		"length with the top bit":       {lengthOf(1 << 63), 1002},
		"length of all ones":            {lengthOf(1<<64 - 1), 1002},
		"length of 2^63-1":              {lengthOf(1<<63 - 1), 1009},
		"length one past the limit":     {lengthOf(65537), 1009},
		"RSV1":                          {masked(0xc1, "4x"), 1002},
		"RSV2 (CVE-2022-21676)":         {masked(0xa1, "4x"), 1002},
		"RSV3 (CVE-2022-21676)":         {masked(0x91, "4x"), 1002},
		"opcode 3":                      {masked(0x83, "4x"), 1002},
		"opcode 11":                     {masked(0x8b, "4x"), 1002},
		"not masked":                    {"\x81\x024x", 1002},
		"fragmented ping":               {masked(0x09, ""), 1002},
		"long ping":                     {masked(0x89, strings.Repeat("x", 126)), 1002},
		"continuation of nothing":       {masked(0x80, "4x"), 1002},
		"text inside a fragmented text": {masked(0x01, "4") + masked(0x81, "4"), 1002},
		"fragments past the limit":      {masked(0x01, strings.Repeat("4", 65000)) + masked(0x80, strings.Repeat("4", 537)), 1009},
		"65 fragments (CVE-2026-48779)": {masked(0x01, "4") + strings.Repeat(masked(0x00, ""), 64), 1008},
		"text that is not UTF-8":        {masked(0x81, "4\xc3\x28"), 1007},
		"a surrogate":                   {masked(0x81, "4\xed\xa0\x80"), 1007},
		"close of one byte":             {masked(0x88, "x"), 1002},
		"close with 1005":               {masked(0x88, "\x03\xed"), 1002},
		"close with a bad reason":       {masked(0x88, "\x03\xe8\xff"), 1007},
		"unknown packet":                {masked(0x81, "9"), 1002},
		"empty packet":                  {masked(0x81, ""), 1002},
		"a second open":                 {masked(0x81, "0"), 1002},
		"pongs (CVE-2026-48802)":        {strings.Repeat(masked(0x81, "3"), 3), 1008},
		"engine noops":                  {strings.Repeat(masked(0x81, "6"), 3), 1008},
		"engine upgrades":               {strings.Repeat(masked(0x81, "5"), 3), 1008},
		"engine pings":                  {strings.Repeat(masked(0x81, "2"), 3), 1008},
	} {
		t.Run(name, func(t *testing.T) {
			s, l := h.websocket()
			s.t = t
			s.raw(tt.input)
			if code := s.closed(); code != tt.code {
				t.Errorf("code %d, want %d", code, tt.code)
			}
			if why := receive(t, l.closed); why.Code != tt.code {
				t.Errorf("closed: %+v", why)
			}
			if len(l.messages) != 0 {
				t.Errorf("delivered %q", <-l.messages)
			}
		})
	}
	healthy.send("4still here")
	if got := receive(t, other.messages); got != "text:still here" {
		t.Errorf("got %q", got)
	}
}

func TestSEC38_AtTheLimit(t *testing.T) {
	h := serve(t, Config{})
	s, l := h.websocket()
	s.send("4" + strings.Repeat("x", 65535))
	if got := receive(t, l.messages); len(got) != len("text:")+65535 {
		t.Errorf("got %d bytes", len(got))
	}
	s.frame(ws.OpText, false, "4")
	for range 62 {
		s.frame(ws.OpContinuation, false, "x")
	}
	s.frame(ws.OpContinuation, true, "")
	if got := receive(t, l.messages); len(got) != len("text:")+62 {
		t.Errorf("got %q", got)
	}
	s.send("3") // unsolicited, but two per second are allowed
	s.send("3")
	s.send("4alive")
	if got := receive(t, l.messages); got != "text:alive" {
		t.Errorf("got %q", got)
	}
}

// [SEC-38] The reader's memory grows only with the bytes it has received.
func TestSEC38_ReaderGrowsWithBytes(t *testing.T) {
	pool := &NewServer(Config{}, nil).buffers
	for _, sent := range []int{1, 4000, 5000, 60000} {
		conn := &scripted{data: []byte(lengthOf(1<<20) + strings.Repeat("x", sent))}
		r := &frameReader{conn: conn, limit: 1 << 20, pool: pool}
		if _, _, err := r.next(); err != io.EOF {
			t.Fatalf("err %v", err)
		}
		if got := cap(r.message); got > max(2*sent, bufferSize) {
			t.Errorf("%d bytes held for %d received", got, sent)
		}
	}
}

// Concurrent Send, End and Close: the byte counts stay correct, Closed is called once,
// and nothing follows the last payload.
func TestEverythingAtOnce(t *testing.T) {
	h := serve(t, Config{})
	for round := range 50 {
		s, l := h.websocket()
		c := l.conn
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range 50 {
					c.Send(Text([]byte("x")))
				}
			})
		}
		wg.Go(func() {
			if round%2 == 0 {
				s.send("4y")
			}
			c.End(4001, "", Text([]byte("last")))
		})
		wg.Go(func() { c.Close(4100, "") })
		last := ""
		for {
			f := s.read()
			if f.Header.OpCode == ws.OpClose {
				code, _ := ws.ParseCloseFrameData(f.Payload)
				if code == 4001 && last != "4last" {
					t.Errorf("%q came last", last)
				}
				s.raw(masked(0x88, string(f.Payload)))
				break
			}
			last = string(f.Payload)
		}
		wg.Wait()
		receive(t, l.closed)
		if len(l.closed) != 0 {
			t.Error("Closed was called twice")
		}
	}
}
