package main

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/gobwas/ws"
)

// force is how much of everything an attack has.
type force struct {
	slow      int // users who stop reading
	loris     int // connections that send a byte a second
	idle      int // connections that send nothing, or half a handshake
	logins    int // connections of bad logins: each waits for its answer
	conns     int // connections of any other attack
	perSecond int // of what it does, all connections together
}

func fullForce() force {
	return force{slow: 100, loris: 1000, idle: 10_000, logins: 1000, conns: 200, perSecond: 1000}
}
func soakForce() force {
	return force{slow: 10, loris: 50, idle: 200, logins: 100, conns: 20, perSecond: 200}
}
func quickForce() force {
	return force{slow: 3, loris: 5, idle: 20, logins: 10, conns: 5, perSecond: 50}
}

// attack is one way to be hostile.
type attack struct {
	key, title string
	unit       string                                 // what the attacker counts
	run        func(ctx context.Context, a *attacker) // until ctx is done
	mostRSS    string                                 // what it may cost the server, where the design says it
}

func attacks() []attack {
	return []attack{
		{key: "slow", title: "clients that ask and do not read the answers", unit: "questions", run: slowReaders},
		{key: "loris", title: "requests that never end (slowloris)", unit: "bytes", run: slowloris},
		{key: "idle", title: "connections that send nothing, or half a handshake", unit: "connections", run: idlers, mostRSS: "<= 100"},
		{key: "pings", title: "a flood of Engine.IO pings", unit: "pings", run: pings},
		{key: "polls", title: "a flood of polls on few sessions", unit: "answers", run: polls},
		{key: "upgrades", title: "a flood of upgrades on few sessions", unit: "upgrades", run: upgrades},
		{key: "silent", title: "sockets that never authenticate", unit: "sockets", run: silent},
		{key: "lying", title: "frames with a false length", unit: "frames", run: lying},
		{key: "headers", title: "requests with 200 headers", unit: "answers", run: headers},
		{key: "logins", title: "logins with wrong passwords", unit: "answers", run: badLogins},
	}
}

// attacker attacks from addresses that no healthy client has.
type attacker struct {
	server *server
	tls    *tls.Config
	force  force
	users  int          // the first of those whose tokens it has
	opened atomic.Int64 // connections
	did    atomic.Int64 // of its attack's unit
}

// paced runs f over and over from so many goroutines, all of them together so
// often a second, until ctx is done. What f fails with is what an attacker has to
// expect.
func (a *attacker) paced(ctx context.Context, workers int, f func(ctx context.Context)) {
	workers = max(min(workers, a.force.perSecond), 1)
	every := time.Duration(workers) * time.Second / time.Duration(a.force.perSecond)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			tick := time.NewTicker(every)
			defer tick.Stop()
			for {
				select {
				case <-ctx.Done():
					return
				case <-tick.C:
					f(ctx)
				}
			}
		})
	}
	wg.Wait()
}

// crowded runs f once in each of so many goroutines.
func (a *attacker) crowded(n int, f func(i int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { f(i) })
	}
	wg.Wait()
}

// tcp opens a connection that is closed when ctx is done.
func (a *attacker) tcp(ctx context.Context) (net.Conn, error) {
	return a.tcpOver(ctx, nil)
}

// tcpOver is tcp on a socket that is prepared first.
func (a *attacker) tcpOver(ctx context.Context, prepare func(network, address string, c syscall.RawConn) error) (net.Conn, error) {
	i := a.opened.Add(1)
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 9, 0, byte(1+i%4))}, Timeout: 5 * time.Second, Control: prepare}
	conn, err := d.DialContext(ctx, "tcp4", a.server.addr)
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { _ = conn.Close() })
	return conn, nil
}

// dial opens a connection with TLS.
func (a *attacker) dial(ctx context.Context) (*tls.Conn, error) {
	raw, err := a.tcp(ctx)
	if err != nil {
		return nil, err
	}
	return a.secure(ctx, raw)
}

// secure makes the TLS handshake.
func (a *attacker) secure(ctx context.Context, raw net.Conn) (*tls.Conn, error) {
	conn := tls.Client(raw, a.tls)
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	return conn, conn.HandshakeContext(ctx)
}

// websocket opens one at the address of sockets.
func (a *attacker) websocket(ctx context.Context, query string) (*tls.Conn, error) {
	conn, err := a.dial(ctx)
	if err != nil {
		return nil, err
	}
	return a.upgrade(conn, query)
}

