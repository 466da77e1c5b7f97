package server

import (
	"net"
	"sync"
	"syscall"
	"time"
)

// helloTimeout is how long a client may take for its ClientHello [SEC-37].
const helloTimeout = 5 * time.Second

// The length of a TLS record's header, and the greatest length of its content (RFC 8446,
// section 5.1).
const (
	recordHead = 5
	maxRecord  = 1 << 14
)

// helloListener accepts a connection once its first TLS record has arrived, usually the
// whole ClientHello, or any bytes that are not TLS. Until then a connection costs a small
// goroutine and the kernel's buffers, a tenth of a started handshake, so that very many
// may send nothing or half a record [SEC-36]. Behind the PROXY protocol, and on systems
// other than Linux, the handshake waits instead.
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
	l.begin.Do(func() { go l.acceptAll() })
	select {
	case a := <-l.accepted:
		return a.conn, a.err
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener. It closes the waiting connections.
func (l *helloListener) Close() error {
	err := l.Listener.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.waiting == nil { // closed before
		return err
	}
	close(l.closed)
	for c := range l.waiting {
		_ = c.Close() // its goroutine ends
	}
	l.waiting = nil
	return err
}

// acceptAll accepts connections until the listener is closed.
func (l *helloListener) acceptAll() {
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

// wait gives a connection to Accept once its first record has arrived.
func (l *helloListener) wait(c net.Conn) {
	there := hasHello(c)
	l.mu.Lock()
	delete(l.waiting, c)
	l.mu.Unlock()
	if !there || !l.hand(accepted{conn: c}) {
		_ = c.Close() // it sent nothing, or the listener is closed
	}
}

// hand gives Accept its result. It returns false when the listener is closed.
func (l *helloListener) hand(a accepted) bool {
	select {
	case l.accepted <- a:
		return true
	case <-l.closed:
		return false
	}
}

// hold adds a waiting connection. It returns false when the listener is closed.
func (l *helloListener) hold(c net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.waiting == nil {
		return false
	}
	l.waiting[c] = struct{}{}
	return true
}

// hasHello waits until the whole first record of a connection has arrived, or bytes that
// are not TLS, and returns true; it returns true at once when it cannot look at the
// connection. It returns false when the peer has gone or took too long.
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
