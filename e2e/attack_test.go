package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"github.com/turnike/turnike/e2e/harness"
)

// attacker opens connections from its own addresses for a limited time. Their results
// are ignored: the server may refuse or cut any of them.
type attacker struct {
	s        *harness.Server
	ctx      context.Context
	stop     context.CancelFunc
	contacts atomic.Int64 // connections that were established
	tokens   []string     // of accounts it has
}

func newAttacker(t *testing.T, s *harness.Server, length time.Duration) *attacker {
	ctx, cancel := context.WithTimeout(t.Context(), length)
	t.Cleanup(cancel)
	return &attacker{s: s, ctx: ctx, stop: cancel}
}

// many runs f in n goroutines and waits for all.
func (a *attacker) many(n int, f func(i int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { f(i) })
	}
	wg.Wait()
}

// goOn reports whether there is time left.
func (a *attacker) goOn() bool { return a.ctx.Err() == nil }

// rest waits, for attacks that consist of waiting.
func (a *attacker) rest(d time.Duration) {
	select {
	case <-time.After(d):
	case <-a.ctx.Done():
	}
}

// dial connects from one of ten addresses. The connection fails when the attack ends.
func (a *attacker) dial(i int) (net.Conn, error) {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(2+i%10))}}
	c, err := d.DialContext(a.ctx, "tcp", a.s.Addr())
	if err != nil {
		return nil, err
	}
	a.contacts.Add(1)
	context.AfterFunc(a.ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) }) // it may be closed
	return c, nil
}

// with connects, and closes the connection after f has returned.
func (a *attacker) with(i int, f func(c net.Conn)) {
	c, err := a.dial(i)
	if err != nil {
		return
	}
	f(c)
	_ = c.Close() // nothing depends on how
}

// say writes and reports whether that succeeded.
func say(c net.Conn, text string) bool {
	_, err := io.WriteString(c, text)
	return err == nil
}

// hear reads until the server closes or the time is over.
func hear(c net.Conn) { _, _ = io.Copy(io.Discard, c) }

// reset resets a connection.
func reset(c net.Conn) {
	_ = c.(*net.TCPConn).SetLinger(0)
	_ = c.Close()
}

// get, post and upgrade return the headers of requests.
func get(query, headers string) string {
	return "GET /socket.io/?EIO=4&" + query + " HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n"
}

func post(path string, length int) string {
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n", path, length)
}

func upgrade(query string) string {
	return get("transport=websocket"+query, "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n")
}

// frame returns a masked frame with the given first byte.
func frame(first byte, data string) string {
	b := ws.MustCompileFrame(ws.MaskFrame(ws.NewFrame(0, true, []byte(data))))
	b[0] = first
	return string(b)
}

func textFrame(data string) string { return frame(0x81, data) }

// poll opens a polling session on a connection that stays open.
func poll(c net.Conn, r *bufio.Reader) (path string) {
	if !say(c, get("transport=polling", "")) {
		return ""
	}
	res, err := http.ReadResponse(r, nil)
	if err != nil {
		return ""
	}
	defer func() { _ = res.Body.Close() }() // read to its end
	body, _ := io.ReadAll(res.Body)
	_, rest, _ := bytes.Cut(body, []byte(`"sid":"`))
	sid, _, ok := bytes.Cut(rest, []byte(`"`))
	if !ok {
		return ""
	}
	return "/socket.io/?EIO=4&transport=polling&sid=" + string(sid)
}

// unauthenticated opens sockets that send nothing, garbage, or an invalid token, and
// reopens them when they are closed.
func (a *attacker) unauthenticated() {
	words := []string{"", textFrame("40"), textFrame(`40{"token":"` + strings.Repeat("x", 4000) + `"}`), textFrame("40/admin,"), textFrame(`42["register_user",{}]`)}
	a.many(300, func(i int) {
		for a.goOn() {
			a.with(i, func(c net.Conn) {
				if say(c, upgrade("")+words[i%len(words)]) {
					hear(c)
				}
			})
			a.rest(100 * time.Millisecond)
		}
	})
}

// slowloris sends headers and bodies a byte at a time.
func (a *attacker) slowloris() {
	a.many(300, func(i int) {
		a.with(i, func(c net.Conn) {
			start := "GET / HTTP/1.1\r\nHost: localhost\r\nX-"
			switch i % 3 {
			case 1:
				start = post("/login-token", 4000) + "{"
			case 2:
				start = post(poll(c, bufio.NewReader(c)), 60000) + "4"
			}
			for up := say(c, start); up && a.goOn(); up = say(c, "a") {
				a.rest(50 * time.Millisecond)
			}
		})
	})
}

