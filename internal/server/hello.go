package server

import (
	"net"
	"sync"
	"syscall"
	"time"
)

// helloTimeout is how long a client may take for its ClientHello [SEC-37].
const helloTimeout = 5 * time.Second

// The lengths of a TLS record's head, and at most of what follows it, see RFC 8446,
// section 5.1.
const (
	recordHead = 5
	maxRecord  = 1 << 14
)

// helloListener accepts a connection when its first record is there, as a rule all
// of the ClientHello, or something that is none. Until then it costs a small
// goroutine and what the kernel keeps, a tenth of a handshake under way: so many
// may say nothing, or half of it [SEC-36]. Behind the PROXY protocol, and on
// systems other than Linux, the handshake itself waits.
type helloListener struct {
	net.Listener
	begin    sync.Once
	accepted chan accepted
	closed   chan struct{}

	mu      sync.Mutex // guards waiting
	waiting map[net.Conn]struct{}
}

type accepted struct {
	conn net.Conn
	err  error
}

func newHelloListener(l net.Listener) *helloListener {
	return &helloListener{Listener: l, accepted: make(chan accepted), closed: make(chan struct{}), waiting: make(map[net.Conn]struct{})}
}

// Accept implements net.Listener.
func (l *helloListener) Accept() (net.Conn, error) {
	l.begin.Do(func() { go l.greet() })
	select {
	case a := <-l.accepted:
		return a.conn, a.err
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener. Who has not said anything yet is cut.
func (l *helloListener) Close() error {
	err := l.Listener.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.waiting == nil { // once more
		return err
	}
	close(l.closed)
	for c := range l.waiting {
		_ = c.Close() // its goroutine ends
	}
	l.waiting = nil
	return err
}

// greet takes connections until the listener is closed.
func (l *helloListener) greet() {
	for {
		c, err := l.Listener.Accept()
		switch {
		case err != nil:
			if !l.hand(accepted{err: err}) {
				return
			}
		case !l.hold(c):
			_ = c.Close() // the listener is closed
			return
		default:
			go l.wait(c)
		}
	}
}

// wait hands a connection over when its hello is there.
func (l *helloListener) wait(c net.Conn) {
	there := hasHello(c)
	l.mu.Lock()
	delete(l.waiting, c)
	l.mu.Unlock()
	if !there || !l.hand(accepted{conn: c}) {
		_ = c.Close() // it said nothing
	}
}

// hand gives Accept its result; false when nobody asks any more.
func (l *helloListener) hand(a accepted) bool {
	select {
	case l.accepted <- a:
		return true
	case <-l.closed:
		return false
	}
}

// hold notes a connection that waits; false when the listener is closed.
func (l *helloListener) hold(c net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.waiting == nil {
		return false
	}
	l.waiting[c] = struct{}{}
	return true
}

// hasHello returns when the first record of a connection is there as a whole, or
// begins with something that is no handshake, or cannot be told apart here; false
// when the peer has gone or took too long.
func hasHello(c net.Conn) bool {
	below, ok := c.(syscall.Conn)
	if !ok {
		return true
	}
	raw, err := below.SyscallConn()
	if err != nil {
		return true
	}
	if c.SetReadDeadline(time.Now().Add(helloTimeout)) != nil || !awaitHello(raw) {
		return false
	}
	return c.SetReadDeadline(time.Time{}) == nil
}