// upgrade makes a connection a websocket.
func (a *attacker) upgrade(conn *tls.Conn, query string) (*tls.Conn, error) {
	_, err := fmt.Fprintf(conn, "GET /socket.io/?EIO=4&transport=websocket%s HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n"+
		"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n", query)
	if err != nil {
		return nil, err
	}
	answer := make([]byte, 512)
	_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second)) // it is a real connection
	n, err := conn.Read(answer)
	if err == nil && !strings.HasPrefix(string(answer[:n]), "HTTP/1.1 101") {
		err = errors.New("the websocket handshake was refused")
	}
	if err != nil {
		_ = conn.Close() // of no use
		return nil, err
	}
	return conn, conn.SetReadDeadline(time.Time{})
}

// client makes requests, each on a connection that is kept.
func (a *attacker) client(ctx context.Context, conns int) *http.Client {
	transport := &http.Transport{
		DialTLSContext:      func(context.Context, string, string) (net.Conn, error) { return a.dial(ctx) },
		MaxIdleConnsPerHost: conns, MaxConnsPerHost: conns,
	}
	context.AfterFunc(ctx, transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 5 * time.Second}
}

// request makes one and gives its answer, of whatever status, or nothing.
func (a *attacker) request(ctx context.Context, c *http.Client, method, path, contentType, body string) string {
	req, err := http.NewRequestWithContext(ctx, method, "https://localhost"+path, strings.NewReader(body))
	if err != nil {
		return ""
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	res, err := c.Do(req)
	if err != nil {
		return ""
	}
	a.did.Add(1)
	defer func() { _ = res.Body.Close() }()                 // read as far as it matters
	text, _ := io.ReadAll(io.LimitReader(res.Body, 64<<10)) // what came of it
	return string(text)
}

// slowReaders are inside, ask without end for answers as long as a frame may be,
// and read none. Who is sent away comes back.
func slowReaders(ctx context.Context, a *attacker) {
	question := textFrame(`42["ping_manual","` + strings.Repeat("x", 8<<10) + `"]`)
	every := time.Duration(a.force.slow) * time.Second / time.Duration(a.force.perSecond)
	a.crowded(a.force.slow, func(i int) {
		tick := time.NewTicker(every)
		defer tick.Stop()
		var conn *tls.Conn
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if conn == nil {
				conn = a.inside(ctx, a.users+i)
				continue
			}
			// The server may have stopped reading, too.
			_ = conn.SetWriteDeadline(time.Now().Add(time.Second)) // it is a real connection
			if _, err := conn.Write(question); err != nil {
				_ = conn.NetConn().Close() // it was closed by the server
				conn = nil
				continue
			}
			a.did.Add(1)
		}
	})
}

// inside registers a user whose kernel takes little, and reads nothing any more;
// nil when it was not let in.
func (a *attacker) inside(ctx context.Context, user int) *tls.Conn {
	raw, err := a.tcpOver(ctx, func(_, _ string, c syscall.RawConn) error {
		var err error
		if e := c.Control(func(fd uintptr) {
			err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 4096)
		}); e != nil {
			return e
		}
		return err
	})
	if err != nil {
		return nil
	}
	conn, err := a.secure(ctx, raw)
	if err == nil {
		conn, err = a.upgrade(conn, "")
	}
	if err == nil {
		_, err = conn.Write(textFrame(`40{"token":"` + a.server.token(user) + `"}`))
	}
	if err == nil {
		_, err = conn.Write(textFrame(`42["register_user",{}]`))
	}
	if err != nil {
		_ = raw.Close() // of no use
		return nil
	}
	return conn
}

// slowloris begins requests and goes on with a byte a second.
func slowloris(ctx context.Context, a *attacker) {
	a.crowded(a.force.loris, func(int) {
		for ctx.Err() == nil {
			conn, err := a.dial(ctx)
			if err != nil {
				continue
			}
			_, err = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
			for err == nil {
				a.did.Add(1)
				select {
				case <-ctx.Done():
					return
				case <-time.After(time.Second):
				}
				_, err = io.WriteString(conn, "x")
			}
		}
	})
}

// idlers open connections and say nothing: every other one stops in the middle of
// its handshake. One that is closed is opened anew.
func idlers(ctx context.Context, a *attacker) {
	hello := []byte{0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3} // the first bytes of a ClientHello of 512
	limit := make(chan struct{}, 64)
	a.crowded(a.force.idle, func(i int) {
		for ctx.Err() == nil {
			limit <- struct{}{}
			conn, err := a.tcp(ctx)
			<-limit
			if err == nil {
				a.did.Add(1)
				if i%2 == 0 {
					_, _ = conn.Write(hello)
				}
				_, _ = conn.Read(make([]byte, 1)) // until it is closed
				_ = conn.Close()                  // whoever did it
			}
			select {
			case <-ctx.Done():
			case <-time.After(time.Second): // not a flood of connections
			}
		}
	})
}

