package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/gobwas/ws"
)

// client is one user with one websocket. Its reading goroutine does all time-critical
// work: it answers pings, counts events, and sends the next event as soon as the last
// one was answered.
type client struct {
	crowd *crowd
	user  int
	conn  *tls.Conn
	in    *bufio.Reader
	head  [ws.MaxHeaderSize]byte

	connected chan struct{} // closed when the namespace is open
	answer    chan bool     // of register; capacity 1
	over      chan struct{} // closed when reading has ended
	ending    atomic.Bool   // the end is expected

	// Used by the reading goroutine; by others only after over is closed.
	met    *goal     // the last one this client has reached
	cause  error     // of the end
	endAt  time.Time // of the session, according to the server
	closed time.Time // when the close frame arrived
}

// errRefused is a final refusal of a token.
var errRefused = errors.New("CONNECT was refused")

// readAhead is the length of the part of a message that is examined.
const readAhead = 1024

// dial opens the websocket, and the namespace if the server speaks Socket.IO.
func (c *crowd) dial(ctx context.Context, user int) (*client, error) {
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: loopback(user % c.sources)}}
	tcp, err := dialer.DialContext(ctx, "tcp4", c.server.addr)
	if err != nil {
		return nil, err
	}
	k := &client{crowd: c, user: user, conn: tls.Client(tcp, c.tls),
		connected: make(chan struct{}), answer: make(chan bool, 1), over: make(chan struct{})}
	k.ending.Store(c.returning.Load()) // returning clients retry
	if err := k.handshake(ctx); err != nil {
		_ = tcp.Close() // it is of no use any more
		return nil, err
	}
	c.readers.Go(k.read)
	if c.server.peer.speaks {
		if err := k.open(ctx); err != nil {
			k.expectEnd()
			_ = tcp.Close()
			return nil, err
		}
	}
	return k, nil
}