// headers sends too many headers, and too long ones.
func (a *attacker) headers() {
	var many strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&many, "X-%d: 1\r\n", i)
	}
	long := "X-A: " + strings.Repeat("a", 1<<20) + "\r\n"
	a.many(16, func(i int) {
		for a.goOn() {
			a.with(i, func(c net.Conn) {
				if i%2 == 0 {
					say(c, get("transport=polling", many.String()))
				} else {
					say(c, get("transport=polling", long))
				}
				hear(c)
			})
		}
	})
}

// lies opens websockets whose frames have wrong lengths or are truncated.
func (a *attacker) lies() {
	length := func(n uint64) string { return "\x81\xff" + string(binary.BigEndian.AppendUint64(nil, n)) + "mask" }
	frames := []string{
		length(1 << 63), length(1<<64 - 1), length(1 << 40), length(65536), // the last one is allowed: it waits
		frame(0xc1, "4x"), frame(0xa1, "4x"), frame(0x83, "x"), "\x81\x024x", frame(0x80, "x"),
		frame(0x01, "4") + strings.Repeat(frame(0x00, ""), 100), frame(0x88, "x"), textFrame("4\xff"),
	}
	a.many(300, func(i int) {
		for round := 0; a.goOn(); round++ {
			c, err := a.dial(i)
			if err != nil {
				return
			}
			all := upgrade("") + frames[i%len(frames)]
			if i%3 == 0 { // cut after every possible byte
				say(c, all[:(i+round*100)%len(all)])
				a.rest(100 * time.Millisecond)
				reset(c)
				continue
			}
			if say(c, all) {
				hear(c)
			}
			reset(c)
		}
	})
}

// polls sends overlapping polls and POSTs, bodies of many tiny packets, bodies that are
// too large, and unknown session ids.
func (a *attacker) polls() {
	tiny := strings.Repeat("6\x1e", 30000) + "6"
	a.many(16, func(i int) {
		for a.goOn() {
			a.with(i, func(c net.Conn) {
				path := poll(c, bufio.NewReader(c))
				switch i % 4 {
				case 0:
					say(c, post(path, len(tiny))+tiny)
				case 1:
					say(c, post(path, 100<<20)+strings.Repeat("4", 1<<20))
				case 2:
					for range 3 { // on three connections; the first poll is pending
						a.with(i, func(c net.Conn) { say(c, get(strings.TrimPrefix(path, "/socket.io/?EIO=4&"), "")) })
					}
				default:
					say(c, strings.Repeat(get("transport=polling&sid=nobody", ""), 100))
					_, _ = io.CopyN(io.Discard, c, 100*200) // some of the answers
				}
			})
		}
	})
}

// upgrades starts many upgrades of one session at once; some of them send a probe, some
// disconnect.
func (a *attacker) upgrades() {
	a.many(16, func(i int) {
		for a.goOn() {
			a.with(i, func(c net.Conn) {
				_, sid, ok := strings.Cut(poll(c, bufio.NewReader(c)), "&sid=")
				if !ok {
					a.rest(20 * time.Millisecond)
					return
				}
				a.many(10, func(k int) {
					c, err := a.dial(i)
					if err != nil {
						return
					}
					say(c, upgrade("&sid="+sid)+[]string{"", textFrame("2probe"), textFrame("2probe") + textFrame("5"), textFrame("5"), textFrame("4x")}[k%5])
					a.rest(50 * time.Millisecond)
					reset(c)
				})
			})
		}
	})
}

// pings sends unsolicited pings and pongs, of Engine.IO and of the websocket.
func (a *attacker) pings() {
	a.many(16, func(i int) {
		packet := []string{textFrame("2"), textFrame("3"), frame(0x89, "x"), frame(0x8a, "x")}[i%4]
		for a.goOn() {
			a.with(i, func(c net.Conn) {
				if say(c, upgrade("")+strings.Repeat(packet, 1000)) {
					hear(c)
				}
			})
		}
	})
}

// slowReaders have an account, request large answers and read nothing.
func (a *attacker) slowReaders() {
	large := `["ping_manual","` + strings.Repeat("x", 60000) + `"]`
	a.many(20, func(i int) {
		for a.goOn() {
			a.with(i, func(c net.Conn) {
				_ = c.(*net.TCPConn).SetReadBuffer(4096) // best effort
				up := say(c, upgrade("")+textFrame(`40{"token":"`+a.tokens[i%len(a.tokens)]+`"}`))
				for n := 0; up && a.goOn(); n++ {
					up = say(c, textFrame(fmt.Sprintf("42%d%s", n, large)))
				}
				a.rest(100 * time.Millisecond)
			})
		}
	})
}