// onWebsocket sends something at the attack's pace on connections that are opened
// anew when the server has closed them.
func (a *attacker) onWebsocket(ctx context.Context, opened func(), send func(conn *tls.Conn) error) {
	pool := make(chan *tls.Conn, a.force.conns)
	for range a.force.conns {
		pool <- nil
	}
	a.paced(ctx, a.force.conns, func(ctx context.Context) {
		conn := <-pool
		var err error
		if conn == nil {
			if conn, err = a.websocket(ctx, ""); err != nil {
				conn = nil
			} else {
				opened()
			}
		}
		if conn != nil && send(conn) != nil {
			_ = conn.Close() // it was closed by the server
			conn = nil
		}
		pool <- conn
	})
}

func pings(ctx context.Context, a *attacker) {
	ping := textFrame("2")
	a.onWebsocket(ctx, func() {}, func(conn *tls.Conn) error {
		_, err := conn.Write(ping)
		if err == nil {
			a.did.Add(1)
		}
		return err
	})
}

func silent(ctx context.Context, a *attacker) {
	a.onWebsocket(ctx, func() { a.did.Add(1) }, func(conn *tls.Conn) error {
		_ = conn.SetReadDeadline(time.Now()) // only to learn of a close
		_, err := conn.Read(make([]byte, 64))
		if timeout, ok := err.(net.Error); ok && timeout.Timeout() {
			return nil
		}
		return err
	})
}

func lying(ctx context.Context, a *attacker) {
	msb := []byte{0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0}
	long := ws.MustCompileFrame(ws.MaskFrame(ws.NewTextFrame([]byte("4"))))
	long = append([]byte{long[0], 0xff}, binary.BigEndian.AppendUint64(nil, 1<<20)...)
	long = append(long, 1, 2, 3, 4, 'x')
	n := 0
	var mu sync.Mutex
	a.onWebsocket(ctx, func() {}, func(conn *tls.Conn) error {
		mu.Lock()
		n++
		frame := msb
		if n%2 == 0 {
			frame = long
		}
		mu.Unlock()
		_, err := conn.Write(frame)
		if err == nil {
			a.did.Add(1)
		}
		return errors.Join(err, io.EOF) // the next one is a new connection
	})
}

// session opens a polling session and gives its id.
func (a *attacker) session(ctx context.Context, c *http.Client) string {
	open := a.request(ctx, c, http.MethodGet, "/socket.io/?EIO=4&transport=polling", "", "")
	_, rest, _ := strings.Cut(open, `"sid":"`)
	sid, _, _ := strings.Cut(rest, `"`)
	return sid
}

func polls(ctx context.Context, a *attacker) {
	c := a.client(ctx, a.force.conns)
	var mu sync.Mutex
	sid, n := "", 0
	a.paced(ctx, a.force.conns, func(ctx context.Context) {
		mu.Lock()
		if n++; sid == "" || n%50 == 0 {
			sid = a.session(ctx, c)
		}
		path, post := "/socket.io/?EIO=4&transport=polling&sid="+sid, n%2 == 0
		mu.Unlock()
		if post {
			a.request(ctx, c, http.MethodPost, path, "text/plain", "3")
		} else {
			a.request(ctx, c, http.MethodGet, path, "", "")
		}
	})
}

func upgrades(ctx context.Context, a *attacker) {
	c := a.client(ctx, 2)
	var mu sync.Mutex
	sid, n := "", 0
	a.paced(ctx, a.force.conns, func(ctx context.Context) {
		mu.Lock()
		if n++; sid == "" || n%50 == 0 {
			sid = a.session(ctx, c)
		}
		query := "&sid=" + sid
		mu.Unlock()
		if conn, err := a.websocket(ctx, query); err == nil {
			a.did.Add(1)
			_, _ = conn.Write(textFrame("2probe"))
			_ = conn.NetConn().Close() // in the middle of it
		}
	})
}

func headers(ctx context.Context, a *attacker) {
	c := a.client(ctx, a.force.conns)
	a.paced(ctx, a.force.conns, func(ctx context.Context) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://localhost/", nil)
		if err != nil {
			return
		}
		for i := range 200 {
			req.Header.Set(fmt.Sprintf("X-H%d", i), "some value of a header")
		}
		if res, err := c.Do(req); err == nil {
			a.did.Add(1)
			_ = res.Body.Close() // refused, as a rule
		}
	})
}

func badLogins(ctx context.Context, a *attacker) {
	c := a.client(ctx, a.force.logins)
	var mu sync.Mutex
	n := 0
	a.paced(ctx, a.force.logins, func(ctx context.Context) {
		mu.Lock()
		n++
		body := fmt.Sprintf(`{"username":"%s","password":"wrong-password-%d"}`, userName(n%50), n)
		mu.Unlock()
		a.request(ctx, c, http.MethodPost, "/login-token", "application/json", body)
	})
}