// open opens the namespace.
func (k *client) open(ctx context.Context) error {
	if err := k.send(`40{"token":"` + k.crowd.server.token(k.user) + `"}`); err != nil {
		return err
	}
	select {
	case <-k.connected:
		return nil
	case <-k.over:
		return fmt.Errorf("closed before CONNECT was answered: %w", k.cause)
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (k *client) handshake(ctx context.Context) error {
	if deadline, ok := ctx.Deadline(); ok {
		if err := k.conn.SetDeadline(deadline); err != nil {
			return err
		}
	}
	if err := k.conn.HandshakeContext(ctx); err != nil {
		return err
	}
	target, err := url.Parse("wss://" + k.crowd.server.addr + "/socket.io/?EIO=4&transport=websocket")
	if err != nil {
		return err
	}
	early, _, err := ws.Dialer{}.Upgrade(k.conn, target)
	if err != nil {
		return err
	}
	k.in = bufio.NewReaderSize(k.conn, readAhead)
	if early != nil { // bytes that arrived with the answer
		rest, err := early.Peek(early.Buffered())
		if err != nil {
			return err
		}
		k.in = bufio.NewReaderSize(&prefixed{bytes.Clone(rest), k.conn}, readAhead)
		ws.PutReader(early)
	}
	return k.conn.SetDeadline(time.Time{})
}

// prefixed reads the early bytes first, then the connection.
type prefixed struct {
	early []byte
	net.Conn
}

// Read implements io.Reader.
func (p *prefixed) Read(b []byte) (int, error) {
	if len(p.early) == 0 {
		return p.Conn.Read(b)
	}
	n := copy(b, p.early)
	p.early = p.early[n:]
	return n, nil
}

// send writes a text frame.
func (k *client) send(text string) error { return k.write(textFrame(text)) }

func (k *client) write(frame []byte) error {
	_, err := k.conn.Write(frame)
	return err
}

// textFrame returns a complete masked frame (RFC 6455, section 5.2).
func textFrame(text string) []byte {
	return ws.MustCompileFrame(ws.MaskFrame(ws.NewTextFrame([]byte(text))))
}

// register asks for a seat; answered returns the answer. The floor has no seats: there
// it sends all other clients as much data as a server would.
func (k *client) register() error {
	if !k.crowd.server.peer.speaks {
		return k.send(fmt.Sprintf(`42["connection_slots",{"used":%d,"pad":"%0200d"}]`, k.crowd.goal.Load().used, 0))
	}
	return k.send(`42["register_user",{"token":"` + k.crowd.server.token(k.user) + `","username":"` + userName(k.user) + `"}]`)
}

// answered waits for the answer to register.
func (k *client) answered(ctx context.Context) (ok bool, err error) {
	select {
	case ok = <-k.answer:
		return ok, nil
	case <-k.over:
		return false, fmt.Errorf("closed before register was answered: %w", k.cause)
	case <-ctx.Done():
		return false, fmt.Errorf("no answer to register: %w", ctx.Err())
	}
}

// ping sends one event that is answered by another.
func (k *client) ping() error {
	if k.crowd.server.peer.speaks {
		return k.write(k.crowd.frames.ping)
	}
	return k.write(k.crowd.frames.echo)
}

// leave frees the seat and closes.
func (k *client) leave() error {
	k.expectEnd()
	err := k.send("41")
	if err == nil {
		err = k.write(k.crowd.frames.goodbye)
	}
	return err
}

// expectEnd marks the end of the connection as expected.
func (k *client) expectEnd() { k.ending.Store(true) }

// ended waits for the end and returns the time from the session's end to the close
// frame.
func (k *client) ended(ctx context.Context) (time.Duration, error) {
	select {
	case <-k.over:
	case <-ctx.Done():
		return 0, fmt.Errorf("still connected: %w", ctx.Err())
	}
	if k.endAt.IsZero() || k.closed.IsZero() {
		return 0, errors.New("the connection ended without session_ended and a close frame")
	}
	return k.closed.Sub(k.endAt), nil
}

// read is the reading goroutine.
func (k *client) read() {
	defer close(k.over)
	err := k.frames()
	k.cause = err
	if !k.ending.Load() && !k.crowd.closing.Load() {
		k.crowd.fail(fmt.Errorf("the connection of %s ended: %w", userName(k.user), err))
	}
	_ = k.conn.NetConn().Close() // it is over
}

func (k *client) frames() error {
	for {
		h, err := ws.ReadHeaderBuffer(k.in, k.head[:])
		if err != nil {
			return err
		}
		if h.OpCode == ws.OpClose {
			k.closed = time.Now()
			return errors.New("close frame")
		}
		head, err := k.in.Peek(int(min(h.Length, readAhead)))
		if err != nil {
			return err
		}
		if err := k.message(head); err != nil {
			return err
		}
		if _, err := k.in.Discard(int(h.Length)); err != nil {
			return err
		}
	}
}

// message handles the beginning of an Engine.IO packet.
func (k *client) message(text []byte) error {
	c := k.crowd
	switch {
	case bytes.HasPrefix(text, []byte(`42["user_status"`)):
		c.statuses.Add(1)
	case bytes.HasPrefix(text, []byte(`42["connection_slots"`)):
		c.slots.Add(1)
		k.sees(inside(text))
	case bytes.HasPrefix(text, []byte(`42["pong_manual"`)):
		c.pongs.Add(1)
		if t := c.trips.Load(); t != nil {
			t.back(k)
		}
		if c.pinging.Load() {
			return k.ping()
		}
	case bytes.HasPrefix(text, []byte(`42["response"`)):
		select {
		case k.answer <- bytes.Contains(text, []byte(`"ok":true`)) || bytes.Contains(text, []byte(`"status":"success"`)):
		default:
			return errors.New("more answers than questions")
		}
	case bytes.HasPrefix(text, []byte(`42["session_ended"`)):
		return k.sessionEnded(text)
	case len(text) == 1 && text[0] == '2':
		return k.write(c.frames.pong)
	case bytes.HasPrefix(text, []byte(`40`)):
		close(k.connected)
	case bytes.HasPrefix(text, []byte(`44`)):
		return fmt.Errorf("%w: %s", errRefused, text)
	}
	return nil
}

// inside returns the number of users in connection_slots.
func inside(text []byte) int64 {
	for _, key := range []string{`"used":`, `"current":`} {
		if _, rest, ok := bytes.Cut(text, []byte(key)); ok {
			end := bytes.IndexAny(rest, ",}")
			n, err := strconv.ParseInt(string(rest[:max(end, 0)]), 10, 64)
			if err == nil {
				return n
			}
		}
	}
	return -1
}

func (k *client) sessionEnded(text []byte) error {
	body := bytes.TrimSuffix(bytes.TrimPrefix(text, []byte(`42["session_ended",`)), []byte(`]`))
	var end struct {
		At time.Time `json:"at"`
	}
	err := json.Unmarshal(body, &end)
	k.endAt = end.At
	return err
}
