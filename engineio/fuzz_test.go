package engineio

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/gobwas/ws"
)

// FuzzFrameReader reads arbitrary bytes in pieces of arbitrary size. The reader must not
// panic, must respect the limits, and its result must not depend on the pieces.
func FuzzFrameReader(f *testing.F) {
	for _, seed := range []string{
		masked(0x81, "4hello"), masked(0x82, "\x00\x01"),
		masked(0x01, "4a") + masked(0x89, "p") + masked(0x80, "b"),
		masked(0x88, "\x03\xe8bye"), lengthOf(1 << 63), lengthOf(65537),
		"\x81\x024x", masked(0xc1, "x"), masked(0x81, strings.Repeat("ü", 300)),
		masked(0x01, "4") + strings.Repeat(masked(0x00, ""), 64),
	} {
		f.Add([]byte(seed), uint8(1))
		f.Add([]byte(seed), uint8(7))
	}
	pool := &NewServer(Config{}, nil).buffers
	const limit = 8000
	read := func(t *testing.T, data []byte, piece int) (all [][]byte, failure error) {
		r := &frameReader{conn: &scripted{data: data, piece: piece}, limit: limit, pool: pool}
		for {
			op, data, err := r.next()
			if err != nil {
				return all, err
			}
			if len(data) > limit || op == ws.OpText && !utf8.Valid(data) || op.IsControl() && len(data) > 125 {
				t.Fatalf("op %x with %d bytes", op, len(data))
			}
			if cap(r.message) > 2*limit {
				t.Fatalf("%d bytes held", cap(r.message))
			}
			all = append(all, append([]byte{byte(op)}, data...))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, piece uint8) {
		whole, err1 := read(t, bytes.Clone(data), 0)
		parts, err2 := read(t, bytes.Clone(data), int(piece%200)+1)
		if len(whole) != len(parts) {
			t.Fatalf("%d messages at once, %d in pieces", len(whole), len(parts))
		}
		for i := range whole {
			if !bytes.Equal(whole[i], parts[i]) {
				t.Fatalf("message %d: %q at once, %q in pieces", i, whole[i], parts[i])
			}
		}
		a, ok1 := errors.AsType[protocolError](err1)
		b, ok2 := errors.AsType[protocolError](err2)
		if ok1 != ok2 || a != b {
			t.Fatalf("%v at once, %v in pieces", err1, err2)
		}
		if !ok1 && !errors.Is(err1, io.EOF) && !errors.Is(err1, io.ErrUnexpectedEOF) {
			t.Fatalf("err %v", err1)
		}
	})
}

// FuzzPayload decodes an arbitrary polling body and sends its packets back: a poll's
// answer must contain the same packets.
func FuzzPayload(f *testing.F) {
	for _, seed := range []string{"4hello", "4a\x1e4b", "bAQIDBA==", "3", "2\x1e2\x1e2", "1", "4\x1e", "", "6", "5", "0{}", "b===", "4\xff"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var got []*Payload
		s := NewServer(Config{}, func(*Conn, *http.Request) (Receiver, error) { return nil, nil })
		c := s.newConn("id", Polling, new(http.Request))
		c.drop()
		c.receiver = &listener{closed: make(chan Closure, 1), on: func(_ *Conn, data []byte, binary bool) {
			if binary {
				got = append(got, Binary(data))
			} else {
				got = append(got, Text(data))
			}
		}}
		err := c.transport.(*polling).deliver(body)
		if err != nil {
			if _, ok := errors.AsType[protocolError](err); !ok {
				t.Fatalf("err %v", err)
			}
			return
		}
		var again [][]byte
		for _, p := range got {
			again = append(again, p.texts()...)
		}
		var want [][]byte
		for part := range bytes.SplitSeq(body, []byte{separator}) {
			if part[0] == '4' || part[0] == 'b' {
				want = append(want, bytes.Map(dropNewlines, part))
			}
			if part[0] == '1' {
				break
			}
		}
		if len(again) != len(want) {
			t.Fatalf("%q understood as %q", body, again)
		}
		for i := range want {
			if want[i][0] == '4' && !bytes.Equal(again[i], want[i]) && !bytes.ContainsAny(body, "\r\n") {
				t.Fatalf("%q came back as %q", want[i], again[i])
			}
		}
	})
}

// dropNewlines removes newlines like the base64 decoder.
func dropNewlines(r rune) rune {
	if r == '\r' || r == '\n' {
		return -1
	}
	return r
}
