package server

import (
	"bytes"
	"log/slog"
	"net"
	"sync/atomic"
	"time"
)

// noHostAnswer is the start of net/http's answer to an HTTP/1.1 request without Host (RFC
// 9112, section 3.2). Such a request reaches no handler.
var noHostAnswer = []byte("HTTP/1.1 400 Bad Request: missing required Host header")

// hostlessListener logs a warning when a request without Host was refused. Otherwise an
// operator could not see that a proxy does not pass the header on, and that no user gets
// in. It is used without TLS only, which is where proxies connect.
type hostlessListener struct {
	net.Listener
	log  *slog.Logger
	last atomic.Int64 // when the last warning was logged, in Unix seconds
}

// Accept implements net.Listener.
func (l *hostlessListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &hostlessConn{c, l}, nil
}

// refused logs at most one warning a minute.
func (l *hostlessListener) refused(c net.Conn) {
	now, last := time.Now().Unix(), l.last.Load()
	if now-last >= 60 && l.last.CompareAndSwap(last, now) {
		remote, _, _ := net.SplitHostPort(c.RemoteAddr().String())
		l.log.Warn("request refused: it has no Host header", "remote", remote,
			"mend", "make the proxy in front pass the Host header on (nginx: proxy_set_header Host $http_host)")
	}
}

type hostlessConn struct {
	net.Conn
	l *hostlessListener
}

// Write implements net.Conn.
func (c *hostlessConn) Write(p []byte) (int, error) {
	if bytes.HasPrefix(p, noHostAnswer) {
		c.l.refused(c.Conn)
	}
	return c.Conn.Write(p)
}

// CloseWrite is used by net/http, so that a client can read an answer to a request that
// was not read to its end.
func (c *hostlessConn) CloseWrite() error {
	if w, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return w.CloseWrite()
	}
	return nil
}

// NetConn returns the wrapped connection, for code that inspects its socket.
func (c *hostlessConn) NetConn() net.Conn { return c.Conn }
